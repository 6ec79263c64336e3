import type { RecordFact } from '../core/command.ts';
import { isDigital, type Medium } from '../core/medium.ts';

/** More cannot wait at once; should it happen, the oldest is not measured. */
const WAITS_MAX = 100_000;

/** How long callers waited for an agent, from the facts as they come: each answered call once. */
export class AnswerWaits {
  /** Since when a contact waits; null: it was answered and is counted, waits for a call-back, or is no call. */
  readonly #sinceMs = new Map<string, number | null>();

  constructor(waiting: Iterable<{ readonly contact: string; readonly medium: Medium; readonly enqueuedAtMs: number }>) {
    for (const { contact, medium, enqueuedAtMs } of waiting)
      this.#wait(contact, isDigital(medium) ? null : enqueuedAtMs);
  }

  /** @returns the wait in ms, when the fact says that somebody was answered for the first time. */
  take(fact: RecordFact, atMs: number): number | undefined {
    switch (fact.fact) {
      case 'contactOpened':
        if (isDigital(fact.medium)) this.#wait(fact.contact, null);
        return undefined;
      case 'waitStarted':
        if (!this.#sinceMs.has(fact.contact)) this.#wait(fact.contact, fact.enqueuedAtMs);
        return undefined;
      case 'talkStarted': {
        const sinceMs = this.#sinceMs.get(fact.contact);
        if (sinceMs === undefined || sinceMs === null) return undefined;
        this.#sinceMs.set(fact.contact, null);
        return Math.max(0, atMs - sinceMs);
      }
      case 'callBackPromised':
        this.#sinceMs.set(fact.contact, null);
        return undefined;
      case 'contactClosed':
        this.#sinceMs.delete(fact.contact);
        return undefined;
      default:
        return undefined;
    }
  }

  #wait(contact: string, sinceMs: number | null): void {
    const oldest = this.#sinceMs.size >= WAITS_MAX ? this.#sinceMs.keys().next().value : undefined;
    if (oldest !== undefined) this.#sinceMs.delete(oldest);
    this.#sinceMs.set(contact, sinceMs);
  }
}
