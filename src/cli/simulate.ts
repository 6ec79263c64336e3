import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CityProblem } from '../city/city.ts';
import { loadCity } from '../city/load.ts';
import { makeSettings } from '../city/settings.ts';
import { DAY_MS } from '../lib/civil-day.ts';
import { IN_TIME_MS } from '../lib/measure-counts.ts';
import type { PickupHabits } from '../sim/draw.ts';
import { drawPhones } from '../sim/draw.ts';
import { fixed } from '../sim/duration.ts';
import { erlangA, erlangC, erlangs, seatsByErlang, type Waiting } from '../sim/erlang.ts';
import type { Figures } from '../sim/figures.ts';
import { DAY_START_MS, plainDay } from '../sim/plain-line.ts';
import { type Recorded, readRecorded } from '../sim/recorded.ts';
import { playDay } from '../sim/simulate.ts';
import { erlangDay, type Staffed, seatsFor, shareWithin, type Target } from '../sim/staffing.ts';
import type { CliCommand } from './command.ts';
import { sayUnread } from './journal-arguments.ts';
import { type LineArguments, readArguments, type SimulateArguments, UsageError } from './simulate/arguments.ts';
import { chart } from './simulate/chart.ts';
import { cityDay, quiet } from './simulate/city-day.ts';
import { type DayFile, readDayFile } from './simulate/day-file.ts';
import { Progress } from './simulate/progress.ts';
import {
  callBackLine,
  formulaLine,
  formulaSummary,
  measureTable,
  percent,
  queueTable,
  rounded,
  summary,
} from './simulate/report.ts';

export const command: CliCommand = {
  summary: '仿真一天：多少席位、接得多快 / play a day: how many seats, how fast (simulate)',
  help: `minhu simulate DAY.yaml [--city FOLDER] [--target 98%/15s] [--seed N] [--json]
minhu simulate --rate 960/h --aht 210s --seats 67 [--patience 180s] [--hours 8] [--seed N] [--json]
minhu simulate --rate 960/h --aht 210s --target 98%/15s [--patience 180s] [--hours 8] [--seed N] [--json]
minhu simulate --journal FOLDER [--city FOLDER] [--seed N] [--json]

Plays calls through the hotline's own rules on a virtual clock and prints the measures, the day by
quarter hour, and what the Erlang formulas say of it. The same seed prints the same bytes.

  DAY.yaml   calls, their profile over the day, kinds of callers, patience, seats and shifts
             (dialplans/days/surge.yaml explains each), under the city's flows and queues
  --rate     Poisson calls to one queue of equal seats; --aht is talk and notes, exponential;
             without --patience nobody hangs up. Of many drawn days the most usual one is played
  --target   looks for the fewest seats that reach it; those of a DAY.yaml grow and shrink together
  --journal  the calls, talks, patience and shifts of a journal again, with its changes of mode and
             of sites, beside what really came of them; with --city under the rules of that folder
             (the agents stay those of the journal)

用热线自己的规则在虚拟时钟上推演来电，给出指标、逐刻钟图表和爱尔朗公式的对照；同一 seed 输出完全相同。
--target 求最少席位；--journal 用日志账里的真实来电重演，可用 --city 换一套规则。`,
  async run(args) {
    try {
      return await simulate(readArguments(args));
    } catch (error) {
      if (error instanceof UsageError) return complain(`${error.message}\n\n${this.help}`, 2);
      throw error;
    }
  },
};

async function simulate(asked: SimulateArguments): Promise<number> {
  if (asked.line !== undefined) return simulateLine(asked, asked.line);
  if (asked.journal !== undefined) return await simulateJournal(asked, asked.journal);
  return simulateDay(asked, asked.dayFile!);
}

/** Equal seats, one queue. */
function simulateLine({ seed, target, json }: SimulateArguments, line: LineArguments): number {
  const progress = new Progress('calls 个来电');
  const play = (seats: number): Figures =>
    playDay(plainDay({ ...line, seats, seed }), { calls: (count) => progress.at(count) }).figures;
  let staffed: Staffed | null;
  if (line.seats !== undefined) staffed = { seats: line.seats, figures: play(line.seats) };
  else {
    const guess = seatsByErlang(line, line.patienceMs, target!.withinMs, target!.share);
    staffed = seatsFor(target!, guess ?? 1, play);
  }
  progress.end();
  if (staffed === null) return complain('席位再多也达不到这个目标。 No number of seats reaches this target.', 1);
  const { seats, figures } = staffed;
  const load = { rate: line.rate, ahtMs: line.ahtMs, seats };
  const formulas = {
    byC: erlangC(load, IN_TIME_MS),
    ...(line.patienceMs === Infinity ? {} : { byA: erlangA(load, line.patienceMs, IN_TIME_MS) }),
  };
  if (json) return say(jsonLine(figures, formulas, target === undefined ? {} : { seats }));
  return report({
    head: `${erlangs(load).toFixed(1)} erlang · ${seats} 席位 seats`,
    figures,
    formulas,
    target,
    seed,
  });
}

