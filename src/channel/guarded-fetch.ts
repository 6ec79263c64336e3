import { lookup } from 'node:dns';
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions, request as requestHttps } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { originsIn } from './account.ts';
import type { Channel, Settings } from './channel.ts';
import { ChannelError } from './channel.ts';

const ANSWER_BYTES_MAX = 25 * 1024 * 1024;
const ADDRESS_MAX_MS = 30_000;

/** Networks that nobody outside may make us call (RFC 6890, and what maps IPv4 into IPv6). Two lists: one alone takes every IPv4 for a mapped one. */
const PRIVATE_4 = new BlockList();
const PRIVATE_6 = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  PRIVATE_4.addSubnet(net, prefix, 'ipv4');
for (const [net, prefix] of [
  ['::', 96],
  ['::ffff:0:0', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['3fff::', 20],
  ['5f00::', 16],
  ['ff00::', 8],
] as const)
  PRIVATE_6.addSubnet(net, prefix, 'ipv6');

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !PRIVATE_4.check(address, 'ipv4');
  return family === 6 && !PRIVATE_6.check(address, 'ipv6');
}

/** Resolves as the system does, and gives only public addresses: the one that is checked is the one that is called. */
const lookupPublic: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, '', 0);
    const allowed = addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = allowed;
    if (first === undefined) return done(new Error(`${hostname} has no public address`), '', 0);
    if (options.all) return done(null, allowed);
    done(null, first.address, first.family);
  });
};

/**
 * `fetch` for a channel's account: to the addresses that its operator wrote into the settings, wherever they are, and over https to the hosts
 * that the channel names, on public addresses only. Redirects are not followed: the answer says where to, and that is checked again.
 */
export function guardedFetch(
  channel: Pick<Channel, 'hosts'>,
  settings: Settings,
): (url: string, init?: RequestInit) => Promise<Response> {
  const origins = new Set(originsIn(settings));
  const hosts = channel.hosts ?? [];
  return async (url, init = {}) => {
    const { origin, protocol, hostname } = URL.canParse(url) ? new URL(url) : new URL('invalid:');
    const isOwn = origins.has(origin);
    if (!isOwn && !(protocol === 'https:' && hosts.some((pattern) => fits(hostname, pattern))))
      throw new ChannelError('refuse', `${protocol}//${hostname} is no address of this channel`);
    if (!isOwn && isIP(hostname.replace(/^\[|\]$/g, '')) !== 0)
      throw new ChannelError('refuse', 'a channel calls hosts by name');
    return await ask(new Request(url, { ...init, redirect: 'manual' }), isOwn ? undefined : lookupPublic);
  };
}

function fits(hostname: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? hostname.endsWith(pattern.slice(1)) : hostname === pattern;
}

/** Connections to the operator's own addresses, kept for a while: thousands of boxes on one server are asked every minute. */
const KEPT = { keepAlive: true, maxFreeSockets: 32, timeout: 60_000 };
const KEPT_HTTP = new HttpAgent(KEPT);
const KEPT_HTTPS = new HttpsAgent(KEPT);

async function ask(request: Request, lookupOnly: LookupFunction | undefined): Promise<Response> {
  const body = Buffer.from(await request.arrayBuffer());
  const { url, method } = request;
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(ADDRESS_MAX_MS)]);
  const headers = { ...Object.fromEntries(request.headers), 'content-length': String(body.length) };
  const once = { method, headers: { ...headers, connection: 'close' }, signal };
  if (lookupOnly !== undefined) return responseOf(await send(url, { ...once, lookup: lookupOnly }, body));
  if (method !== 'GET') return responseOf(await send(url, once, body));
  const kept = { method, headers, signal, agent: url.startsWith('https:') ? KEPT_HTTPS : KEPT_HTTP };
  return responseOf(
    await send(url, kept, body).catch((error: unknown) => {
      // The other side has closed it in the moment in which we asked: what only asks may be asked again.
      if (error instanceof KeptConnectionLost) return send(url, once, body);
      throw error;
    }),
  );
}

class KeptConnectionLost extends Error {}

function send(url: string, options: RequestOptions, body: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = url.startsWith('https:') ? requestHttps(url, options, resolve) : requestHttp(url, options, resolve);
    asked.once('error', (error: NodeJS.ErrnoException) =>
      reject(asked.reusedSocket && error.code === 'ECONNRESET' ? new KeptConnectionLost() : error),
    );
    asked.end(body);
  });
}

function responseOf(answer: IncomingMessage): Response {
  const { statusCode: status = 502, rawHeaders } = answer;
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.append(rawHeaders[at]!, rawHeaders[at + 1]!);
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) answer.destroy(new Error(`an answer of more than ${ANSWER_BYTES_MAX} bytes`));
  });
  answer.pause();
  const empty = status === 204 || status === 205 || status === 304;
  if (empty) answer.resume();
  return new Response(empty ? null : (Readable.toWeb(answer) as ReadableStream), { status, headers });
}
