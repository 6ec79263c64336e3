import type { Account } from './account.ts';
import type { Delivery, InboundUnreadable } from './channel.ts';
import { detailOf } from './load.ts';

/** What is kept beside the bytes of something that could not be read, to read it again. */
export type SetAside =
  | { readonly of: 'delivery'; readonly method: Delivery['method']; readonly url: string; readonly headers: Headers }
  | { readonly of: 'source'; readonly at: string };

type Headers = Readonly<Record<string, string>>;

const TEXT_CHARS_MAX = 16_384;
/** Who asked, not what was asked. */
const KEPT_BACK = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** Without the account's secrets, wherever the platform puts them. */
export function setAside(account: Account, { method, url, headers }: Delivery): SetAside {
  const bare = withoutSecrets(account);
  const kept: Record<string, string> = {};
  let chars = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || KEPT_BACK.has(name)) continue;
    chars += name.length + value.length;
    if (chars <= TEXT_CHARS_MAX) kept[name] = bare(value);
  }
  return { of: 'delivery', method, url: bare(url).slice(0, TEXT_CHARS_MAX), headers: kept };
}

export function setAsideAt({ at }: InboundUnreadable): SetAside {
  return { of: 'source', at };
}

/** The delivery as it came. Undefined: the row does not tell enough. */
export function deliveryAgain(content: unknown, raw: Buffer | null, receivedAtMs: number): Delivery | undefined {
  const kept = content as Partial<SetAside> | null;
  if (kept?.of !== 'delivery' || kept.method === undefined || kept.url === undefined) return undefined;
  const { method, url, headers = {} } = kept;
  const at = url.indexOf('?');
  const query = new URLSearchParams(at === -1 ? '' : url.slice(at + 1));
  return { method, url, query, headers, body: raw ?? Buffer.alloc(0), receivedAtMs };
}

/** Undefined: it came as a delivery. */
export function placeAgain(content: unknown): string | undefined {
  const kept = content as Partial<SetAside> | null;
  return kept?.of === 'source' ? kept.at : undefined;
}

function withoutSecrets({ channel, settings, previous }: Account): (text: string) => string {
  const secrets = Object.entries(channel.settings).flatMap(([name, shape]) =>
    detailOf(shape).secret ? [settings[name], previous?.settings[name]] : [],
  );
  const found = secrets.flatMap((secret) =>
    secret === undefined || secret === '' ? [] : [secret, encodeURIComponent(secret)],
  );
  return (text) => found.reduce((left, secret) => left.replaceAll(secret, ''), text);
}
