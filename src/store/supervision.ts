import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ConnectLimits } from '../lib/measure-alarm.ts';
import { QUARTER_MS } from '../lib/measure-counts.ts';
import { percentOf } from '../lib/measures.ts';
import { type Alarm, judgeQuarter, nextQuarter } from './alarms.ts';
import { countUndecided } from './measures.ts';
import type { Db } from './store.ts';

/** Watches over the connect rate, quarter by quarter. */
export interface Supervision {
  /** Judges every quarter that can be judged now. @returns when to look again, Unix ms. Rejects while the database is away. */
  judge(nowMs: number): Promise<number>;
  stop(): Promise<void>;
}

export interface SupervisionOptions {
  readonly db: Db;
  readonly limits: ConnectLimits;
  readonly logger: Logger;
  /** Resolves when the records hold everything that has happened so far. */
  readonly settled: () => Promise<void>;
  /** Hears every new alarm. Must not throw. */
  readonly onAlarm?: (alarm: Alarm) => void;
}

/** Calls that still wait so long after their quarter count as not answered: they were not, for as long. */
const UNDECIDED_MAX_MS = QUARTER_MS;
const LOOK_AGAIN_MS = 15_000;
const RETRY_MS = 5_000;

/** Sleeps from quarter to quarter. */
export function startSupervision(options: SupervisionOptions): Supervision {
  const stopping = new AbortController();
  const done = follow(options, stopping.signal);
  return {
    judge: (nowMs) => judgeDue(options, nowMs),
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

async function follow(options: SupervisionOptions, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    let dueMs = Date.now() + RETRY_MS;
    try {
      dueMs = await judgeDue(options, Date.now());
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures === 1)
        options.logger.warn({ err: error }, 'the connect rate is not watched until the records are there');
    }
    // A clock that was set back must not put the next look off for longer than it takes to see it.
    const pauseMs = Math.min(Math.max(dueMs - Date.now(), 1), QUARTER_MS);
    await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** @returns when there may be more to judge. */
async function judgeDue(options: SupervisionOptions, nowMs: number): Promise<number> {
  const { db, limits } = options;
  await options.settled();
  for (let fromMs = await nextQuarter(db, nowMs); ; fromMs += QUARTER_MS) {
    const toMs = fromMs + QUARTER_MS;
    if (toMs > nowMs) return toMs;
    const late = nowMs >= toMs + UNDECIDED_MAX_MS;
    if (!late && (await countUndecided(db, { fromMs, toMs })) > 0) return nowMs + LOOK_AGAIN_MS;
    for (const alarm of await judgeQuarter(db, fromMs, limits, nowMs)) tell(options, alarm);
  }
}

function tell({ logger, onAlarm }: SupervisionOptions, alarm: Alarm): void {
  const { id, scope, key, from_ms: fromMs, numerator, denominator, limit_percent: limitPercent } = alarm;
  const percent = percentOf(numerator, denominator);
  logger.warn(
    { alarm: id, scope, key, fromMs, answered: numerator, calls: denominator, percent, limitPercent },
    'too few calls of a quarter of an hour were answered',
  );
  onAlarm?.(alarm);
}
