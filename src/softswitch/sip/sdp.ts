/**
 * Session descriptions (RFC 8866) for one audio stream, and what offer and answer may say (RFC 3264). Three functions are all that
 * the engine needs; none throws, whatever the text:
 *
 * - `makeOffer(local)` our offer.
 * - `answerOffer(offer, local, signallingIp)` our answer to theirs and the far end for the media, or undefined: refuse with 488.
 * - `readAnswer(answer, signallingIp)` the far end out of their answer to our offer, or undefined: end the call (no common codec).
 *
 * Hold: pass `direction: 'sendonly'` (or 'inactive') to be the one who holds; a peer who holds is seen in `remote.sends/receives`.
 * Pass the description last sent in this call as `previous`: session id and version go on from it, the version rising only on change.
 */
import { readNumber } from './characters.ts';
import { isIpLiteral } from './parse-uri.ts';

export const SDP_BYTES_MAX = 16_384;
export const SDP_LINES_MAX = 512;
export const SDP_STREAMS_MAX = 16;
export const SDP_FORMATS_MAX = 64;

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
export type Codec = 'PCMA' | 'PCMU';

export interface LocalMedia {
  /** Address and even RTP port that the peer shall send to. */
  readonly ip: string;
  readonly port: number;
  /** A number of this call's own, 0..2^53-1; used for the first description only. */
  readonly sessionId: number;
  /** Our last description in this dialog. */
  readonly previous?: string | undefined;
  /** What we want, from our side. Default sendrecv. */
  readonly direction?: Direction | undefined;
}

/** As `Remote` of the media worker wants it. */
export interface RemoteMedia {
  readonly ip: string;
  readonly port: number;
  readonly codec: Codec;
  readonly digitsPayload: number | undefined;
  /** May we send, shall we take. */
  readonly sends: boolean;
  readonly receives: boolean;
  readonly signallingIp: string;
}

export interface Stream {
  readonly media: string;
  readonly port: number;
  readonly protocol: string;
  readonly formats: readonly string[];
  readonly ip: string | undefined;
  readonly direction: Direction;
  /** Payload type → `NAME/RATE` in upper case; static types filled in. */
  readonly codecs: ReadonlyMap<string, string>;
  /** `a=` lines without `a=`: its own, then those of the session. */
  readonly attributes: readonly string[];
}

const STATIC: Readonly<Record<string, string>> = { '0': 'PCMU/8000', '8': 'PCMA/8000' };
const DIRECTIONS: readonly Direction[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];
const PROTOCOLS = ['RTP/AVP', 'RTP/AVPF'];
export const OFFERED_DIGITS = '101';

/** The m= lines in order, or undefined when the text is not a description or exceeds a limit. */
export function parseSdp(text: string): readonly Stream[] | undefined {
  if (text.length > SDP_BYTES_MAX) return undefined;
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line !== '');
  if (lines.length > SDP_LINES_MAX || lines[0] !== 'v=0') return undefined;
  const starts = lines.flatMap((line, index) => (line.startsWith('m=') ? [index] : []));
  if (starts.length > SDP_STREAMS_MAX) return undefined;
  const session = lines.slice(0, starts[0] ?? lines.length);
  const streams: Stream[] = [];
  for (const [index, start] of starts.entries()) {
    const stream = parseStream(lines.slice(start, starts[index + 1]), session);
    if (stream === undefined) return undefined;
    streams.push(stream);
  }
  return streams;
}

function parseStream(lines: readonly string[], session: readonly string[]): Stream | undefined {
  const [media, portText, protocol, ...formats] = lines[0]!.slice(2).trim().split(/ +/);
  const port = readNumber(portText?.split('/')[0] ?? '', 65_535);
  if (media === undefined || port === undefined || protocol === undefined) return undefined;
  if (formats.length === 0 || formats.length > SDP_FORMATS_MAX) return undefined;
  const codecs = new Map<string, string>();
  for (const format of formats) if (STATIC[format] !== undefined) codecs.set(format, STATIC[format]);
  for (const line of lines) {
    const map = /^a=rtpmap:([0-9]{1,3}) +([^/ ]+)\/([0-9]{1,6})/i.exec(line);
    if (map !== null && formats.includes(map[1]!)) codecs.set(map[1]!, `${map[2]!.toUpperCase()}/${map[3]}`);
  }
  const ip = addressIn(lines) ?? addressIn(session);
  const direction = directionIn(lines) ?? directionIn(session) ?? 'sendrecv';
  const attributes = [...lines, ...session].filter((line) => line.startsWith('a=')).map((line) => line.slice(2));
  return {
    media: media.toLowerCase(),
    port,
    protocol: protocol.toUpperCase(),
    formats,
    ip,
    direction,
    codecs,
    attributes,
  };
}

function addressIn(lines: readonly string[]): string | undefined {
  const line = lines.find((candidate) => candidate.startsWith('c='));
  const match = /^c=IN IP[46] ([^ /]+)/i.exec(line ?? '');
  return match !== null && isIpLiteral(match[1]!) ? match[1] : undefined;
}

