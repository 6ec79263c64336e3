import { sql } from 'kysely';
import type { RecordFact } from '../core/command.ts';
import { HOME_SITE } from '../lib/home-site.ts';
import { type Counts, IN_TIME_MS, noCounts, QUARTER_MS, SHORT_ABANDON_MS } from '../lib/measure-counts.ts';
import { DayTables } from './day-tables.ts';
import { countCells } from './measures.ts';
import type { AppliedFact } from './projection.ts';
import type { Db } from './store.ts';

const DAY_MS = 86_400_000;
const CELLS_MAX = 200_000;
const OPEN_MAX = 50_000;

/** What a call counts by, as far as it has come. */
interface Call {
  readonly line: string;
  readonly site: string;
  readonly openedAtMs: number;
  readonly queuedAtMs: number | null;
  readonly answeredAtMs: number | null;
  readonly calledBack: boolean;
  readonly closed: { readonly outcome: string; readonly atMs: number } | null;
}

export interface DaySum {
  /** A full quarter of an hour, 24 h ago or up to a quarter more. Unix time, ms. */
  readonly fromMs: number;
  /** Without the sums of time, as the others: those need the records. */
  readonly counts: Counts;
  /** The same calls by dialled number, by site, and by start of the quarter: as they are now, so read at once. */
  readonly lines: ReadonlyMap<string, Readonly<Counts>>;
  readonly sites: ReadonlyMap<string, Readonly<Counts>>;
  readonly quarters: ReadonlyMap<number, Readonly<Counts>>;
}

/** The voice calls of the last day, read once from the records and counted on from then with each fact, as `store/measures.ts` counts them. */
export class DayCounts {
  readonly #db: Db;
  readonly #journal: string;
  readonly #now: () => number;
  readonly #tables = new DayTables();
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
    this.#tables.forgetBefore(fromMs);
    const { whole, lines, sites, quarters } = this.#tables;
    return { fromMs, counts: { ...whole }, lines, sites, quarters };
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
    const { seq, cells, open } = await this.#db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (transaction) => ({
        seq: await transaction
          .selectFrom('projection')
          .select('seq')
          .where('journal', '=', this.#journal)
          .executeTakeFirst(),
        cells: await countCells(transaction, { fromMs, toMs: nowMs + DAY_MS }, CELLS_MAX),
        open: await transaction
          .selectFrom('contacts')
          .select(['id', 'dialled', 'line', 'site', 'opened_at_ms', 'queued_at_ms', 'answered_at_ms'])
          .select(sql<boolean>`call_back_number is not null`.as('called_back'))
          .where('medium', '=', 'voice')
          .where('closed_at_ms', 'is', null)
          .limit(OPEN_MAX)
          .execute(),
      }));
    for (const { quarterMs, counts, ...place } of cells) this.#tables.add(quarterMs, place, counts, 1);
    for (const row of open) {
      const { opened_at_ms: openedAtMs, queued_at_ms: queuedAtMs, answered_at_ms: answeredAtMs } = row;
      const { dialled, line, site, called_back: calledBack } = row;
      const times = { openedAtMs, queuedAtMs, answeredAtMs };
      this.#open.set(row.id, { line: line ?? dialled, site: site ?? HOME_SITE, ...times, calledBack, closed: null });
    }
    this.#seq = seq?.seq ?? 0;
    for (const applied of this.#early) this.apply(applied);
  }

  #count(fact: RecordFact, atMs: number): void {
    if (!('contact' in fact) || fact.contact === undefined) return;
    if (fact.fact === 'contactOpened') {
      if (fact.medium !== 'voice' || this.#open.has(fact.contact)) return;
      const place = { line: fact.line ?? fact.dialled, site: HOME_SITE };
      const call = {
        ...place,
        openedAtMs: atMs,
        queuedAtMs: null,
        answeredAtMs: null,
        calledBack: false,
        closed: null,
      };
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
    this.#tables.add(call.openedAtMs, call, countsOf(call), by);
  }
}

function countsOf({ queuedAtMs, calledBack, closed, ...call }: Call): Counts {
  const counts = noCounts();
  const answeredAtMs = calledBack ? null : call.answeredAtMs;
  const gone = closed?.outcome === 'abandonedInQueue' && call.answeredAtMs === null && !calledBack;
  counts.inbound = 1;
  if (closed?.outcome === 'ended' && queuedAtMs === null) counts.selfServed = 1;
  if (calledBack) counts.callbacks = 1;
  if (queuedAtMs !== null) counts.queued = 1;
  if (answeredAtMs !== null) counts.answered = 1;
  if (answeredAtMs !== null && queuedAtMs !== null && answeredAtMs - queuedAtMs <= IN_TIME_MS)
    counts.answeredWithin15 = 1;
  if (gone) counts.abandoned = 1;
  if (gone && queuedAtMs !== null && closed.atMs - queuedAtMs <= SHORT_ABANDON_MS) counts.abandonedShort = 1;
  return counts;
}

/** Undefined: nothing that counts. */
function changed(call: Call, fact: RecordFact, atMs: number): Call | undefined {
  switch (fact.fact) {
    case 'waitStarted':
      return { ...call, queuedAtMs: Math.min(call.queuedAtMs ?? Number.POSITIVE_INFINITY, fact.enqueuedAtMs) };
    case 'offerMade':
      return call.answeredAtMs === null ? { ...call, site: fact.site ?? HOME_SITE } : undefined;
    case 'talkStarted':
      return call.answeredAtMs === null ? { ...call, answeredAtMs: atMs, site: fact.site ?? HOME_SITE } : undefined;
    case 'callBackPromised':
      return { ...call, calledBack: true };
    case 'contactClosed':
      return { ...call, closed: { outcome: fact.outcome, atMs } };
    default:
      return undefined;
  }
}
