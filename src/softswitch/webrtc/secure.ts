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

/** The far end out of the browser's offer; undefined: nothing that we speak, or another transport than this call has. */
export function takeSecureOffer(
  secure: Secure,
  sdp: string,
  wanted: Direction,
  signallingIp: string,
): RemoteMedia | undefined {
  const stream = readSecure(sdp);
  if (stream === undefined) return undefined;
  // An ICE restart: whoever lost its network calls anew.
  if (secure.peer !== undefined && !sameTransport(secure.peer, stream)) return undefined;
  secure.peer = stream;
  return remoteOf(stream, wanted, signallingIp);
}

/** The same out of its answer to an offer of ours. */
export function takeSecureAnswer(
  secure: Secure,
  sdp: string,
  wanted: Direction,
  signallingIp: string,
): RemoteMedia | undefined {
  const remote = takeSecureOffer(secure, sdp, wanted, signallingIp);
  if (remote !== undefined) secure.role ??= secure.peer?.setup === 'active' ? 'passive' : 'active';
  return remote;
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
