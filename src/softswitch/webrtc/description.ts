/**
 * Session descriptions of a browser's audio: DTLS-SRTP (RFC 5763), ICE (RFC 8839), one bundle (RFC 9143), RTP and RTCP on one port
 * (RFC 5761). G.711 and telephone-event only. None of these functions throws, whatever the text.
 */
import {
  type Codec,
  type Direction,
  describe,
  directionOf,
  gives,
  OFFERED_DIGITS,
  parseSdp,
  refusedLines,
  type Stream,
  takes,
} from '../sip/sdp.ts';
import type { OwnTransport, Setup } from './messages.ts';

/** The one audio stream of a browser's description that we take. */
export interface SecureStream {
  /** Its place among the m= lines. */
  readonly index: number;
  readonly streams: readonly Stream[];
  readonly mid: string;
  readonly ufrag: string;
  readonly password: string;
  readonly fingerprint: string;
  readonly setup: Setup;
  readonly codec: { readonly format: string; readonly name: Codec };
  /** Payload type of telephone-event at 8 kHz. */
  readonly digits: string | undefined;
  readonly direction: Direction;
}

const PROTOCOLS = ['UDP/TLS/RTP/SAVPF', 'UDP/TLS/RTP/SAVP'];
const ICE_CHARACTERS = /^[A-Za-z0-9+/]+$/;
const FINGERPRINT = /^sha-256 ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})$/i;
/** RFC 8839 §5.4. */
const [UFRAG_MIN, PASSWORD_MIN, CREDENTIAL_MAX] = [4, 22, 256];

/** Undefined: nothing in it that we speak (488). */
export function readSecure(sdp: string): SecureStream | undefined {
  const streams = parseSdp(sdp);
  for (const [index, stream] of (streams ?? []).entries()) {
    const read = secureIn(stream);
    if (read !== undefined) return { ...read, index, streams: streams! };
  }
  return undefined;
}

function secureIn(stream: Stream): Omit<SecureStream, 'index' | 'streams'> | undefined {
  const { media, port, protocol, attributes, direction } = stream;
  if (media !== 'audio' || port === 0 || !PROTOCOLS.includes(protocol) || !attributes.includes('rtcp-mux'))
    return undefined;
  const ufrag = credential(stream, 'ice-ufrag', UFRAG_MIN);
  const password = credential(stream, 'ice-pwd', PASSWORD_MIN);
  const fingerprint = fingerprintIn(stream);
  const setup = attribute(stream, 'setup') ?? 'actpass';
  const mid = attribute(stream, 'mid') ?? '0';
  const codec = codecOf(stream);
  const isWhole = ufrag !== undefined && password !== undefined && fingerprint !== undefined && codec !== undefined;
  if (!isWhole || !isSetup(setup) || !/^[A-Za-z0-9\-_.]{1,32}$/.test(mid)) return undefined;
  return { mid, ufrag, password, fingerprint, setup, codec, digits: digitsOf(stream), direction };
}

function attribute(stream: Stream, name: string): string | undefined {
  return stream.attributes.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1);
}

function credential(stream: Stream, name: string, min: number): string | undefined {
  const value = attribute(stream, name) ?? '';
  return value.length >= min && value.length <= CREDENTIAL_MAX && ICE_CHARACTERS.test(value) ? value : undefined;
}

function fingerprintIn(stream: Stream): string | undefined {
  for (const line of stream.attributes) {
    const match = line.startsWith('fingerprint:') ? FINGERPRINT.exec(line.slice('fingerprint:'.length).trim()) : null;
    if (match !== null) return match[1]!.toUpperCase();
  }
  return undefined;
}

function isSetup(value: string): value is Setup {
  return value === 'actpass' || value === 'active' || value === 'passive';
}

/** PCMA wherever the far end has it: trunks here speak it, and the order in which a browser lists the two means nothing. */
function codecOf(stream: Stream): SecureStream['codec'] | undefined {
  for (const name of ['PCMA', 'PCMU'] as const) {
    const format = stream.formats.find((candidate) => stream.codecs.get(candidate) === `${name}/8000`);
    if (format === (name === 'PCMA' ? '8' : '0')) return { format, name };
  }
  return undefined;
}

function digitsOf(stream: Stream): string | undefined {
  return stream.formats.find((format) => stream.codecs.get(format) === 'TELEPHONE-EVENT/8000');
}

/** May we send, shall we take: their direction turned round and narrowed to what we want. */
export function flowOf(
  stream: SecureStream,
  wanted: Direction,
): { readonly sends: boolean; readonly receives: boolean } {
  return {
    sends: takes(stream.direction) && gives(wanted),
    receives: gives(stream.direction) && takes(wanted),
  };
}