/** A day of the city, as a file describes it. */
function simulateDay({ city, seed, target, json }: SimulateArguments, path: string): number {
  const rules = loadCity(cityFolder(city), process.env['MINHU_CHANNELS']);
  if (!rules.ok) return complainOf(rules.problems);
  const read = readDayFile(path, rules.city.settings);
  if (!read.ok) return complainOf(read.problems);
  const progress = new Progress('calls 个来电');
  const { day } = read;
  const whole = day.seats.reduce((sum, { count }) => sum + count, 0);
  const play = (seats: number): Figures =>
    playDay(cityDay(rules.city.settings, scaled(day, seats / whole), seed), { calls: (count) => progress.at(count) })
      .figures;
  const staffed = target === undefined ? { seats: whole, figures: play(whole) } : seatsFor(target, whole, play);
  progress.end();
  if (staffed === null) return complain('席位再多也达不到这个目标。 No number of seats reaches this target.', 1);
  const { seats, figures } = staffed;
  const patienceMs = day.demand.patience.meanMs;
  const formulas = {
    byC: erlangDay(figures, Infinity, IN_TIME_MS),
    ...(patienceMs === Infinity ? {} : { byA: erlangDay(figures, patienceMs, IN_TIME_MS) }),
  };
  const rows = scaled(day, seats / whole).seats;
  if (json)
    return say(jsonLine(figures, formulas, target === undefined ? {} : { seats: rows.map(({ count }) => count) }));
  const shown = rows.map(({ count, skills }) => `${count} ${skills.join('+')}`).join(', ');
  return report({ head: `${day.demand.calls} 来电 calls · 席位 seats: ${shown}`, figures, formulas, target, seed });
}

/** Every row of seats by the same factor, each at least one. */
function scaled(day: DayFile, factor: number): DayFile {
  return { ...day, seats: day.seats.map((row) => ({ ...row, count: Math.max(1, Math.round(row.count * factor)) })) };
}

const AT_ONCE: PickupHabits = { after: fixed(0), declined: 0, missed: 0 };

/** What a journal holds, once more. */
async function simulateJournal({ city, seed, json }: SimulateArguments, folder: string): Promise<number> {
  const rules = city === undefined ? undefined : loadCity(cityFolder(city), process.env['MINHU_CHANNELS']);
  if (rules?.ok === false) return complainOf(rules.problems);
  const progress = new Progress('entries 条');
  const path = existsSync(join(folder, 'journal')) ? join(folder, 'journal') : resolve(folder);
  let recorded: Recorded | null;
  try {
    recorded = await readRecorded(path, seed, (entries) => progress.at(entries));
  } catch (error) {
    const why = sayUnread(error, path);
    if (why === undefined) throw error;
    return complain(why, 1);
  } finally {
    progress.end();
  }
  if (recorded === null || recorded.callers.length === 0) {
    return complain(`${path}: 没有可重演的来电。 There are no calls to play again.`, 1);
  }
  const settings =
    rules === undefined ? recorded.settings : makeSettings({ settings: rules.city.settings }, recorded.settings.agents);
  const { callers, shifts, leads } = recorded;
  const phones = drawPhones(AT_ONCE, seed);
  const { figures } = playDay({ settings: quiet(settings), callers, shifts, ...leads, phones });
  if (json) return say(JSON.stringify({ recorded: summary(recorded.figures), simulated: summary(figures) }));
  say(
    `${callers.length} 来电 calls · ${recorded.entries} 条 entries · 耐心 patience ${shownPatience(recorded.patienceMs)}`,
  );
  say(`实际 as it was\n${measureTable(recorded.figures.total)}${queueTable(recorded.figures)}`);
  say(`仿真 simulated${city === undefined ? '' : `: ${city}`}\n${measureTable(figures.total)}${queueTable(figures)}`);
  process.stdout.write(callBackLine(recorded.figures.total, figures.total));
  return say(chart(figures.quarters, midnightBefore(figures.quarters[0]!.fromMs)));
}

/** In the city. */
function midnightBefore(atMs: number): number {
  return atMs - ((((atMs - DAY_START_MS) % DAY_MS) + DAY_MS) % DAY_MS);
}

/** Null: it has no figure. */
interface Formulas {
  readonly byC: Waiting | null;
  /** Absent: nobody hangs up. */
  readonly byA?: Waiting | null;
}

function jsonLine(figures: Figures, { byC, byA }: Formulas, found: Record<string, unknown>): string {
  const patient =
    byA === undefined ? {} : { erlangA: { ...formulaSummary(byA), abandoned: rounded(byA?.abandoned ?? null, 4) } };
  return JSON.stringify({ ...found, ...summary(figures), erlangC: formulaSummary(byC), ...patient });
}

function report(parts: {
  readonly head: string;
  readonly figures: Figures;
  readonly formulas: Formulas;
  readonly target: Target | undefined;
  readonly seed: number;
}): number {
  const { head, figures, formulas, target, seed } = parts;
  const reached =
    target === undefined ? '' : ` → ${percent(shareWithin(figures, target.withinMs))} ≤ ${target.withinMs / 1_000} s`;
  say(`${head}${reached} · seed ${seed}`);
  say(measureTable(figures.total));
  if (figures.byQueue.size > 1) say(queueTable(figures));
  say(formulaLine('Erlang C', formulas.byC));
  if (formulas.byA !== undefined) say(formulaLine('Erlang A', formulas.byA));
  return say(chart(figures.quarters, DAY_START_MS));
}

function shownPatience(patienceMs: number): string {
  return patienceMs === Infinity ? '∞' : `${Math.round(patienceMs / 1_000)} s`;
}

function cityFolder(given: string | undefined): string {
  return resolve(given ?? (process.env['MINHU_CITY'] || 'dialplans'));
}

function complainOf(problems: readonly CityProblem[]): number {
  for (const { file, line, message, fix } of problems) process.stderr.write(`${file}:${line}  ${message}  ${fix}\n`);
  return 1;
}

function say(text: string): number {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  return 0;
}

function complain(line: string, status: number): number {
  process.stderr.write(`${line}\n`);
  return status;
}
