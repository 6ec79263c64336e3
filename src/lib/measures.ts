import type { Counts } from './measure-counts.ts';

/** A measure is never a bare number: who reads it can check it. */
export interface Measure {
  /** Calls for a rate, seconds for a mean. */
  readonly numerator: number;
  readonly denominator: number;
  readonly unit: 'percent' | 'seconds';
  /** Rounded half up to two decimals; null when the denominator is empty, never 0 or 100. */
  readonly value: number | null;
}

/** What a measure says and of what, for whoever has to answer for the figure. */
export interface MeasureDefinition {
  readonly zh: string;
  readonly en: string;
  readonly numerator: string;
  readonly denominator: string;
  /** Calls that the denominator leaves out; empty: none. */
  readonly excludes: string;
  readonly unit: Measure['unit'];
  /** `[numerator, denominator]`; the numerator of a mean in ms. */
  readonly of: (counts: Counts) => readonly [number, number];
}

/** The figures of answering (domain guide §3.7), over the calls that arrived in the period. */
export const MEASURES = {
  connectRate: {
    zh: '接通率',
    en: 'connect rate',
    numerator: 'answered by a person',
    denominator: 'all inbound calls',
    excludes: 'calls fully served by self-service; calls that took a queue call-back',
    unit: 'percent',
    of: ({ answered, inbound, selfServed, callbacks }) => [answered, inbound - selfServed - callbacks],
  },
  connectRateStrict: {
    zh: '接通率（严格口径）',
    en: 'connect rate, strict',
    numerator: 'answered by a person',
    denominator: 'all inbound calls',
    excludes: 'calls fully served by self-service; a call that took a call-back counts as not answered',
    unit: 'percent',
    of: ({ answered, inbound, selfServed }) => [answered, inbound - selfServed],
  },
  humanConnectRate: {
    zh: '人工接通率',
    en: 'human connect rate',
    numerator: 'answered by a person',
    denominator: 'calls that entered a human queue',
    excludes: '',
    unit: 'percent',
    of: ({ answered, queued }) => [answered, queued],
  },
  humanConnectRateWithoutShortAbandons: {
    zh: '人工接通率（不计5秒内放弃）',
    en: 'human connect rate without short abandons',
    numerator: 'answered by a person',
    denominator: 'calls that entered a human queue',
    excludes: 'calls abandoned within 5 s of entering the queue',
    unit: 'percent',
    of: ({ answered, queued, abandonedShort }) => [answered, queued - abandonedShort],
  },
  answeredWithin15Rate: {
    zh: '15秒接通率',
    en: 'answered within 15 s',
    numerator: 'answered within 15 s of entering the queue',
    denominator: 'answered by a person',
    excludes: '',
    unit: 'percent',
    of: ({ answeredWithin15, answered }) => [answeredWithin15, answered],
  },
  serviceLevel15: {
    zh: '服务水平（15秒）',
    en: 'service level, 15 s',
    numerator: 'answered within 15 s of entering the queue',
    denominator: 'calls that entered a human queue',
    excludes: '',
    unit: 'percent',
    of: ({ answeredWithin15, queued }) => [answeredWithin15, queued],
  },
  averageSpeedOfAnswer: {
    zh: '平均接听速度',
    en: 'average speed of answer (ASA)',
    numerator: 'time from entering the queue to the agent, over all answered',
    denominator: 'answered by a person',
    excludes: '',
    unit: 'seconds',
    of: ({ waitedMs, answered }) => [waitedMs, answered],
  },
  abandonRate: {
    zh: '呼损率',
    en: 'abandon rate',
    numerator: 'gone in the queue or while a phone rang',
    denominator: 'calls that entered a human queue',
    excludes: '',
    unit: 'percent',
    of: ({ abandoned, queued }) => [abandoned, queued],
  },
  averageHandlingTime: {
    zh: '平均处理时长',
    en: 'average handling time (AHT)',
    numerator: 'talk with its holds, and wrap-up',
    denominator: 'answered by a person',
    excludes: 'calls that are still going on',
    unit: 'seconds',
    of: ({ handlingMs, handled }) => [handlingMs, handled],
  },
} as const satisfies Readonly<Record<string, MeasureDefinition>>;

export type MeasureName = keyof typeof MEASURES;

export const MEASURE_NAMES = Object.keys(MEASURES) as readonly MeasureName[];

export function measuresOf(counts: Counts): Record<MeasureName, Measure> {
  return Object.fromEntries(MEASURE_NAMES.map((name) => [name, measureOf(name, counts)])) as Record<
    MeasureName,
    Measure
  >;
}

export function measureOf(name: MeasureName, counts: Counts): Measure {
  const { unit, of } = MEASURES[name] as MeasureDefinition;
  const [numerator, denominator] = of(counts);
  if (unit === 'percent') return { numerator, denominator, unit, value: percentOf(numerator, denominator) };
  return { numerator: numerator / 1_000, denominator, unit, value: roundedQuotient(numerator, denominator * 1_000) };
}

/** Per cent, half up to two decimals; null of nothing. */
export function percentOf(numerator: number, denominator: number): number | null {
  return roundedQuotient(numerator * 100, denominator);
}

/** Half up to two decimals, in whole numbers: 0.5 of a hundredth never depends on a binary fraction. */
function roundedQuotient(numerator: number, denominator: number): number | null {
  if (denominator <= 0) return null;
  return Number((BigInt(numerator) * 200n + BigInt(denominator)) / (2n * BigInt(denominator))) / 100;
}
