import type { RecordFact } from '../core/command.ts';
import type { Event } from '../core/event.ts';
import type { AgentId, ContactId } from '../core/ids.ts';
import type { Settings } from '../core/settings.ts';
import type { State } from '../core/state.ts';
import type { Entry } from '../runtime/entry.ts';
import { listSegments, readEntries } from '../runtime/segment.ts';
import { readSnapshot } from '../runtime/snapshot.ts';
import { Chance } from './chance.ts';
import type { Shift } from './desks.ts';
import { FigureFold, type Figures } from './figures.ts';
import { LeadsHeard, type SetByLeads } from './leads.ts';
import type { Caller } from './people.ts';

/** What a journal tells of the days it covers: enough to play them again under other rules. */
export interface Recorded {
  readonly settings: Settings;
  readonly callers: readonly Caller[];
  readonly shifts: readonly Shift[];
  /** Those that were in force when the journal begins are its first. */
  readonly leads: Required<SetByLeads>;
  /** What really came of it. */
  readonly figures: Figures;
  /** Mean of the patience that the waits and departures speak for; Infinity when nobody left. */
  readonly patienceMs: number;
  readonly entries: number;
}

type CallArrived = Extract<Event, { type: 'callArrived' }>;

interface Seen {
  readonly came: Pick<Caller, 'from' | 'dialled' | 'diversion' | 'known'>;
  readonly atMs: number;
  readonly keys: string[];
  enqueuedAtMs: number | null;
  /** Until an agent answered or the caller left; null: neither has come. */
  waitedMs: number | null;
  talkFromMs: number | null;
  talkMs: number | null;
  talkEndedBy: Caller['talkEndedBy'];
  wrapUpMs: number;
  outcome: string;
  goneAtMs: number | null;
}

interface Present {
  sinceMs: number | null;
  wrapUp: { readonly fromMs: number; readonly of: Seen } | null;
}

const PROGRESS_EVERY = 10_000;

/**
 * Reads a journal: who called and when, which keys they pressed, how long they talked and waited, when agents were there, which mode was in
 * force and which sites were open.
 *
 * A caller who left shows a patience; of one who was answered only that it was longer. Patience is taken as exponential: its mean is all the
 * waiting divided by the number who left (the likeliest, with the answered ones as censored), and the answered are given more beyond their wait.
 *
 * @returns null when the journal holds no rules.
 * @throws JournalError `corrupt`.
 */
export async function readRecorded(
  folder: string,
  seed: number,
  progress?: (entries: number) => void,
): Promise<Recorded | null> {
  const reader = new Reader(await keptState(folder));
  for await (const entry of readEntries(folder, 1)) {
    if (entry.event.type === 'settingsLoaded') reader.settings = entry.event.settings;
    reader.arrival = entry.event.type === 'callArrived' ? entry.event : undefined;
    for (const command of entry.commands) if (command.do === 'record-fact') reader.take(entry, command);
    reader.beginMs ??= entry.atMs;
    reader.endMs = entry.atMs;
    reader.entries += 1;
    if (progress !== undefined && reader.entries % PROGRESS_EVERY === 0) progress(reader.entries);
  }
  return reader.recorded(seed);
}

/** Of a journal whose first entries are removed. */
async function keptState(folder: string): Promise<State | undefined> {
  const first = (await listSegments(folder)).at(0);
  return first === undefined || first.firstSeq <= 1 ? undefined : await readSnapshot(folder, () => {}, 'oldest');
}

class Reader {
  readonly fold = new FigureFold();
  settings: Settings | null = null;
  /** Of the entry that is read now. */
  arrival: CallArrived | undefined;
  beginMs: number | undefined;
  endMs = 0;
  entries = 0;
  readonly #contacts = new Map<ContactId, Seen>();
  readonly #agents = new Map<AgentId, Present>();
  readonly #shifts: Shift[] = [];
  readonly #leads = new LeadsHeard();
  readonly #kept: State | undefined;

  constructor(kept: State | undefined) {
    this.#kept = kept;
  }

  take({ seq, atMs }: Entry, fact: RecordFact): void {
    this.fold.take(atMs, fact);
    this.#leads.take(seq, atMs, fact);
    // Calls that we began are what the rules make of the others.
    if (fact.fact === 'contactOpened') return fact.medium === 'voice' ? this.#opened(atMs, fact) : undefined;
    if (fact.fact === 'agentState') return this.#agent(atMs, fact);
    const seen = 'contact' in fact ? this.#contacts.get(fact.contact) : undefined;
    if (seen === undefined) return;
    switch (fact.fact) {
      case 'digits':
        seen.keys.push(fact.digits);
        return;
      case 'waitStarted':
        seen.enqueuedAtMs ??= fact.enqueuedAtMs;
        return;
      case 'waitEnded':
        if (seen.talkMs === null) seen.waitedMs = atMs - (seen.enqueuedAtMs ?? atMs);
        return;
      case 'talkStarted':
        seen.talkFromMs = atMs;
        return;
      case 'talkEnded':
        seen.talkMs = (seen.talkMs ?? 0) + atMs - (seen.talkFromMs ?? atMs);
        if (fact.endedBy === 'citizen' || fact.endedBy === 'agent') seen.talkEndedBy = fact.endedBy;
        return;
      case 'contactClosed':
        seen.outcome = fact.outcome;
        seen.goneAtMs = atMs;
        return;
    }
  }

