import { type Counts, sumOfCounts } from '../lib/measure-counts.ts';
import { countOpenAlarms } from './alarms.ts';
import { countCallsBy } from './measures.ts';
import type { AlarmScope } from './schema.ts';
import type { Db } from './store.ts';

/** The last 24 hours, over which the standard asks for the connect rate (GB/T 33358-2016). */
export interface DayFigures {
  readonly city: Counts;
  readonly sites: ReadonlyMap<string, Counts>;
  /** Alarms that nobody has acknowledged, of any age. */
  readonly openAlarms: Readonly<Record<AlarmScope, number>>;
}

const DAY_MS = 86_400_000;
const SITES_MAX = 200;
/** Whoever asks more often is told the same: a day's figure does not move in seconds. */
const KEPT_MS = 60_000;

/** @returns a question that asks the database at most once a minute, however many ask it. It rejects while the database is away. */
export function dayFigures(db: Db, nowMs: () => number = Date.now): () => Promise<DayFigures> {
  let kept: { readonly atMs: number; readonly figures: Promise<DayFigures> } | undefined;
  return () => {
    const atMs = nowMs();
    if (kept === undefined || atMs - kept.atMs >= KEPT_MS || atMs < kept.atMs) {
      kept = { atMs, figures: readDay(db, atMs) };
      kept.figures.catch(() => {
        kept = undefined;
      });
    }
    return kept.figures;
  };
}

async function readDay(db: Db, nowMs: number): Promise<DayFigures> {
  const period = { fromMs: nowMs - DAY_MS, toMs: nowMs };
  const [groups, openAlarms] = await Promise.all([countCallsBy(db, period, 'site', SITES_MAX), countOpenAlarms(db)]);
  const sites = new Map(groups.map(({ key, counts }) => [String(key), counts]));
  return { city: sumOfCounts(sites.values()), sites, openAlarms };
}
