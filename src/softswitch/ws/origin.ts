/**
 * Whether a page of this origin may open the socket (RFC 6455 §10.2, RFC 7118 §7.1). A page of the same host may, whatever its port: the
 * desk is served beside this socket; further origins are listed. Programs that are no browser send no Origin; it would bind them to nothing.
 */
export function isWelcome(origin: string | undefined, host: string | undefined, listed: readonly string[]): boolean {
  if (origin === undefined) return true;
  const page = partsOf(origin);
  if (page === undefined) return false;
  if (listed.some((entry) => partsOf(entry)?.origin === page.origin)) return true;
  return page.hostname === partsOf(`http://${host ?? ''}`)?.hostname;
}

function partsOf(url: string): { readonly origin: string; readonly hostname: string } | undefined {
  try {
    const { origin, hostname, protocol } = new URL(url);
    return protocol === 'http:' || protocol === 'https:' ? { origin, hostname } : undefined;
  } catch {
    return undefined;
  }
}
