import { wordOf, words } from '../language/words.ts';
import type { Phase } from './life.ts';
import { channelTitle } from './reference.ts';

/** A contact as `GET /api/v1/contacts` lists it. */
export interface ContactRow {
  readonly id: string;
  /** phone, callback, chat, mail. */
  readonly channel: string;
  /** Channel of a conversation. */
  readonly platform?: string | null;
  /** The closed conversation that it goes on from. */
  readonly continues: string | null;
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

/** Whether this person may play a recording now: `reason`: when one is given. */
type Hearing = 'yes' | 'reason' | 'no';

export interface ContactDetail extends ContactRow {
  /** The conversation that goes on from this one. */
  readonly continuedBy: string | null;
  readonly waits: readonly {
    readonly queue: string;
    readonly enqueuedAtMs: number;
    readonly startedAtMs: number;
    readonly endedAtMs: number | null;
  }[];
  readonly offers: readonly {
    readonly token: number;
    readonly agent: string;
    readonly madeAtMs: number;
    readonly endedAtMs: number | null;
    readonly result: string | null;
  }[];
  readonly talks: readonly {
    readonly agent: string;
    readonly startedAtMs: number;
    readonly endedAtMs: number | null;
  }[];
  readonly recordings: readonly {
    readonly number: number;
    readonly startedAtMs: number;
    readonly endedAtMs: number | null;
    readonly durationMs: number | null;
    readonly hearing: Hearing;
  }[];
  /** Beside this conversation. */
  readonly calls: readonly {
    readonly contact: string;
    readonly openedAtMs: number;
    readonly outcome: string | null;
    readonly recordings: readonly { readonly number: number; readonly hearing: Hearing }[];
  }[];
}

/** Chats and mails: no phone rings for them. */
export function isConversation({ channel }: Pick<ContactRow, 'channel'>): boolean {
  return channel === 'chat' || channel === 'mail';
}

/** By which channel a contact came, in the language of the page. */
export function channelWord({ channel, platform }: Pick<ContactRow, 'channel' | 'platform'>): string {
  return channelTitle(platform ?? channel);
}

/** No phone rings for a conversation. */
export function phaseWord({ name }: Pick<Phase, 'name'>, contact: Pick<ContactRow, 'channel'>): string {
  const { phases, digitalPhases } = words.value.explain;
  return (isConversation(contact) ? digitalPhases : phases)[name];
}

/** What became of a contact, in the language of the page. */
export function outcomeWord(outcome: string | null): string {
  return outcome === null ? words.value.outcomes.open : wordOf(words.value.outcomes, outcome);
}

/** One sentence in both languages, as the server says it. */
export interface Said {
  readonly zh: string;
  readonly en: string;
}

/** What `GET /api/v1/contacts/ID/explain` tells: each thing that was heard, and what was decided upon it, by which rule. */
export interface Explanation {
  readonly contact: string;
  readonly entries: readonly ExplainedEntry[];
  readonly cut: boolean;
}

/** By what free agents are put in order. */
interface OrderKey {
  readonly score: number;
  readonly has: number;
  readonly idleSinceMs: number;
}

export interface ExplainedEntry {
  readonly seq: number;
  readonly atMs: number;
  readonly event: Said;
  readonly decisions: readonly (Said & { readonly rule: string; readonly topic: string })[];
  readonly offers: readonly {
    readonly chosen: string;
    readonly key: OrderKey;
    readonly step: number;
    readonly why: Said;
    readonly waitedMs: number;
    readonly others: readonly (Said & OrderKey & { readonly agent: string; readonly rule: string })[];
  }[];
  readonly otherwiseToday?: true;
}
