import { type Counts, QUARTER_MS } from '../../lib/measure-counts.ts';
import { serviceLevel15 } from '../../sim/counts.ts';
import type { Quarter } from '../../sim/figures.ts';

const WIDTH = 32;
const ROWS_MAX = 100;
/** Quarter hours in one row. */
const SPANS = [1, 2, 4, 8, 16, 32, 96, 672];

/** The day by quarter hour (longer ones by the hour or more): calls as a bar, what was answered in time, seats at work of those there. @param startMs midnight. */
export function chart(quarters: readonly Quarter[], startMs: number): string {
  const span = SPANS.find((size) => quarters.length / size <= ROWS_MAX) ?? SPANS.at(-1)!;
  const rows: string[] = ['  时间 time  来电 calls                            15秒 15s  放弃 lost  席位 seats'];
  const groups = Array.from({ length: Math.ceil(quarters.length / span) }, (_, index) =>
    quarters.slice(index * span, (index + 1) * span),
  );
  const most = Math.max(1, ...groups.map((group) => sum(group, 'inbound')));
  for (const group of groups) {
    const calls = sum(group, 'inbound');
    const level = serviceLevel15({
      ...group[0]!,
      queued: sum(group, 'queued'),
      answeredWithin15: sum(group, 'answeredWithin15'),
    });
    const seats = (what: 'seatsMs' | 'busyMs') => seatsText(sum(group, what) / (group.length * QUARTER_MS));
    rows.push(
      [
        `  ${clockText(group[0]!.fromMs - startMs)}`,
        String(calls).padStart(6),
        bar(calls, most),
        (level === null ? '—' : `${(level * 100).toFixed(1)}%`).padStart(7),
        String(sum(group, 'abandoned')).padStart(6),
        `${seats('busyMs')}/${seats('seatsMs')}`.padStart(11),
      ].join('  '),
    );
  }
  return `${rows.join('\n')}\n`;
}

/** On average over the row. A few minutes of one seat are not nobody. */
function seatsText(seats: number): string {
  if (seats === 0 || seats >= 1) return String(Math.round(seats));
  return seats < 0.05 ? '<0.1' : seats.toFixed(1);
}

function sum(group: readonly Quarter[], what: keyof Counts | 'seatsMs' | 'busyMs'): number {
  return group.reduce((all, quarter) => all + quarter[what], 0);
}

function bar(value: number, most: number): string {
  const eighths = Math.round((value / most) * WIDTH * 8);
  const tip = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8]!;
  return ('█'.repeat(Math.floor(eighths / 8)) + tip).padEnd(WIDTH);
}

function clockText(offsetMs: number): string {
  const minutes = Math.floor(offsetMs / 60_000);
  const two = (value: number) => value.toString().padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