function directionIn(lines: readonly string[]): Direction | undefined {
  return DIRECTIONS.find((direction) => lines.includes(`a=${direction}`));
}

export function makeOffer(local: LocalMedia): string {
  const media = [
    `m=audio ${local.port} RTP/AVP 8 0 ${OFFERED_DIGITS}`,
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:0 PCMU/8000',
    `a=rtpmap:${OFFERED_DIGITS} telephone-event/8000`,
    `a=fmtp:${OFFERED_DIGITS} 0-15`,
    'a=ptime:20',
    `a=${local.direction ?? 'sendrecv'}`,
  ];
  return describe(local, media);
}

/** RFC 3264 §6: as many m= lines as offered, in their order; the first audio that we can do is taken, every other gets port 0. */
export function answerOffer(
  offer: string,
  local: LocalMedia,
  signallingIp: string,
): { readonly answer: string; readonly remote: RemoteMedia } | undefined {
  const streams = parseSdp(offer);
  const taken = streams?.findIndex((stream) => chosenCodec(stream) !== undefined && stream.ip !== undefined) ?? -1;
  const stream = streams?.[taken];
  if (streams === undefined || stream === undefined) return undefined;
  const remote = remoteOf(stream, local.direction ?? 'sendrecv', signallingIp);
  if (remote === undefined) return undefined;
  const media = streams.flatMap((other, index) =>
    index === taken ? answerLines(other, local, remote) : refusedLines(other),
  );
  return { answer: describe(local, media), remote };
}

function answerLines(stream: Stream, local: LocalMedia, remote: RemoteMedia): string[] {
  const codec = chosenCodec(stream)!;
  const digits = remote.digitsPayload;
  return [
    `m=audio ${local.port} ${stream.protocol} ${codec.format}${digits === undefined ? '' : ` ${digits}`}`,
    `a=rtpmap:${codec.format} ${codec.name}/8000`,
    ...(digits === undefined ? [] : [`a=rtpmap:${digits} telephone-event/8000`, `a=fmtp:${digits} 0-15`]),
    'a=ptime:20',
    `a=${directionOf(remote.sends && !isZero(stream), remote.receives)}`,
  ];
}

export function refusedLines(stream: Stream): string[] {
  return [`m=${stream.media} 0 ${stream.protocol} ${stream.formats.join(' ')}`];
}

export function readAnswer(
  answer: string,
  signallingIp: string,
  direction: Direction = 'sendrecv',
): RemoteMedia | undefined {
  const stream = parseSdp(answer)?.find((candidate) => candidate.media === 'audio');
  if (stream === undefined || chosenCodec(stream) === undefined) return undefined;
  return remoteOf(stream, direction, signallingIp);
}

/** Their direction turned round and narrowed to what we want. `c=0.0.0.0` is the hold of RFC 2543: nothing may be sent there. */
function remoteOf(stream: Stream, wanted: Direction, signallingIp: string): RemoteMedia | undefined {
  const codec = chosenCodec(stream);
  if (codec === undefined || stream.ip === undefined) return undefined;
  const digits = stream.formats.find((format) => stream.codecs.get(format) === 'TELEPHONE-EVENT/8000');
  return {
    ip: stream.ip,
    port: stream.port,
    codec: codec.name,
    digitsPayload: digits === undefined ? undefined : Number(digits),
    sends: !isZero(stream) && takes(stream.direction) && gives(wanted),
    receives: gives(stream.direction) && takes(wanted),
    signallingIp,
  };
}

/** The peer's order decides: its first format that we speak. */
function chosenCodec(stream: Stream): { readonly format: string; readonly name: Codec } | undefined {
  if (stream.media !== 'audio' || stream.port === 0 || !PROTOCOLS.includes(stream.protocol)) return undefined;
  for (const format of stream.formats) {
    const codec = stream.codecs.get(format);
    if (codec === 'PCMA/8000') return { format, name: 'PCMA' };
    if (codec === 'PCMU/8000') return { format, name: 'PCMU' };
  }
  return undefined;
}

function isZero(stream: Stream): boolean {
  return stream.ip === '0.0.0.0' || stream.ip === '::';
}

export function gives(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

export function takes(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}

export function directionOf(sends: boolean, receives: boolean): Direction {
  if (sends) return receives ? 'sendrecv' : 'sendonly';
  return receives ? 'recvonly' : 'inactive';
}

export function describe(local: LocalMedia, media: readonly string[]): string {
  const family = local.ip.includes(':') ? 'IP6' : 'IP4';
  const before = /^o=\S+ ([0-9]{1,20}) ([0-9]{1,15}) /m.exec(local.previous ?? '');
  const build = (id: string | number, version: number) =>
    [
      'v=0',
      `o=- ${id} ${version} IN ${family} ${local.ip}`,
      's=-',
      `c=IN ${family} ${local.ip}`,
      't=0 0',
      ...media,
      '',
    ].join('\r\n');
  if (before === null) return build(local.sessionId, 1);
  const same = build(before[1]!, Number(before[2]));
  return same === local.previous ? same : build(before[1]!, Number(before[2]) + 1);
}
