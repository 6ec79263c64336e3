import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Command } from '../core/command.ts';
import type { Decision } from '../core/decision.ts';
import type { Event } from '../core/event.ts';
import type { AgentId, ContactId } from '../core/ids.ts';
import { replayed } from './replay.ts';

/** The life of one contact, decision by decision: derived by replay, stored nowhere. */
export interface Explanation {
  readonly contact: ContactId;
  readonly moments: readonly Moment[];
  /** True when there was more than `MOMENTS_MAX`. */
  readonly cut: boolean;
}

/** One journal entry as far as it concerns the contact. */
export interface Moment {
  readonly seq: number;
  readonly atMs: number;
  /** What was heard, e.g. `legAnswered`. */
  readonly event: string;
  readonly decisions: readonly Explained[];
  /** For an offer: who else could have had it, best first, and why each did not. */
  readonly others?: readonly { readonly agent: AgentId; readonly idleSinceMs: number; readonly because: string }[];
}

export interface Explained {
  /** Number of the rule in `src/core/RULES.md`. */
  readonly rule: string;
  readonly what: string;
}

export const MOMENTS_MAX = 2_000;
/** Entries decided between two breaths: a long journal must not hold up a call. */
const ENTRIES_AT_ONCE = 200;

/** @returns undefined when the journal, from its oldest kept entry to `untilSeq`, knows no such contact. */
export async function explainContact(
  folder: string,
  contact: ContactId,
  untilSeq = Number.POSITIVE_INFINITY,
): Promise<Explanation | undefined> {
  const moments: Moment[] = [];
  const legs = new Set<string>();
  let read = 0;
  for await (const { entry, decision } of replayed(folder, true)) {
    if (entry.seq > untilSeq || moments.length === MOMENTS_MAX) break;
    const moment = momentOf(decision, contact, legs, entry.seq, entry.event);
    if (moment !== undefined) moments.push(moment);
    read += 1;
    if (read % ENTRIES_AT_ONCE === 0) await yieldToOthers();
  }
  return moments.length === 0 ? undefined : { contact, moments, cut: moments.length === MOMENTS_MAX };
}

function momentOf(
  decision: Decision,
  contact: ContactId,
  legs: Set<string>,
  seq: number,
  event: Event,
): Moment | undefined {
  for (const command of decision.commands) {
    if (command.do === 'record-fact' && command.fact === 'legOpened' && command.contact === contact)
      legs.add(command.leg);
  }
  const decisions = decision.commands.flatMap((command, index) =>
    concerns(command, contact, legs) ? [{ rule: decision.because[index] ?? '', what: describe(command) }] : [],
  );
  const heard = 'leg' in event && legs.has(event.leg);
  if (decisions.length === 0 && !heard) return undefined;
  const offer = decision.candidates?.find((one) => one.contact === contact);
  return {
    seq,
    atMs: event.atMs,
    event: event.type,
    decisions,
    ...(offer === undefined ? {} : { others: offer.others }),
  };
}

function concerns(command: Command, contact: ContactId, legs: ReadonlySet<string>): boolean {
  if (command.do !== 'record-fact') return legs.has(command.leg);
  return 'contact' in command && command.contact === contact;
}

/** What was decided, with numbers masked: an explanation is read by more people than a record. */
function describe(command: Command): string {
  const { do: verb, ...rest } = command;
  const name = command.do === 'record-fact' ? command.fact : verb;
  const details = Object.entries(rest)
    .filter(([key]) => key !== 'fact' && key !== 'contact' && key !== 'key' && key !== 'node')
    .map(([key, value]) => `${key}=${shown(key, value)}`);
  return [name, ...details].join(' ');
}

const NUMBER_KEYS = new Set(['from', 'address', 'callerNumber', 'diversion']);

function shown(key: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => String(one).split('/').at(-1)).join('+');
  const text = String(value);
  if (key === 'file') return text.split('/').at(-1) ?? '';
  return NUMBER_KEYS.has(key) ? text.replace(/^(\d{3})\d+(\d{4})$/, '$1****$2') : text;
}