/** The same transport as before: no other ICE credentials, no other certificate. */
export function sameTransport(a: SecureStream, b: SecureStream): boolean {
  return a.ufrag === b.ufrag && a.password === b.password && a.fingerprint === b.fingerprint;
}

/** What the far end says, said by us: nothing that a stranger wrote reaches the library but these checked values. Its candidates are left
 * out: the browser comes to us, and we send to no address that it merely names. */
export function plainDescription(stream: SecureStream): string {
  const { mid, ufrag, password, fingerprint, setup } = stream;
  const lines = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', `a=group:BUNDLE ${mid}`];
  const media = [`m=audio 9 UDP/TLS/RTP/SAVPF 8 0 ${OFFERED_DIGITS}`, 'c=IN IP4 0.0.0.0', `a=mid:${mid}`, 'a=sendrecv'];
  const ice = [
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${password}`,
    `a=fingerprint:sha-256 ${fingerprint}`,
    `a=setup:${setup}`,
  ];
  const codecs = ['a=rtpmap:8 PCMA/8000', 'a=rtpmap:0 PCMU/8000', `a=rtpmap:${OFFERED_DIGITS} telephone-event/8000`];
  return [...lines, ...media, ...ice, 'a=rtcp-mux', ...codecs, ''].join('\r\n');
}

/** What one of our own descriptions is made of. */
export interface SecureLocal {
  readonly own: OwnTransport;
  /** Addresses at which ICE is told to find us; the first is the default. */
  readonly addresses: readonly string[];
  readonly sessionId: number;
  readonly previous: string | undefined;
  readonly direction: Direction;
  readonly setup: Setup;
}

/** PCMA alone: every browser has it (RFC 7874 §3), and with one codec there is no doubt which will come. */
export function secureOffer(local: SecureLocal, mid: string): string {
  const codecs = [
    'a=rtpmap:8 PCMA/8000',
    `a=rtpmap:${OFFERED_DIGITS} telephone-event/8000`,
    `a=fmtp:${OFFERED_DIGITS} 0-15`,
  ];
  const head = `m=audio ${local.own.icePort} UDP/TLS/RTP/SAVPF 8 ${OFFERED_DIGITS}`;
  return whole(local, mid, [[head, ...codecs, ...transportLines(local, mid, local.direction)]]);
}

/** As many m= lines as offered, in their order; all but the one taken are refused. RFC 3264 §6. */
export function secureAnswer(local: SecureLocal, offer: SecureStream): string {
  const { codec, digits, mid } = offer;
  const { sends, receives } = flowOf(offer, local.direction);
  const head = `m=audio ${local.own.icePort} UDP/TLS/RTP/SAVPF ${codec.format}${digits === undefined ? '' : ` ${digits}`}`;
  const events = digits === undefined ? [] : [`a=rtpmap:${digits} telephone-event/8000`, `a=fmtp:${digits} 0-15`];
  const codecs = [`a=rtpmap:${codec.format} ${codec.name}/8000`, ...events];
  const taken = [head, ...codecs, ...transportLines(local, mid, directionOf(sends, receives))];
  const media = offer.streams.map((other, index) => (index === offer.index ? taken : refusedLines(other)));
  return whole(local, mid, media);
}

function whole(local: SecureLocal, mid: string, media: ReadonlyArray<readonly string[]>): string {
  const { sessionId, previous, addresses, own } = local;
  const common = { ip: addresses[0] ?? '0.0.0.0', port: own.icePort, sessionId, previous };
  return describe(common, [`a=group:BUNDLE ${mid}`, ...media.flat()]);
}

function transportLines({ own, addresses, setup }: SecureLocal, mid: string, direction: Direction): string[] {
  return [
    'a=ptime:20',
    `a=mid:${mid}`,
    `a=${direction}`,
    'a=rtcp-mux',
    `a=ice-ufrag:${own.ufrag}`,
    `a=ice-pwd:${own.password}`,
    `a=fingerprint:sha-256 ${own.fingerprint}`,
    `a=setup:${setup}`,
    'a=msid:minhu audio',
    `a=ssrc:${own.ssrc} cname:minhu`,
    ...addresses.map((ip, index) => candidate(ip, own.icePort, index)),
    'a=end-of-candidates',
  ];
}

/** RFC 8445 §5.1.2: a host candidate of component 1. */
function candidate(ip: string, port: number, index: number): string {
  const priority = 2 ** 24 * 126 + 2 ** 8 * (65_535 - index) + 255;
  return `a=candidate:${index + 1} 1 UDP ${priority} ${ip} ${port} typ host`;
}