  recorded(seed: number): Recorded | null {
    if (this.settings === null) return null;
    for (const [agent, present] of this.#agents) this.#left(agent, present, this.endMs);
    const contacts = [...this.#contacts.values()];
    const waits = contacts.filter(({ enqueuedAtMs }) => enqueuedAtMs !== null);
    const left = waits.filter(({ outcome }) => outcome === 'abandonedInQueue').length;
    const patienceMs = left === 0 ? Infinity : waits.reduce((sum, seen) => sum + waitOf(seen, this.endMs), 0) / left;
    return {
      settings: this.settings,
      callers: callersOf(contacts, this.endMs, patienceMs, seed),
      shifts: this.#shifts.sort((a, b) => a.fromMs - b.fromMs || (a.agent < b.agent ? -1 : 1)),
      leads: this.#leads.heard(this.beginMs ?? 0, this.#kept),
      figures: this.fold.figures(this.endMs),
      patienceMs,
      entries: this.entries,
    };
  }

  #opened(atMs: number, opened: Extract<RecordFact, { fact: 'contactOpened' }>): void {
    const { contact, from, dialled, diversion } = opened;
    const known = this.arrival?.known;
    const came = {
      ...{ from, dialled },
      ...(diversion === undefined ? {} : { diversion }),
      ...(known === undefined ? {} : { known }),
    };
    this.#contacts.set(contact, {
      came,
      atMs,
      keys: [],
      enqueuedAtMs: null,
      waitedMs: null,
      talkFromMs: null,
      talkMs: null,
      talkEndedBy: 'citizen',
      wrapUpMs: 0,
      outcome: '',
      goneAtMs: null,
    });
  }

  #agent(atMs: number, { agent, state, contact }: Extract<RecordFact, { fact: 'agentState' }>): void {
    const present = this.#agents.get(agent) ?? { sinceMs: null, wrapUp: null };
    this.#agents.set(agent, present);
    if (present.wrapUp !== null) present.wrapUp.of.wrapUpMs += atMs - present.wrapUp.fromMs;
    const of = state === 'wrapUp' && contact !== undefined ? this.#contacts.get(contact) : undefined;
    present.wrapUp = of === undefined ? null : { fromMs: atMs, of };
    if (state === 'offline' || state === 'notReady') this.#left(agent, present, atMs);
    else present.sinceMs ??= atMs;
  }

  #left(agent: AgentId, present: Present, atMs: number): void {
    if (present.sinceMs !== null) this.#shifts.push({ agent, fromMs: present.sinceMs, toMs: atMs });
    present.sinceMs = null;
  }
}

/** Who still waits when the journal ends has waited until then. */
function waitOf({ enqueuedAtMs, waitedMs }: Seen, endMs: number): number {
  return waitedMs ?? endMs - (enqueuedAtMs ?? endMs);
}

function callersOf(contacts: readonly Seen[], endMs: number, patienceMs: number, seed: number): Caller[] {
  const beyond = new Chance(seed, 'patience beyond');
  const other = new Chance(seed, 'talk of another');
  const talked = contacts.filter((seen) => seen.talkMs !== null);
  return contacts.map((seen): Caller => {
    const left = seen.outcome === 'abandonedInQueue';
    // Who never talked is lent the talk of somebody who did.
    const talk = seen.talkMs === null && talked.length > 0 ? talked[other.below(talked.length)]! : seen;
    const waitedMs = waitOf(seen, endMs);
    const more = -patienceMs * Math.log(beyond.unit());
    return {
      ...seen.came,
      atMs: seen.atMs,
      keys: seen.keys,
      keyAfterMs: 0,
      menuPatienceMs: seen.outcome === 'abandonedInMenu' ? (seen.goneAtMs ?? seen.atMs) - seen.atMs : Infinity,
      patienceMs: left ? waitedMs : Math.round(waitedMs + more),
      talkMs: Math.max(1, talk.talkMs ?? 0),
      talkEndedBy: talk.talkEndedBy,
      wrapUpMs: talk.wrapUpMs,
    };
  });
}
