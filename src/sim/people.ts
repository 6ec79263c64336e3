import type { SwitchWish } from '../core/command.ts';
import type { CallerKnown } from '../core/event.ts';

/** One citizen's call as it was drawn, or read from a journal. All durations may be Infinity: never. */
export interface Caller {
  readonly from: string;
  readonly dialled: string;
  /** The number that a carrier diverted the call from. */
  readonly diversion?: string;
  /** When the call comes. Unix time, ms. */
  readonly atMs: number;
  /** What is pressed at each question, in order; '' is nothing. Questions beyond the list are answered with its last. */
  readonly keys: readonly string[];
  /** How long into the prompts a key is pressed; never before the question. */
  readonly keyAfterMs: number;
  /** Leaves when still without a queue so long after the call came. */
  readonly menuPatienceMs: number;
  /** Leaves when it has waited so long for an agent; begins anew after a talk that broke off. */
  readonly patienceMs: number;
  readonly talkMs: number;
  readonly talkEndedBy: 'citizen' | 'agent';
  /** What the agent has to write afterwards. */
  readonly wrapUpMs: number;
  readonly mishap?: Mishap;
  /** Pressed when a call-back is offered, at its confirmation, and for another number; absent: nothing. */
  readonly callBackKeys?: readonly [offer: string, confirm: string, number: string];
  /** What is on record of the number. */
  readonly known?: CallerKnown;
}

/** Those who call, in the order of their calls. An array, or who is made when asked for. */
export interface Callers extends Iterable<Caller> {
  readonly length: number;
  at(nth: number): Caller | undefined;
}

/**
 * What goes wrong, or on, in a talk. `hold`: the agent holds the caller for two seconds. `pageLost`: the agent's phone is a page that goes away,
 * and registers as another phone when it is back. A phone that dies does not take the talk up again. `noBridge`: the first
 * bridge does not come about, and nobody says so.
 */
export interface Mishap {
  readonly kind: 'phoneDies' | 'pageLost' | 'comesApart' | 'hold' | 'noBridge';
  /** Of `pageLost`; Infinity: never in this talk. */
  readonly backAfterMs?: number;
  /** From the bridge on. */
  readonly afterMs: number;
}

/** What a person does with a phone that rings. */
export type Pickup =
  | { readonly does: 'answers' | 'declines' | 'isBusy'; readonly afterMs: number }
  | { readonly does: 'nothing' };

/** The cause with which a leg ends that was not picked up. */
export const NOT_ANSWERED = { nothing: 'NO_ANSWER', declines: 'CALL_REJECTED', isBusy: 'USER_BUSY' } as const;
/** A talk is not over in the moment in which it begins. */
export const TALK_MS_MIN = 1;

/** What is pressed at the nth question, from 0; '' is nothing. */
export function keyAt(caller: Caller | null, nth: number): string {
  const keys = caller?.keys ?? [];
  return keys[Math.min(nth, keys.length - 1)] ?? '';
}

export type Ring = Extract<SwitchWish, { do: 'ring' }>;

/** Asked once for each ring of a seat's first phone; further phones of the seat only ring. */
export type Phones = (ring: Ring) => Pickup;

export type Dial = Extract<SwitchWish, { do: 'dial' }>;

/** Who is dialled, and what becomes of it. */
export interface Citizen {
  readonly caller: Caller;
  readonly pickup: Pickup;
}

/** What is out there beside the lines that come in. */
export interface Outside {
  /** Asked for each call that goes out; undefined: no such number. */
  citizen(dial: Dial): Citizen | undefined;
  /** Keys that a caller presses one after another on hearing these files with music behind them. */
  keys(caller: Caller, files: readonly string[]): string;
}
