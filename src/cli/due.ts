import { parseArgs } from 'node:util';
import { type City, loadCity } from '../city/load.ts';
import type { Workdays } from '../core/calendar.ts';
import { dueAtMs, type Limit, parseLimit } from '../core/due.ts';
import { parseInstant, spellInstant } from '../core/instant-text.ts';
import type { CliCommand } from './command.ts';

const HELP = `minhu due FROM LIMIT [--city FOLDER] [--json]

Prints when a limit is over, in the city's time zone. Done in time is before that instant.
按城市的时区给出期限届满的时刻；在此之前办完即为按时。

  FROM   2026-02-13T10:00+08:00; without an offset the city's clock is meant 不写时区则为本市时间
  LIMIT  15m 2h 24h 3d  by the clock 自然时间
         14wh           working hours: open time of the calendar office of hours.yaml 工作小时
         5wd            working days: the first day is not counted, the last counts whole 工作日

minhu due 2026-02-13T10:00+08:00 5wd   →  2026-02-28T00:00:00+08:00

Holidays and make-up days are those of workdays.yaml; a year that is missing there is said on stderr.
Exit status 2: DUE_USAGE, DUE_INSTANT_INVALID, DUE_LIMIT_INVALID; 1: CITY_INVALID, DUE_NEVER.`;

export const command: CliCommand = {
  summary: '期限何时届满 / when a limit is over (due FROM LIMIT)',
  help: HELP,
  async run(args) {
    const asked = readArguments(args);
    if (typeof asked === 'string') return fail('DUE_USAGE', `${asked}\n\n${HELP}`, 2);
    const read = loadCity(asked.city, process.env['MINHU_CHANNELS']);
    if (!read.ok) {
      const said = read.problems.map(({ file, line, message, fix }) => `${file}:${line}: ${message} ${fix}`);
      return fail('CITY_INVALID', said.join('\n'), 1);
    }
    return answer(asked, read.city);
  },
};

interface Asked {
  readonly from: string;
  readonly limit: string;
  readonly city: string;
  readonly json: boolean;
}

function readArguments(args: readonly string[]): Asked | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { city: { type: 'string' }, json: { type: 'boolean', default: false } },
    });
    const [from, limit, ...more] = positionals;
    if (from === undefined || limit === undefined || more.length > 0)
      return '要写 FROM 和 LIMIT / write FROM and LIMIT';
    return { from, limit, city: values.city ?? process.env['MINHU_CITY'] ?? 'dialplans', json: values.json };
  } catch (error) {
    return (error as Error).message;
  }
}

function answer({ from, limit: limitText, json }: Asked, { office, settings, zone }: City): number {
  const { offsets } = office;
  const workdays = settings.workdays ?? {};
  const fromMs = parseInstant(from, offsets);
  if (fromMs === undefined)
    return fail('DUE_INSTANT_INVALID', `“${from}” 不是时刻 / is no instant; e.g. 2026-02-13T10:00+08:00`, 2);
  const limit = parseLimit(limitText);
  if (limit === undefined)
    return fail('DUE_LIMIT_INVALID', `“${limitText}” 不是期限 / is no limit; e.g. 15m 2h 24h 14wh 5wd`, 2);
  const dueMs = dueAtMs(fromMs, limit, office, workdays);
  if (dueMs === undefined)
    return fail('DUE_NEVER', 'hours.yaml 的 office 从不开放 / the calendar office of hours.yaml is never open', 1);
  const missing = missingBetween(fromMs, dueMs, limit, workdays, office);
  for (const year of missing) {
    process.stderr.write(
      `workdays.yaml 缺少 ${year} 年，节假日按平日计算 / lacks ${year}: its holidays count as ordinary days\n`,
    );
  }
  const due = spellInstant(offsets, dueMs);
  const whole = { from: spellInstant(offsets, fromMs), limit: limitText, due, zone, missingYears: missing };
  process.stdout.write(`${json ? JSON.stringify(whole) : due}\n`);
  return 0;
}

/** Years between both instants whose table would have been needed. */
function missingBetween(
  fromMs: number,
  dueMs: number,
  { unit }: Limit,
  workdays: Workdays,
  { offsets }: City['office'],
): readonly number[] {
  if (unit !== 'wd' && unit !== 'wh') return [];
  const [first, last] = [fromMs, dueMs - 1].map((atMs) => Number(spellInstant(offsets, atMs).slice(0, 4)));
  const years = Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
  return years.filter((year) => !Object.hasOwn(workdays, year.toString()));
}

function fail(code: string, words: string, status: number): number {
  process.stderr.write(`${code}: ${words}\n`);
  return status;
}
