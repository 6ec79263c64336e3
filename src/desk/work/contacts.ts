import { wordOf, words } from '../language/words.ts';

/** A contact as `GET /api/v1/contacts` lists it. */
export interface ContactRow {
  readonly id: string;
  readonly channel: string;
  readonly from: string;
  readonly dialled: string;
  readonly openedAtMs: number;
  readonly queuedAtMs: number | null;
  readonly answeredAtMs: number | null;
  readonly closedAtMs: number | null;
  readonly outcome: string | null;
  readonly rating: number | null;
  readonly disposition: string | null;
}

export interface ContactDetail extends ContactRow {
  readonly waits: readonly {
    readonly queue: string;
    readonly enqueuedAtMs: number;
    readonly endedAtMs: number | null;
  }[];
  readonly offers: readonly {
    readonly token: number;
    readonly agent: string;
    readonly madeAtMs: number;
    readonly result: string | null;
  }[];
  readonly talks: readonly {
    readonly agent: string;
    readonly startedAtMs: number;
    readonly endedAtMs: number | null;
  }[];
  readonly recordings: readonly {
    readonly number: number;
    readonly endedAtMs: number | null;
    readonly durationMs: number | null;
  }[];
}

/** What became of a contact, in the language of the page. */
export function outcomeWord(outcome: string | null): string {
  return outcome === null ? words.value.outcomes.open : wordOf(words.value.outcomes, outcome);
}
