/** What the switch and its media worker say to each other, over one MessagePort. Every `leg` is the leg id; a wish for an unknown leg does nothing. */

export type MediaWish =
  /**
   * Binds an RTP (even) and RTCP (odd) port, or takes the spare one with this `port`. `opened` follows, or `openFailed` when the range is
   * used up.
   */
  | { readonly wish: 'open'; readonly leg: string; readonly port?: number }
  /** The negotiated far end, at answer and at each re-INVITE. Re-opens source learning (RFC: guide §2.1 RTP bleed). */
  | { readonly wish: 'connect'; readonly leg: string; readonly remote: Remote }
  | { readonly wish: 'close'; readonly leg: string }
  /**
   * Plays to this leg: absolute WAV paths (8 kHz mono 16-bit, A-law or µ-law), `silence:MS`, `tone:HZ:MS`, `music` (the configured file, without end).
   * Replaces what plays. `playEnded` follows exactly once for each `id`.
   */
  | { readonly wish: 'play'; readonly leg: string; readonly id: string; readonly sources: readonly string[] }
  | { readonly wish: 'stop'; readonly leg: string }
  /** Two legs hear each other, packet by packet; what plays on either is cut. */
  | { readonly wish: 'relay'; readonly leg: string; readonly other: string }
  /** Leaves relay or mix; hears silence until told otherwise. */
  | { readonly wish: 'part'; readonly leg: string }
  /** Joins (or makes) an N-1 mix. `hears`/`speaks` false: that direction is cut. A lone member hears music. */
  | {
      readonly wish: 'mix';
      readonly leg: string;
      readonly room: string;
      readonly hears: boolean;
      readonly speaks: boolean;
    }
  /**
   * Hears what a leg says and what its partner in a relay says, through every change of partner; who of the two hears it is told apart. For
   * whom it says nothing to, nothing changes: packets go on as they went. Asked again it changes who hears it. Ends with `part`.
   */
  | {
      readonly wish: 'overhear';
      readonly leg: string;
      readonly of: string;
      /** The leg `of` hears it. */
      readonly toLeg: boolean;
      /** The partner hears it. */
      readonly toPartner: boolean;
    }
  /** Two-channel 8 kHz WAV: left what the leg says, right what it is sent. Appends as it goes; the header is true after every flush. */
  | { readonly wish: 'record'; readonly leg: string; readonly file: string }
  | { readonly wish: 'stopRecord'; readonly leg: string; readonly file: string }
  /** RFC 4733 to the far end; for the test phone and for partner menus. */
  | { readonly wish: 'sendDigits'; readonly leg: string; readonly digits: string }
  /** Closes every leg and file; the worker then ends by itself. Keys pressed in a relay are always passed on. */
  | { readonly wish: 'closeAll' };

export interface Remote {
  readonly ip: string;
  readonly port: number;
  /** RTP payload type of the codec: 8 PCMA, 0 PCMU. */
  readonly codec: 'PCMA' | 'PCMU';
  /** Dynamic payload type of telephone-event, if negotiated. */
  readonly digitsPayload: number | undefined;
  /** From our side: may we send, shall we take. On hold the peer is not sent anything or not listened to. */
  readonly sends: boolean;
  readonly receives: boolean;
  /** Signalling source; with the SDP address the only sources that may be learnt. */
  readonly signallingIp: string;
}

export type MediaReport =
  /** Bound beforehand: whoever opens a leg with it knows its port at once. */
  | { readonly report: 'spare'; readonly port: number }
  | { readonly report: 'opened'; readonly leg: string; readonly port: number }
  | { readonly report: 'openFailed'; readonly leg: string; readonly why: string }
  | {
      readonly report: 'playEnded';
      readonly leg: string;
      readonly id: string;
      readonly outcome: 'done' | 'broken' | 'failed';
      readonly why?: string;
    }
  /** Once per key, at its end (or after 200 ms without packets). `durationSamples` in 8 kHz samples. */
  | { readonly report: 'digit'; readonly leg: string; readonly digit: string; readonly durationSamples: number }
  /** No RTP from this leg for `sinceMs`; said at 10 s and every 10 s after. Never said for a leg on hold. */
  | { readonly report: 'silent'; readonly leg: string; readonly sinceMs: number }
  | { readonly report: 'recordStarted'; readonly leg: string; readonly file: string }
  /** `durationMs` is what the file holds. `why` when the disk refused. */
  | {
      readonly report: 'recordEnded';
      readonly leg: string;
      readonly file: string;
      readonly durationMs: number;
      readonly bytes: number;
      readonly why?: string;
    }
  | { readonly report: 'closed'; readonly leg: string; readonly stats: MediaStats };

export interface MediaStats {
  readonly packetsIn: number;
  readonly packetsOut: number;
  /** Refused by the source, SSRC, payload-type or window lock. */
  readonly packetsRefused: number;
  /** By sequence number, over what came. */
  readonly packetsLost: number;
  readonly jitterMs: number;
}

/** Given to the worker as `workerData`. */
export interface MediaOptions {
  /** Local address to bind. */
  readonly bindIp: string;
  readonly portMin: number;
  readonly portMax: number;
  /** WAV file of the music on hold. */
  readonly musicFile: string;
  /** Folders under which files may be played; anything outside is `failed`. */
  readonly playFolders: readonly string[];
  /** The one folder under which recordings may be written. */
  readonly recordFolder: string;
  /** RTP owed for this long is told as `silent`, and again each time it has passed. Default 10,000. */
  readonly silenceMs?: number;
  /** Ports bound beforehand. Default 0. */
  readonly spares?: number;
}
