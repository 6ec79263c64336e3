import type { Remote } from './media/messages.ts';
import type { Secure } from './webrtc/secure.ts';

/** One media connection as the switch holds it: plain data; what happens to it is in the files named after each concern. */
export interface Leg {
  readonly id: string;
  readonly direction: 'inbound' | 'outbound';
  /** FreeSWITCH's `session_id`: counts up from the start of the process. */
  readonly number: number;
  readonly createdAtMs: number;
  readonly profile: Profile;
  /** Channel variables, at most `VARIABLES_MAX`. */
  readonly variables: Map<string, string>;
  channelState: ChannelState;
  callState: 'DOWN' | 'RINGING' | 'EARLY' | 'ACTIVE' | 'HELD' | 'HANGUP';
  answered: 'no' | 'early' | 'yes';
  answeredAtMs: number;
  progressAtMs: number;
  progressMediaAtMs: number;
  bridgedAtMs: number;
  hangupAtMs: number;
  /** Local RTP port once the media worker has opened one. */
  port: number | undefined;
  /** What waits for the port. */
  readonly onPort: Array<() => void>;
  /** Our address as the peer sees it, put into SDP. */
  readonly localIp: string;
  /** The peer's last offer or answer. */
  remoteSdp: string | undefined;
  /** The body sent in our last offer or answer; its version counts up with each. */
  localSdp: string | undefined;
  sdpVersion: number;
  remote: Remote | undefined;
  /** Set for a leg over WebRTC. */
  readonly secure: Secure | undefined;
  /** Where signalling comes from and goes to. */
  readonly signalling: { readonly ip: string; readonly port: number; readonly transport: string };
  /** Parked, by the `park` application with this id (undefined: parked when its bridge ended). */
  park: { readonly applicationId: string | undefined } | undefined;
  running: Running | undefined;
  /** Applications asked for by `sendmsg`, in order. */
  readonly waiting: ApplicationOrder[];
  /** Applications of the dial plan or a transfer; when they are over and nothing holds the leg, it is hung up. */
  readonly program: ApplicationOrder[];
  playing: Playing | undefined;
  bridge: { readonly other: string; readonly first: boolean } | undefined;
  /** The leg last bridged with: its profile stays in the events (`Other-Leg-…`). */
  other: Leg | undefined;
  /** By whom this leg is held: its phone's re-INVITE, or `uuid_hold`. */
  held: 'phone' | 'switch' | undefined;
  conference: string | undefined;
  /** The leg that this one overhears, and who of that leg and its partner hears it. */
  overhears: { readonly leg: string; readonly toLeg: boolean; readonly toPartner: boolean } | undefined;
  /** The leg that overhears this one: one at a time. */
  overheardBy: string | undefined;
  /** File → when it started, unset until the media worker says so. At most `RECORDINGS_MAX`. */
  readonly recordings: Map<string, number | undefined>;
  /** Somebody controls this leg: it is not played the apology. */
  adopted: boolean;
  /** Why it ended; from then on it is no longer found by its id. */
  ending: string | undefined;
  sipStatus: number | undefined;
  readonly timers: Map<string, NodeJS.Timeout>;
}

export type ChannelState =
  | 'CS_NONE'
  | 'CS_INIT'
  | 'CS_SOFT_EXECUTE'
  | 'CS_EXECUTE'
  | 'CS_EXCHANGE_MEDIA'
  | 'CS_PARK'
  | 'CS_CONSUME_MEDIA'
  | 'CS_HANGUP'
  | 'CS_REPORTING'
  | 'CS_DESTROY';

/** `Channel-State-Number`. */
export const STATE_NUMBERS: Readonly<Record<ChannelState, number>> = {
  CS_NONE: 1,
  CS_INIT: 2,
  CS_SOFT_EXECUTE: 3,
  CS_EXECUTE: 4,
  CS_EXCHANGE_MEDIA: 5,
  CS_PARK: 6,
  CS_CONSUME_MEDIA: 7,
  CS_HANGUP: 10,
  CS_REPORTING: 11,
  CS_DESTROY: 12,
};

/** Who calls whom, as in FreeSWITCH's caller profile. */
export interface Profile {
  readonly username: string;
  readonly callerName: string;
  readonly callerNumber: string;
  readonly dialled: string;
  readonly source: string;
  readonly context: string;
  readonly channelName: string;
}

export interface ApplicationOrder {
  readonly name: string;
  readonly data: string;
  /** The controller's own `Event-UUID`, or made up here. Comes back as `Application-UUID`. */
  readonly id: string;
}

/** An application that has begun and not ended. */
export interface Running {
  readonly order: ApplicationOrder;
  /** Ends it at once; answers its `Application-Response`. */
  stop: (why: StopReason) => string;
  digit: ((digit: string) => void) | undefined;
}

export type StopReason = 'break' | 'bridge' | 'hangup' | 'transfer';

export interface Playing {
  readonly id: string;
  readonly path: string;
  readonly startedAtMs: number;
  readonly ended: (outcome: 'done' | 'broken' | 'failed') => void;
}

export const VARIABLES_MAX = 500;
export const VARIABLE_BYTES_MAX = 16 * 1024;
export const APPLICATIONS_MAX = 64;
export const RECORDINGS_MAX = 4;

export interface NewLeg {
  readonly id: string;
  readonly direction: Leg['direction'];
  readonly number: number;
  readonly nowMs: number;
  readonly profile: Profile;
  readonly localIp: string;
  readonly signalling: Leg['signalling'];
  readonly secure: Secure | undefined;
}

export function createLeg(made: NewLeg): Leg {
  return {
    id: made.id,
    direction: made.direction,
    number: made.number,
    createdAtMs: made.nowMs,
    profile: made.profile,
    localIp: made.localIp,
    signalling: made.signalling,
    secure: made.secure,
    variables: new Map(),
    channelState: made.direction === 'inbound' ? 'CS_INIT' : 'CS_NONE',
    callState: 'DOWN',
    answered: 'no',
    answeredAtMs: 0,
    progressAtMs: 0,
    progressMediaAtMs: 0,
    bridgedAtMs: 0,
    hangupAtMs: 0,
    port: undefined,
    onPort: [],
    remoteSdp: undefined,
    localSdp: undefined,
    sdpVersion: 0,
    remote: undefined,
    park: undefined,
    running: undefined,
    waiting: [],
    program: [],
    playing: undefined,
    bridge: undefined,
    other: undefined,
    held: undefined,
    conference: undefined,
    overhears: undefined,
    overheardBy: undefined,
    recordings: new Map(),
    adopted: false,
    ending: undefined,
    sipStatus: undefined,
    timers: new Map(),
  };
}

/** False, and nothing set, when a limit would be passed. */
export function setVariable(leg: Leg, name: string, value: string): boolean {
  if (value.length > VARIABLE_BYTES_MAX || name.length > 200) return false;
  if (leg.variables.size >= VARIABLES_MAX && !leg.variables.has(name)) return false;
  if (value === '') leg.variables.delete(name);
  else leg.variables.set(name, value);
  return true;
}

export function setVariables(leg: Leg, values: Readonly<Record<string, string | number | undefined>>): void {
  for (const [name, value] of Object.entries(values)) if (value !== undefined) setVariable(leg, name, String(value));
}
