import type { State } from '../core/state.ts';
import type { FigureFold } from './figures.ts';
import type { Caller } from './people.ts';
import type { Day } from './simulate.ts';

/** Nothing else happens: who still waits then is not served by anybody. */
export const LEFT_MS = 3_600_000;

/**
 * Phones that are declined or missed again and again keep a day going, and callers who never hang up wait for ever. So now and then the day is
 * looked at: it is over when nothing more comes from outside, nobody talks or writes notes, and for an hour longer than the most patient caller
 * waits nobody was answered and nobody left.
 */
export class Standstill {
  readonly #day: Day;
  readonly #state: State;
  readonly #fold: FigureFold;
  #settled = -1;
  #expectedUntilMs: number | undefined;
  #longestMs = 0;

  constructor(day: Day, state: State, fold: FigureFold) {
    this.#day = day;
    this.#state = state;
    this.#fold = fold;
  }

  /** Somebody calls. */
  see({ patienceMs, menuPatienceMs }: Caller): void {
    if (patienceMs !== Infinity) this.#longestMs = Math.max(this.#longestMs, patienceMs);
    if (menuPatienceMs !== Infinity) this.#longestMs = Math.max(this.#longestMs, menuPatienceMs);
  }

  /** When to look next; undefined: the day is over. */
  nextLookMs(nowMs: number): number | undefined {
    this.#expectedUntilMs ??= expectedUntilMs(this.#day);
    if (nowMs < this.#expectedUntilMs) return this.#expectedUntilMs;
    const settled = this.#atWork() ? -1 : this.#fold.settled;
    const stands = settled !== -1 && settled === this.#settled;
    this.#settled = settled;
    if (stands) return undefined;
    return nowMs + this.#longestMs + LEFT_MS;
  }

  #atWork(): boolean {
    for (const { work } of this.#state.agents.values()) if (work?.in === 'talk' || work?.in === 'wrapUp') return true;
    return false;
  }
}

/** The last moment at which a call or a shift begins or ends, or a lead sets something. */
function expectedUntilMs({ callers, shifts, modes = [], sites = [] }: Day): number {
  let untilMs = callers.at(callers.length - 1)?.atMs ?? 0;
  for (const { atMs } of [...modes, ...sites]) untilMs = Math.max(untilMs, atMs);
  for (const { fromMs, toMs } of shifts) untilMs = Math.max(untilMs, fromMs, toMs === Infinity ? fromMs : toMs);
  return untilMs;
}
