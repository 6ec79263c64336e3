/**
 * What the switch and the process of its WebRTC peers say to each other, as JSON over one IPC channel. Every `leg` is the leg id; a wish for
 * an unknown leg does nothing. Sound and RTCP go between the process and the media worker as plain RTP on this machine.
 */
export type PeerWish =
  /** Opens a peer connection that offers. `described` follows, or `failed`. */
  | ({ readonly wish: 'offer' } & NewPeer)
  /** The same, answering this offer: a plain description, see `plainDescription`. Of a leg that has a connection: an ICE restart; the new
   * one is described, and takes over when it is `connected`. */
  | ({ readonly wish: 'answer'; readonly remote: string } & NewPeer)
  /** The far end's answer to our offer. */
  | { readonly wish: 'answered'; readonly leg: string; readonly remote: string }
  | { readonly wish: 'close'; readonly leg: string };

export interface NewPeer {
  readonly leg: string;
  /** Where ICE listens: this address of ours alone, or 0.0.0.0 for all. */
  readonly bindIp: string;
  /** RTP port of the media worker for this leg; RTCP is one above. */
  readonly mediaPort: number;
}

export type PeerReport =
  | ({ readonly report: 'described'; readonly leg: string } & OwnTransport)
  | { readonly report: 'failed'; readonly leg: string; readonly why: string }
  /** ICE and DTLS are through: sound flows. */
  | { readonly report: 'connected'; readonly leg: string }
  /** The far end closed the connection, or ICE gave up. */
  | { readonly report: 'lost'; readonly leg: string }
  /** Connected, and nothing heard for `SILENT_MS`; then heard again. */
  | { readonly report: 'silent'; readonly leg: string }
  | { readonly report: 'heard'; readonly leg: string };

/** Our end of the transport: what our descriptions say of it. */
export interface OwnTransport {
  readonly ufrag: string;
  readonly password: string;
  /** SHA-256 of our certificate, `AB:CD:…`. */
  readonly fingerprint: string;
  readonly setup: Setup;
  /** UDP port of our host candidates. */
  readonly icePort: number;
  /** Of all RTP sent to the far end. */
  readonly ssrc: number;
  /** Port on this machine to which the media worker sends what the far end shall hear. */
  readonly relayPort: number;
}

export type Setup = 'actpass' | 'active' | 'passive';

/** Given to the process as its only argument, JSON. */
export interface PeerOptions {
  /** Address on this machine over which plain RTP goes: where the media worker is bound. */
  readonly relayIp: string;
  readonly portMin: number;
  readonly portMax: number;
  readonly peersMax: number;
}

/** A browser sends sound without pause, muted or not; a report every few seconds on hold. */
export const SILENT_MS = 600;
