import type { Counts } from '../../lib/measure-counts.ts';
import { measureOf } from '../../lib/measures.ts';
import type { DaySum } from '../../store/day-counts.ts';
import { cityDayMs, type Forecast, readForecast } from '../../store/forecast.ts';
import type { ApiOptions, LiveSources } from '../options.ts';
import type { Hub } from './hub.ts';
import type { CallFigures, CallsItem, DayFigures, Item, QuarterItem, Share } from './messages.ts';

const QUARTER_CHECK_MS = 60_000;
/** What boards have beside the figures is many items: in a rush they are told together. */
const TABLES_EVERY_MS = 250;

/** The figures of the last day, as they grow and as a quarter of an hour leaves them. @returns what ends it. */
export function keepDay(hub: Hub, options: ApiOptions, { day, onDay }: LiveSources): () => void {
  const { alarmPercent, targetPercent } = options.connectLimits;
  let forecast: Forecast | undefined;
  let told = false;
  let later: NodeJS.Timeout | undefined;
  const showTables = (): void => {
    later = undefined;
    hub.watch.setTables([...tableItems(day(), Date.now()), ...forecastItems(forecast)]);
    hub.tell();
  };
  const show = (): void => {
    told = false;
    const sum = day();
    hub.watch.setDay(sum && { ...dayItem(sum), alarmPercent, targetPercent });
    hub.tell();
    later ??= setTimeout(showTables, TABLES_EVERY_MS).unref();
  };
  // Facts come by the batch; they are counted one by one and shown together.
  const soon = (): void => {
    if (!told) setImmediate(show);
    told = true;
  };
  const foresee = (): void => {
    if (forecast?.dayMs === cityDayMs(Date.now())) return;
    readForecast(options.db, Date.now()).then(
      (read) => {
        forecast = read;
        soon();
      },
      (error: unknown) => options.logger.debug({ err: error }, 'what today may bring cannot be read now'),
    );
  };
  const check = (): void => {
    foresee();
    soon();
  };
  const timer = setInterval(check, QUARTER_CHECK_MS);
  timer.unref();
  const end = onDay(() => (forecast === undefined ? check() : soon()));
  check();
  return () => {
    clearInterval(timer);
    clearTimeout(later);
    end();
  };
}

function dayItem({ fromMs, counts }: DaySum): Omit<DayFigures, 'alarmPercent' | 'targetPercent'> {
  return { fromMs, ...figuresOf(counts) };
}

function figuresOf(counts: Counts): CallFigures {
  const shareOf = (name: 'connectRate' | 'answeredWithin15Rate' | 'serviceLevel15'): Share => {
    const { numerator, denominator, value } = measureOf(name, counts);
    return { numerator, denominator, value };
  };
  const { inbound, queued, answered, abandoned } = counts;
  return {
    inbound,
    queued,
    answered,
    abandoned,
    connectRate: shareOf('connectRate'),
    answeredWithin15Rate: shareOf('answeredWithin15Rate'),
    serviceLevel15: shareOf('serviceLevel15'),
  };
}

function tableItems(sum: DaySum | undefined, nowMs: number): (CallsItem | QuarterItem)[] {
  if (sum === undefined) return [];
  const callsOf = (by: CallsItem['by'], name: string, table: DaySum['lines']): CallsItem[] =>
    [...table].map(([of, counts]) => ({ key: `${name}/${of}`, kind: 'calls', by, of, ...figuresOf(counts) }));
  const dayMs = cityDayMs(nowMs);
  const quarters = [...sum.quarters].filter(([fromMs]) => fromMs >= dayMs);
  return [
    ...callsOf('line', 'line', sum.lines),
    ...callsOf('site', 'calls', sum.sites),
    ...quarters.map(([fromMs, { inbound, answered }]): QuarterItem => {
      return { key: `quarter/${fromMs}`, kind: 'quarter', fromMs, inbound, answered };
    }),
  ];
}

function forecastItems(forecast: Forecast | undefined): Item[] {
  return forecast === undefined ? [] : [{ key: 'forecast', kind: 'forecast', ...forecast }];
}
