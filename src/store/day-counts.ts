import { sql } from 'kysely';
import type { RecordFact } from '../core/command.ts';
import { type Counts, IN_TIME_MS, noCounts, QUARTER_MS, SHORT_ABANDON_MS, sumOfCounts } from '../lib/measure-counts.ts';
import { countCallsBy } from './measures.ts';
import type { AppliedFact } from './projection.ts';
import type { Db } from './store.ts';

const DAY_MS = 86_400_000;
const QUARTERS = DAY_MS / QUARTER_MS + 1;
const OPEN_MAX = 50_000;

/** What a call counts by, as far as it has come. */
interface Call {
  readonly openedAtMs: number;
  readonly queuedAtMs: number | null;
  readonly answeredAtMs: number | null;
  readonly calledBack: boolean;
  readonly closed: { readonly outcome: string; readonly atMs: number } | null;
}

export interface DaySum {
  /** A full quarter of an hour, 24 h ago or up to a quarter more. Unix time, ms. */
  readonly fromMs: number;
  /** Without the sums of time: those need the records. */
  readonly counts: Counts;
}

/** The voice calls of the last day, read once from the records and counted on from then with each fact, as `store/measures.ts` counts them. */
export class DayCounts {
  readonly #db: Db;
  readonly #journal: string;
  readonly #now: () => number;
  readonly #quarters = new Map<number, Counts>();
  readonly #open = new Map<string, Call>();
  #early: AppliedFact[] = [];
  #seq: number | undefined;
  #loading: Promise<void> | undefined;

  constructor(db: Db, journal: string, now: () => number = Date.now) {
    this.#db = db;
    this.#journal = journal;
    this.#now = now;
  }

  get loaded(): boolean {
    return this.#seq !== undefined;
  }

  /** Undefined until the records were read. */
  sum(): DaySum | undefined {
    if (this.#seq === undefined) return undefined;
    const fromMs = Math.floor((this.#now() - DAY_MS) / QUARTER_MS) * QUARTER_MS;
    for (const quarter of this.#quarters.keys()) if (quarter < fromMs) this.#quarters.delete(quarter);
    return { fromMs, counts: sumOfCounts(this.#quarters.values()) };
  }

  /** Reads the records, unless that is done; a failure is told and may be tried again. */
  load(): Promise<void> {
    if (this.#seq !== undefined) return Promise.resolve();
    this.#loading ??= this.#read().finally(() => {
      this.#loading = undefined;
      this.#early = [];
    });
    return this.#loading;
  }

  /** Hears every fact once it is in the database. */
  apply(applied: AppliedFact): void {
    if (this.#seq === undefined) {
      if (this.#loading !== undefined) this.#early.push(applied);
      return;
    }
    if (applied.refused === undefined && applied.place.seq > this.#seq) this.#count(applied.fact, applied.place.atMs);
  }

  async #read(): Promise<void> {
    const nowMs = this.#now();
    const fromMs = Math.floor((nowMs - DAY_MS) / QUARTER_MS) * QUARTER_MS;
    // One look at one moment: what is applied later has a higher position.
    const { seq, groups, open } = await this.#db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (transaction) => ({
        seq: await transaction
          .selectFrom('projection')
          .select('seq')
          .where('journal', '=', this.#journal)
          .executeTakeFirst(),
        groups: await countCallsBy(
          transaction,
          { fromMs, toMs: nowMs + DAY_MS },
          'quarter',
          QUARTERS + DAY_MS / QUARTER_MS,
        ),
        open: await transaction
          .selectFrom('contacts')
          .select(['id', 'opened_at_ms', 'queued_at_ms', 'answered_at_ms'])
          .select(sql<boolean>`call_back_number is not null`.as('called_back'))
          .where('medium', '=', 'voice')
          .where('closed_at_ms', 'is', null)
          .limit(OPEN_MAX)
          .execute(),
      }));
    for (const { key, counts } of groups) this.#quarters.set(Number(key), counts);
    for (const row of open) {
      const { opened_at_ms: openedAtMs, queued_at_ms: queuedAtMs, answered_at_ms: answeredAtMs } = row;
      this.#open.set(row.id, { openedAtMs, queuedAtMs, answeredAtMs, calledBack: row.called_back, closed: null });
    }
    this.#seq = seq?.seq ?? 0;
    for (const applied of this.#early) this.apply(applied);
  }

  #count(fact: RecordFact, atMs: number): void {
    if (!('contact' in fact) || fact.contact === undefined) return;
    if (fact.fact === 'contactOpened') {
      if (fact.medium !== 'voice' || this.#open.has(fact.contact)) return;
      const call = { openedAtMs: atMs, queuedAtMs: null, answeredAtMs: null, calledBack: false, closed: null };
      this.#add(call, 1);
      this.#open.set(fact.contact, call);
      return;
    }
    const before = this.#open.get(fact.contact);
    const after = before && changed(before, fact, atMs);
    if (before === undefined || after === undefined) return;
    this.#add(before, -1);
    this.#add(after, 1);
    if (after.closed === null) this.#open.set(fact.contact, after);
    else this.#open.delete(fact.contact);
  }

  #add(call: Call, by: 1 | -1): void {
    const quarter = Math.floor(call.openedAtMs / QUARTER_MS) * QUARTER_MS;
    const counts = this.#quarters.get(quarter) ?? noCounts();
    this.#quarters.set(quarter, counts);
    const { queuedAtMs, calledBack, closed } = call;
    const answeredAtMs = calledBack ? null : call.answeredAtMs;
    const gone = closed?.outcome === 'abandonedInQueue' && call.answeredAtMs === null && !calledBack;
    counts.inbound += by;
    if (closed?.outcome === 'ended' && queuedAtMs === null) counts.selfServed += by;
    if (calledBack) counts.callbacks += by;
    if (queuedAtMs !== null) counts.queued += by;
    if (answeredAtMs !== null) counts.answered += by;
    if (answeredAtMs !== null && queuedAtMs !== null && answeredAtMs - queuedAtMs <= IN_TIME_MS)
      counts.answeredWithin15 += by;
    if (gone) counts.abandoned += by;
    if (gone && queuedAtMs !== null && closed.atMs - queuedAtMs <= SHORT_ABANDON_MS) counts.abandonedShort += by;
  }
}

/** Undefined: nothing that counts. */
function changed(call: Call, fact: RecordFact, atMs: number): Call | undefined {
  switch (fact.fact) {
    case 'waitStarted':
      return { ...call, queuedAtMs: Math.min(call.queuedAtMs ?? Number.POSITIVE_INFINITY, fact.enqueuedAtMs) };
    case 'talkStarted':
      return call.answeredAtMs === null ? { ...call, answeredAtMs: atMs } : undefined;
    case 'callBackPromised':
      return { ...call, calledBack: true };
    case 'contactClosed':
      return { ...call, closed: { outcome: fact.outcome, atMs } };
    default:
      return undefined;
  }
}
