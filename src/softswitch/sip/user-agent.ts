/**
 * What the SIP layer is to the rest of the switch: bytes and the time in, bytes and happenings out. No socket, no timer, no clock:
 * `nowMs` is an argument, the next deadline a return value. After each call that takes `nowMs`, drain `takeOutputs()`.
 */

/** One hop to a peer: a UDP address pair, or one TCP or WebSocket connection, as the owner of the sockets numbers them. */
export interface Flow {
  /** `ws` and `wss`: RFC 7118, each message whole as it comes. */
  readonly transport: 'udp' | 'tcp' | 'ws' | 'wss';
  readonly remoteIp: string;
  readonly remotePort: number;
  /** Never for UDP. A reply goes back on it while it lives; after that TCP is connected anew, a WebSocket peer is out of reach. */
  readonly connection?: number;
}

export type SipOutput =
  /** Put these bytes on the wire. A TCP flow without a living connection: connect first; a WebSocket one: `unreachable`. */
  | { readonly kind: 'send'; readonly flow: Flow; readonly data: Uint8Array }
  /** The peer broke the protocol or a limit on this connection: close it. */
  | { readonly kind: 'close'; readonly flow: Flow }
  | SipHappening;

/** `call` is the switch's own id of one SIP dialog (the leg id). */
export type SipHappening =
  /** A new INVITE, already authorised (trunk address or digest) and answered with 100. Answer with `ring`, `accept` or `reject`. */
  | {
      readonly kind: 'incoming';
      readonly call: string;
      readonly flow: Flow;
      /** User part of the Request-URI. */
      readonly dialled: string;
      /** User part of PAI when a trunk asserts one (RFC 3325), else of From. */
      readonly from: string;
      readonly fromName: string;
      readonly diversion: string | undefined;
      /** `trunk:NAME`, `seat:USER` or `web:TICKET`. */
      readonly source: string;
      /** Undefined for a late offer (RFC 3264 §5: the offer is ours, in the 200). */
      readonly sdp: string | undefined;
      readonly callId: string;
      readonly userAgent: string | undefined;
    }
  /** Our INVITE was answered by a provisional; `sdp` present for early media. */
  | { readonly kind: 'ringing'; readonly call: string; readonly status: number; readonly sdp: string | undefined }
  /** Our INVITE got its 200 (the ACK is sent by this layer), or our re-INVITE did (`again`). */
  | { readonly kind: 'answered'; readonly call: string; readonly sdp: string | undefined; readonly again: boolean }
  /** The ACK for our 200 came; `sdp` is the answer to our late offer. */
  | { readonly kind: 'confirmed'; readonly call: string; readonly sdp: string | undefined }
  /** A re-INVITE or UPDATE with a new offer (or, without `sdp`, asking for ours). Answer with `acceptOffer` or `rejectOffer`. */
  | { readonly kind: 'offer'; readonly call: string; readonly sdp: string | undefined }
  /**
   * The call is over, whoever ended it; the last happening of a call. `status` is the final SIP status of an INVITE that failed
   * (486, 603, 487…), undefined for BYE.
   */
  | {
      readonly kind: 'ended';
      readonly call: string;
      readonly by: 'peer' | 'us' | 'timeout';
      readonly status: number | undefined;
      /** `Reason` header as received (Q.850), if any. */
      readonly reason: string | undefined;
    }
  /** INFO with a DTMF body (`application/dtmf-relay`, `application/dtmf`). */
  | { readonly kind: 'digit'; readonly call: string; readonly digit: string; readonly durationMs: number }
  /** The WebSocket that this call's peer is reached by has closed, or the peer is back on another one. */
  | { readonly kind: 'connection'; readonly call: string; readonly alive: boolean }
  /** The WebSocket of the call answers no pings just now, or does again. */
  | { readonly kind: 'quiet'; readonly call: string; readonly quiet: boolean }
  /** Answer to `ping`: true when anything but silence came back. */
  | { readonly kind: 'pinged'; readonly call: string; readonly alive: boolean }
  | { readonly kind: 'registered'; readonly registration: Registration; readonly refreshed: boolean }
  | { readonly kind: 'unregistered'; readonly registration: Registration; readonly expired: boolean }
  /** Our own registration (`register`) succeeded or failed; for test phones, not for the switch. */
  | { readonly kind: 'registerResult'; readonly id: string; readonly status: number; readonly expiresMs: number };

export interface Registration {
  readonly user: string;
  /** Contact URI as registered. */
  readonly contact: string;
  /** Where it really came from; requests go there (RFC 3581, RFC 5626 §5.3). */
  readonly flow: Flow;
  readonly expiresAtMs: number;
  readonly callId: string;
  readonly cseq: number;
  readonly userAgent: string | undefined;
}

