import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

type Asked = Pick<IncomingMessage, 'socket' | 'headers'>;

/** Hops looked at in one header; one with more is believed no further. */
const HOPS_MAX = 20;
/** A name, an IPv4 or an IPv6 address, and perhaps a port. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/** Addresses and networks (`10.0.0.0/8`, `fd00::/8`). @throws TypeError when one is neither. */
export function readNetworks(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits, more] = entry.split('/');
    const family = isIP(address);
    const bitsMax = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? bitsMax : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    // A prefix of 0 would believe everybody.
    if (family === 0 || more !== undefined || prefix < 1 || prefix > bitsMax)
      throw new TypeError(`“${entry}” is no address or network`);
    list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/**
 * Who asks: the peer of the connection; where that is a trusted proxy, the right-most address that is none, by `X-Forwarded-For` or `Forwarded`
 * (RFC 7239). What stands further left anybody may have written. A proxy writes one of the two and may pass the other on as it came: where both
 * are there, `X-Forwarded-For` counts, which is what proxies write unless told otherwise. One that writes `Forwarded` must take it away.
 */
export function clientAddress({ socket, headers }: Asked, trusted: BlockList): string {
  const peer = plain(socket.remoteAddress ?? '');
  if (!isTrusted(peer, trusted)) return peer;
  const chain = listed(headers['x-forwarded-for']) ?? forwarded(headers.forwarded) ?? [];
  return outermost(peer, chain, trusted);
}

/**
 * Where it was asked, as scheme and authority: by the `Host`, which proxies keep; `https` where the connection is, or where a trusted proxy says
 * (`X-Forwarded-Proto`) that the one before it was. Undefined: the name is none. Anybody may ask for any name: it is good for an answer to the same.
 */
export function askedOrigin({ socket, headers }: Asked, trusted: BlockList): string | undefined {
  const { host = '' } = headers;
  if (!HOST.test(host)) return undefined;
  const told = isTrusted(plain(socket.remoteAddress ?? ''), trusted)
    ? listed(headers['x-forwarded-proto'])?.at(-1)
    : undefined;
  const isSecure = 'encrypted' in socket || told?.trim().toLowerCase() === 'https';
  return `${isSecure ? 'https' : 'http'}://${host}`;
}

/** @param chain as written: the nearest hop last. */
function outermost(peer: string, chain: readonly string[], trusted: BlockList): string {
  let believed = peer;
  for (const hop of chain.slice(-HOPS_MAX).reverse()) {
    const address = addressOf(hop);
    // `unknown`, a name: whoever is believed so far is all that is known.
    if (address === undefined) return believed;
    believed = address;
    if (!isTrusted(address, trusted)) return address;
  }
  return believed;
}

function isTrusted(address: string, trusted: BlockList): boolean {
  const family = isIP(address);
  return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

function listed(header: string | readonly string[] | undefined): readonly string[] | undefined {
  return header === undefined ? undefined : [header].flat().join(',').split(',');
}

/** The `for` of each element, `""` where there is none. */
function forwarded(header: string | readonly string[] | undefined): readonly string[] | undefined {
  return listed(header)?.map((element) => /(?:^|;)\s*for\s*=\s*("[^"]*"|[^;"\s]*)/i.exec(element)?.[1] ?? '');
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`, with or without quotes. */
function addressOf(hop: string): string | undefined {
  const bare = hop.trim().replace(/^"(.*)"$/, '$1');
  const address = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(bare)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(bare)?.[1] ?? bare;
  return isIP(address) === 0 ? undefined : plain(address);
}

function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
