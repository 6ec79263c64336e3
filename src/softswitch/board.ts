import type { Logger } from 'pino';
import type { Directory } from './directory.ts';
import type { EventMore } from './esl/connection.ts';
import type { Pace } from './esl/pace.ts';
import type { ApplicationOrder, Leg, StopReason } from './leg.ts';
import type { MediaWish } from './media/messages.ts';
import type { SwitchOptions } from './options.ts';
import type { Flow, OutgoingInvite, Registration } from './sip/user-agent.ts';
import type { WebCallers } from './web-callers.ts';
import type { PeersPort } from './webrtc/keep-peers.ts';
import type { Secure } from './webrtc/secure.ts';

/** Everything the concerns of the switch share: the table of legs and the ways out. Made once, by `start-switch.ts`. */
export interface Board {
  readonly options: SwitchOptions;
  /** Made up at every start (`Core-UUID`). */
  readonly bootId: string;
  readonly startedAtMs: number;
  readonly legs: Map<string, Leg>;
  readonly rooms: Map<string, Room>;
  /** Originates that have not ended, by the id of each of their ringing legs. */
  readonly dials: Map<string, Dial>;
  readonly counters: Counters;
  readonly applications: ReadonlyMap<string, Application>;
  readonly sip: SipPort;
  readonly media: (wish: MediaWish) => void;
  /** Bound and nobody's: a leg that takes one has its port at once. */
  readonly sparePorts: number[];
  readonly peers: PeersPort;
  /** What a leg to this flow has besides when it is one over WebRTC. */
  readonly secureFor: (flow: Flow) => Secure | undefined;
  readonly events: EventPort;
  readonly pace: Pace;
  readonly log: Logger;
  readonly directory: Pick<Directory, 'has' | 'webCalls'>;
  readonly webCallers: WebCallers;
  readonly legLog: { write(line: object): void };
  /** Ends a leg in whatever state it is; a second time changes nothing. */
  readonly hangUp: (leg: Leg, cause: string) => void;
  /** Set when the process is asked to end: nothing new begins. */
  leaving: boolean;
}

export interface Counters {
  legs: number;
  rooms: number;
  legsPeak: number;
}

/** The user agent with sockets and clock behind it. */
export interface SipPort {
  ring(call: string, sdp: string | undefined): void;
  accept(call: string, sdp: string): void;
  reject(call: string, status: number, reason: string): void;
  invite(invite: OutgoingInvite): void;
  acceptOffer(call: string, sdp: string): void;
  rejectOffer(call: string, status: number): void;
  offer(call: string, sdp: string): void;
  end(call: string, reason: string | undefined): void;
  ping(call: string): void;
  registrations(): readonly Registration[];
  registrationsOf(user: string): readonly Registration[];
  registrationAt(uri: string): Registration | undefined;
  localAddress(flow: Flow): { readonly ip: string; readonly port: number };
}

export interface EventPort {
  /** Whether anybody would hear it; building an event costs. */
  wants(name: string, subclass?: string): boolean;
  /** Numbers, stamps and sends an event. */
  publish(name: string, headers: ReadonlyArray<readonly [string, string]>, more: EventMore): void;
  /** The headers that every event begins with; takes the next sequence number. */
  stamp(name: string, subclass?: string): Array<readonly [string, string]>;
}

/** A conference: an N-1 mix. */
export interface Room {
  readonly name: string;
  readonly id: string;
  readonly profile: string;
  readonly members: Map<string, Member>;
  lastMember: number;
}

export interface Member {
  readonly number: number;
  hears: boolean;
  speaks: boolean;
}

export const ROOMS_MAX = 500;

/** One `originate`: groups tried one after another, the legs of a group ring together. */
export interface Dial {
  readonly legs: Set<string>;
  /** The rest of the hunt list; each makes its legs when called. */
  readonly next: Array<() => void>;
  readonly finish: (reply: string) => void;
  readonly program: readonly ApplicationOrder[];
  lastCause: string;
  over: boolean;
}

/** Begins an application on a leg. It must call `run.done` once, at once or later, unless it is stopped. */
export type Application = (board: Board, leg: Leg, order: ApplicationOrder, run: Run) => void;

export interface Run {
  /** Ends the application with this `Application-Response`. */
  done(response?: string): void;
  /** What to undo when the application is cut; answers its response. */
  onStop(stop: (why: StopReason) => string): void;
  onDigit(digit: (digit: string) => void): void;
}

/** A leg that is not ending; undefined for strangers and for those on their way out. */
export function liveLeg(board: Board, id: string): Leg | undefined {
  const leg = board.legs.get(id);
  return leg?.ending === undefined ? leg : undefined;
}

/** One timer of a leg by name; a new one replaces the old, all are cleared at the end. */
export function setTimer(leg: Leg, name: string, ms: number, work: () => void): void {
  clearTimer(leg, name);
  leg.timers.set(
    name,
    setTimeout(() => {
      leg.timers.delete(name);
      work();
    }, ms),
  );
}

export function clearTimer(leg: Leg, name: string): void {
  clearTimeout(leg.timers.get(name));
  leg.timers.delete(name);
}