/** One seat's credentials. HA1 = H(user:realm:password) in hex; passwords are never here. */
export interface Credential {
  readonly algorithm: 'md5' | 'sha256';
  readonly ha1: string;
  /** Whose it is, when the digest's user name says more than the seat. */
  readonly seat?: string;
  /** Nobody's seat: whoever has it may call this number over a WebSocket, and do nothing else. */
  readonly calls?: string;
}

export interface UserAgentOptions {
  readonly realm: string;
  /** Random, at least 16 bytes: nonces are its HMAC. */
  readonly secret: Uint8Array;
  /** Random bytes for tags, branches and Call-IDs: chance is handed in, never drawn here. */
  readonly random: (bytes: number) => Uint8Array;
  /** Our address as this peer must see it, for Via, Contact and Record-Route. */
  readonly localAddress: (flow: Flow) => { readonly ip: string; readonly port: number };
  /** Trunk name for a source address, or undefined for a stranger. */
  readonly trunkOf: (ip: string) => string | undefined;
  /** Numbers that a trunk may INVITE; anything else gets 404. */
  readonly mayDial: (trunk: string, number: string) => boolean;
  readonly credentialOf: (user: string) => Credential | undefined;
  /** What an unknown user is challenged with, always the same for a name, so that no challenge tells who exists. Absent: md5. */
  readonly guiseOf?: (user: string) => Credential['algorithm'];
  /** Calls held at once; the next INVITE gets 503 with Retry-After. */
  readonly callsMax: number;
}

export interface OutgoingInvite {
  readonly call: string;
  /** Request-URI, e.g. `sip:1001@127.0.0.1:5070;transport=tcp`. */
  readonly target: string;
  /** Where to send it; undefined: resolve from `target` (an IP literal). */
  readonly flow: Flow | undefined;
  readonly fromUser: string;
  readonly fromName: string;
  /** Undefined: late offer, the peer's offer comes in `answered`. */
  readonly sdp: string | undefined;
  /** Further headers, names and values checked for CR/LF. */
  readonly headers: ReadonlyArray<readonly [string, string]>;
  /** To answer a 401/407 with, only for this realm (GHSA-3v3f). */
  readonly credentials?: { readonly user: string; readonly password: string };
}

/** The whole of SIP as one object. Made by `createUserAgent(options)` in `create-user-agent.ts`. */
export interface UserAgent {
  /** One datagram, or any piece of a TCP stream. Never throws, whatever the bytes. */
  receive(flow: Flow, data: Uint8Array, nowMs: number): void;
  connectionClosed(connection: number, nowMs: number): void;
  /** A WebSocket has missed its keep-alive, or answers again. */
  connectionQuiet(connection: number, quiet: boolean): void;
  /** A `send` to this flow failed (connection refused, no route): what waits for an answer from there fails at once with 503. Optional to call. */
  unreachable(flow: Flow, nowMs: number): void;
  /** Fires every timer that is due. */
  advance(nowMs: number): void;
  /** When `advance` wants to be called next; Infinity for never. */
  nextDeadlineMs(): number;
  takeOutputs(): readonly SipOutput[];

  /** 180, or 183 with early media. Sent reliably (RFC 3262) when the caller requires or supports it and `reliable`. */
  ring(call: string, sdp: string | undefined, reliable: boolean, nowMs: number): void;
  accept(call: string, sdp: string, nowMs: number): void;
  reject(call: string, status: number, reason: string, nowMs: number): void;
  invite(invite: OutgoingInvite, nowMs: number): void;
  acceptOffer(call: string, sdp: string, nowMs: number): void;
  rejectOffer(call: string, status: number, nowMs: number): void;
  /** Our re-INVITE: hold, resume, new address. The peer's answer comes as `answered` with `again`. */
  offer(call: string, sdp: string, nowMs: number): void;
  /** Ends the call in whatever state it is: CANCEL, a refusal, BYE. `ended` follows. Unknown calls: nothing. */
  end(call: string, reason: string | undefined, nowMs: number): void;
  /** In-dialog OPTIONS: is the peer still there? `pinged` follows. */
  ping(call: string, nowMs: number): void;
  sendInfo(call: string, contentType: string, body: string, nowMs: number): void;

  /** Out-of-band REGISTER of a test phone; refreshed until `expiresMs` is 0. */
  register(
    id: string,
    registration: {
      readonly registrar: string;
      readonly user: string;
      readonly password: string;
      readonly flow: Flow;
      readonly expiresMs: number;
    },
    nowMs: number,
  ): void;
  registrations(): readonly Registration[];
  registrationsOf(user: string): readonly Registration[];
  /** The binding whose phone this URI dials, parameters aside. */
  registrationAt(uri: string): Registration | undefined;
  /** The bindings of users for whom this is false end: `unregistered` follows. */
  keepOnly(stays: (user: string) => boolean): void;
  /** After a restart: bindings that the file kept. Those already past are dropped. */
  restore(registrations: readonly Registration[], nowMs: number): void;
  callCount(): number;
}
