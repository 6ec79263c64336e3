import type { Direction, RemoteMedia } from '../sip/sdp.ts';
import {
  flowOf,
  readSecure,
  type SecureLocal,
  type SecureStream,
  sameTransport,
  secureAnswer,
  secureOffer,
} from './description.ts';
import type { OwnTransport, Setup } from './messages.ts';

/** What a leg over WebRTC has besides. */
export interface Secure {
  readonly addresses: IceAddresses;
  /** The process of the peers was asked for a transport. */
  asked: boolean;
  own: OwnTransport | undefined;
  /** What the browser last said. */
  peer: SecureStream | undefined;
  /** Who opens DTLS is settled once (RFC 8842 §5.5). */
  role: Exclude<Setup, 'actpass'> | undefined;
  /** Both sides described, ICE under way. */
  started: boolean;
  /** Its WebSocket is closed. */
  adrift: boolean;
  /** Nothing of it is heard. */
  silent: boolean;
}

export interface IceAddresses {
  /** Where ICE listens: one address of ours, or 0.0.0.0. */
  readonly bindIp: string;
  /** What the browser is told, the default first. */
  readonly shown: readonly string[];
}

export const OWN_MID = '0';

export function createSecure(addresses: IceAddresses): Secure {
  return {
    ...{ addresses, asked: false, own: undefined, peer: undefined, role: undefined },
    ...{ started: false, adrift: false, silent: false },
  };
}

/** The far end out of the browser's offer, whose transport may be another one from now on; undefined: nothing that we speak. */
export function takeSecureOffer(
  secure: Secure,
  sdp: string,
  wanted: Direction,
  signallingIp: string,
): RemoteMedia | undefined {
  const stream = readSecure(sdp);
  if (stream === undefined) return undefined;
  if (secure.peer !== undefined && !sameTransport(secure.peer, stream)) forgetTransport(secure, stream);
  secure.peer = stream;
  return remoteOf(stream, wanted, signallingIp);
}

/** An ICE restart (RFC 8839 §4.4.1.1.1): a description of ours waits until there is a transport anew. Who opens DTLS stays unless the browser
 * says otherwise. */
function forgetTransport(secure: Secure, { setup }: SecureStream): void {
  Object.assign(secure, { asked: false, own: undefined, started: false });
  if (setup !== 'actpass') secure.role = undefined;
}

/** What the browser last said, with the part in DTLS that our role leaves to it. */
export function settledPeer({ role }: Secure, peer: SecureStream): SecureStream {
  return role === undefined ? peer : { ...peer, setup: role === 'active' ? 'passive' : 'active' };
}

/** The same out of its answer to an offer of ours. */
export function takeSecureAnswer(
  secure: Secure,
  sdp: string,
  wanted: Direction,
  signallingIp: string,
): RemoteMedia | undefined {
  const stream = readSecure(sdp);
  // An answer restarts nothing that was not offered.
  if (stream === undefined || (secure.peer !== undefined && !sameTransport(secure.peer, stream))) return undefined;
  secure.peer = stream;
  secure.role ??= stream.setup === 'active' ? 'passive' : 'active';
  return remoteOf(stream, wanted, signallingIp);
}

function remoteOf(stream: SecureStream, wanted: Direction, signallingIp: string): RemoteMedia {
  return {
    ip: signallingIp,
    port: 0,
    codec: stream.codec.name,
    digitsPayload: stream.digits === undefined ? undefined : Number(stream.digits),
    ...flowOf(stream, wanted),
    signallingIp,
  };
}

export interface Said {
  readonly sessionId: number;
  readonly previous: string | undefined;
  readonly direction: Direction;
}

/** Our answer to the offer last taken; empty before there is a transport. */
export function ownAnswer(secure: Secure, said: Said): string {
  const { own, peer } = secure;
  if (own === undefined || peer === undefined) return '';
  if (own.setup !== 'actpass') secure.role ??= own.setup;
  return secureAnswer(localOf(secure, own, said, secure.role ?? 'passive'), peer);
}

export function ownOffer(secure: Secure, said: Said): string {
  const { own, peer } = secure;
  return own === undefined ? '' : secureOffer(localOf(secure, own, said, 'actpass'), peer?.mid ?? OWN_MID);
}

function localOf({ addresses }: Secure, own: OwnTransport, said: Said, setup: Setup): SecureLocal {
  return { own, addresses: addresses.shown, setup, ...said };
}
