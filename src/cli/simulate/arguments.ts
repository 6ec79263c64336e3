import type { Target } from '../../sim/staffing.ts';

/** What was asked for on the command line, read; the ways to give a day are told apart by what is there. */
export interface SimulateArguments {
  readonly dayFile?: string;
  readonly journal?: string;
  readonly city?: string;
  readonly line?: LineArguments;
  readonly target?: Target;
  readonly seed: number;
  readonly json: boolean;
}

export interface LineArguments {
  /** Calls per ms. */
  readonly rate: number;
  readonly ahtMs: number;
  /** Absent: looked for, with `--target`. */
  readonly seats?: number;
  readonly patienceMs: number;
  readonly hours: number;
}

/** What is wrong with the arguments, in both languages. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const VALUES = ['rate', 'aht', 'seats', 'patience', 'hours', 'seed', 'target', 'journal', 'city'] as const;
type Name = (typeof VALUES)[number];

const HOURS_MAX = 10_000;
const CALLS_MAX = 5_000_000;
const SEATS_MAX = 20_000;

/** @throws UsageError */
export function readArguments(args: readonly string[]): SimulateArguments {
  const { words, values, json } = split(args);
  const { journal, city } = values;
  const form = formOf(words, values);
  if (form !== undefined) refuseStray(form, values);
  const line = readLine(values);
  const ways = [words[0], journal, line].filter((way) => way !== undefined);
  if (ways.length !== 1 || words.length > 1) {
    throw new UsageError(
      '请给出一个 DAY.yaml，或 --rate、--aht、--seats，或 --journal。 Give one DAY.yaml, or --rate, --aht and --seats, or --journal.',
    );
  }
  const target = values.target === undefined ? undefined : readTarget(values.target);
  if (line !== undefined && line.seats === undefined && target === undefined) {
    throw new UsageError('还缺 --seats，或用 --target 求席位数。 --seats is missing, or --target to look for it.');
  }
  return {
    ...(words[0] === undefined ? {} : { dayFile: words[0] }),
    ...(journal === undefined ? {} : { journal }),
    ...(city === undefined ? {} : { city }),
    ...(line === undefined ? {} : { line }),
    ...(target === undefined ? {} : { target }),
    seed: readNumber('seed', values.seed ?? '1', 0, 1_000_000_000, true),
    json,
  };
}

/** One way to give a day, as `minhu simulate --help` lists them: what tells it from the others, and the options that mean something in it. */
interface Form {
  readonly named: string;
  readonly takes: readonly Name[];
}

const DAY: Form = { named: 'DAY.yaml', takes: ['city', 'target', 'seed'] };
const JOURNAL: Form = { named: '--journal', takes: ['journal', 'city', 'seed'] };
const LINE: readonly Name[] = ['rate', 'aht', 'patience', 'hours', 'seed'];
const LINE_OF_SEATS: Form = { named: '--seats', takes: [...LINE, 'seats'] };
const LINE_LOOKED_FOR: Form = { named: '--rate', takes: [...LINE, 'target'] };

/** Undefined: nothing gives a day. */
function formOf(words: readonly string[], { journal, seats, rate, aht }: Partial<Record<Name, string>>) {
  if (words.length > 0) return DAY;
  if (journal !== undefined) return JOURNAL;
  if (seats !== undefined) return LINE_OF_SEATS;
  return rate === undefined && aht === undefined ? undefined : LINE_LOOKED_FOR;
}

/** An option that would do nothing is no option: who gave it takes the answer for that to another question. */
function refuseStray({ named, takes }: Form, values: Partial<Record<Name, string>>): void {
  const stray = VALUES.find((name) => values[name] !== undefined && !takes.includes(name));
  if (stray === undefined) return;
  throw new UsageError(`--${stray} 不能与 ${named} 一起使用。 --${stray} does not go with ${named}.`);
}

function split(args: readonly string[]): { words: string[]; values: Partial<Record<Name, string>>; json: boolean } {
  const words: string[] = [];
  const values: Partial<Record<Name, string>> = {};
  let json = false;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    const name = VALUES.find((known) => arg === `--${known}`);
    if (arg === '--json') json = true;
    else if (name !== undefined) {
      const value = args[++at];
      if (value === undefined || value.startsWith('--'))
        throw new UsageError(`--${name} 后面缺少值。 --${name} lacks its value.`);
      values[name] = value;
    } else if (arg.startsWith('-')) throw new UsageError(`没有选项“${arg}”。 There is no option "${arg}".`);
    else words.push(arg);
  }
  return { words, values, json };
}

function readLine(values: Partial<Record<Name, string>>): LineArguments | undefined {
  if (values.rate === undefined && values.aht === undefined && values.seats === undefined) return undefined;
  if (values.rate === undefined || values.aht === undefined) {
    throw new UsageError('--rate 和 --aht 要一起给出。 --rate and --aht go together.');
  }
  const hours = readNumber('hours', values.hours ?? '8', 0.01, HOURS_MAX, false);
  const rate = readRate(values.rate);
  if (rate * hours * 3_600_000 > CALLS_MAX) {
    throw new UsageError(
      `来电超过 ${CALLS_MAX} 个，请减小 --rate 或 --hours。 More than ${CALLS_MAX} calls: lower --rate or --hours.`,
    );
  }
  return {
    rate,
    ahtMs: readDurationMs('aht', values.aht),
    ...(values.seats === undefined ? {} : { seats: readNumber('seats', values.seats, 1, SEATS_MAX, true) }),
    patienceMs: values.patience === undefined ? Infinity : readDurationMs('patience', values.patience),
    hours,
  };
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function readRate(text: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)\/(s|m|min|h|d)$/.exec(text);
  const rate = match === null ? 0 : Number(match[1]) / UNITS_MS[match[2]!]!;
  if (rate > 0) return rate;
  throw new UsageError(`--rate 应如 960/h（每小时），不是“${text}”。 --rate looks like 960/h, not "${text}".`);
}

function readDurationMs(name: Name, text: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|min|h)$/.exec(text);
  const valueMs = match === null ? 0 : Number(match[1]) * UNITS_MS[match[2]!]!;
  if (valueMs >= 1) return valueMs;
  throw new UsageError(
    `--${name} 应是时长，如 210s，不是“${text}”。 --${name} is a duration such as 210s, not "${text}".`,
  );
}

function readTarget(text: string): Target {
  const match = /^([0-9]{1,3}(?:\.[0-9]+)?)%\/(.+)$/.exec(text);
  const share = match === null ? 0 : Number(match[1]) / 100;
  if (match !== null && share > 0 && share < 1) return { share, withinMs: readDurationMs('target', match[2]!) };
  throw new UsageError(`--target 应如 98%/15s，不是“${text}”。 --target looks like 98%/15s, not "${text}".`);
}

function readNumber(name: Name, text: string, min: number, max: number, whole: boolean): number {
  const value = /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  throw new UsageError(
    `--${name} 应在 ${min} 到 ${max} 之间，不是“${text}”。 --${name} is from ${min} to ${max}, not "${text}".`,
  );
}
