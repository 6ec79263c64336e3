import type { Counts } from '../../lib/measure-counts.ts';
import { type Measure, type MeasureName, measuresOf } from '../../lib/measures.ts';
import { asaMs, serviceLevel15 } from '../../sim/counts.ts';
import type { Waiting } from '../../sim/erlang.ts';
import type { Figures } from '../../sim/figures.ts';

/** One line for programs. `serviceLevel15` is a share, 0..1; what cannot be said is null. */
export interface Summary {
  readonly answered: number;
  readonly abandoned: number;
  readonly within15s: number;
  readonly serviceLevel15: number | null;
  readonly asaMs: number | null;
}

export function summary({ total }: Figures): Summary {
  return {
    answered: total.answered,
    abandoned: total.abandoned,
    within15s: total.answeredWithin15,
    serviceLevel15: rounded(serviceLevel15(total), 4),
    asaMs: rounded(asaMs(total), 0),
  };
}

/** @param waiting null: the formula has no figure. */
export function formulaSummary(waiting: Waiting | null): Pick<Summary, 'serviceLevel15' | 'asaMs'> {
  return { serviceLevel15: rounded(waiting?.serviceLevel ?? null, 4), asaMs: rounded(waiting?.asaMs ?? null, 0) };
}

const NAMES: readonly (readonly [MeasureName, string])[] = [
  ['connectRate', '接通率 connect rate'],
  ['humanConnectRate', '人工接通率 answered of those queued'],
  ['answeredWithin15Rate', '15秒接通率 within 15 s of those answered'],
  ['serviceLevel15', '服务水平 within 15 s of those queued'],
  ['averageSpeedOfAnswer', '平均接听速度 average speed of answer'],
  ['abandonRate', '呼损率 abandoned'],
  ['averageHandlingTime', '平均处理时长 average handling time'],
];

/** The measures of answering as a table, each beside what it was counted from. */
export function measureTable(counts: Counts): string {
  const measures = measuresOf(counts);
  return NAMES.map(
    ([name, title]) => `  ${shown(measures[name]).padStart(10)}  ${title}  ${counted(measures[name])}\n`,
  ).join('');
}

export function queueTable({ byQueue }: Figures): string {
  return [...byQueue]
    .map(([queue, counts]) => {
      const level = serviceLevel15(counts);
      return `  ${queue.padEnd(16)} ${counts.queued} 排队 queued · ${counts.answered} 接听 answered · ${percent(level)} ≤ 15 s · ${seconds(asaMs(counts))}\n`;
    })
    .join('');
}

/** Who took a call-back is no part of the connect rate: two days with other numbers of them have other denominators. Empty without any. */
export function callBackLine(recorded: Counts, simulated: Counts): string {
  if (recorded.callbacks === 0 && simulated.callbacks === 0) return '';
  return (
    `  回拨（不在接通率的分母里）：实际 ${recorded.callbacks}，仿真 ${simulated.callbacks}\n` +
    `  call-backs, which the connect rate leaves out: ${recorded.callbacks} as it was, ${simulated.callbacks} simulated\n`
  );
}

/** @param waiting null: the formula has no figure. */
export function formulaLine(name: string, waiting: Waiting | null): string {
  if (waiting === null) return `  ${name}: ${percent(null)}\n`;
  const lost = waiting.abandoned > 0 ? `   放弃 abandoned ${percent(waiting.abandoned)}` : '';
  return `  ${name}: ${percent(waiting.serviceLevel)} ≤ 15 s   ASA ${seconds(waiting.asaMs)}${lost}\n`;
}

export function percent(share: number | null): string {
  return share === null ? '—' : `${(share * 100).toFixed(2)} %`;
}

function seconds(valueMs: number | null): string {
  return valueMs === null ? '—' : `${(valueMs / 1_000).toFixed(1)} s`;
}

function shown({ unit, value }: Measure): string {
  if (value === null) return '—';
  return unit === 'percent' ? `${value.toFixed(2)} %` : `${value.toFixed(2)} s`;
}

function counted({ numerator, denominator, unit }: Measure): string {
  return `(${unit === 'percent' ? numerator : `${Math.round(numerator)} s`} / ${denominator})`;
}

export function rounded(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}
