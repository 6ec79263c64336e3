/**
 * What the switch process is told at its start: the JSON file named by its only argument, written 0600 by the supervisor as
 * `MINHU_DATA/switch/options.json`. Ports may be 0; the chosen ones are reported in `statusFile`.
 */
export interface SwitchOptions {
  readonly realm: string;
  readonly sip: Endpoint;
  /** SIP over WebSocket; absent: none. */
  readonly ws?: WebSocketOptions;
  /** Event socket; loopback only. */
  readonly esl: Endpoint;
  /** Holds the event-socket password and nothing else; 0600. */
  readonly eslPasswordFile: string;
  readonly rtpPortMin: number;
  readonly rtpPortMax: number;
  /** Put into SDP and Contact; absent: the local address of the route to each peer. */
  readonly publicIp?: string;
  readonly trunks: readonly TrunkOption[];
  /** Seats' credentials, `{realm, users: [{user, algorithm, ha1}]}`; replaced atomically by the core, watched. */
  readonly directoryFile: string;
  /** Registrations, kept over a restart. */
  readonly registrationsFile: string;
  /** One JSON line per ended leg: `{leg, cause, sipStatus, startedAtMs, answeredAtMs, endedAtMs}`. */
  readonly legLogFile: string;
  /** Written when ready: `{pid, bootId, sip, ws?, esl}` with the real ports. */
  readonly statusFile: string;
  readonly promptFolder: string;
  readonly recordingFolder: string;
  readonly musicFile: string;
  /** Played to a caller that nobody adopted in time; then the call ends. */
  readonly apologyFile: string;
  /** How long a call waits for a controller. Default 60,000. */
  readonly unadoptedMs?: number;
  readonly callsMax: number;
  /** Seed of rough mode (delays, reordering, early timers as FreeSWITCH's notes allow); absent: off. */
  readonly roughSeed?: number;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface WebSocketOptions extends Endpoint {
  /** PEM files; absent: plain `ws`. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Origins of pages that may connect besides those of the same host, e.g. `https://desk.example`. */
  readonly origins: readonly string[];
  /** Addresses and networks of proxies that say for whom they connect (`X-Forwarded-For`, `Forwarded`); absent: none. */
  readonly trustedProxies?: readonly string[];
}

export interface TrunkOption {
  readonly name: string;
  /** Source networks, CIDR. */
  readonly from: readonly string[];
  /** Numbers this trunk may call. */
  readonly numbers: readonly string[];
}
