import { basename, dirname, resolve } from 'node:path';
import { isSeq } from 'yaml';
import type { City, CityProblem } from '../../city/city.ts';
import {
  DIGITS,
  type Entry,
  NAME,
  readChoice,
  readDurationMs,
  readEntries,
  readFields,
  readKnown,
  readList,
  readText,
  readWhole,
} from '../../city/fields.ts';
import { skillsOf } from '../../city/plans.ts';
import { complain, type Field, openYaml } from '../../city/yaml-file.ts';
import type { ModeName } from '../../core/settings.ts';
import { HOME_SITE } from '../../lib/home-site.ts';
import type { Choice, Demand, PickupHabits } from '../../sim/draw.ts';
import { ALWAYS, type Duration, exponential, fixed } from '../../sim/duration.ts';
import { DAY_START_MS } from '../../sim/plain-line.ts';

/** A day as an operator writes it down. */
export interface DayFile {
  readonly demand: Demand;
  readonly pickup: PickupHabits;
  readonly seats: readonly SeatRow[];
  readonly modes: readonly ModeRow[];
}

/** A mode of operation, in force from this moment of the day on. */
export interface ModeRow {
  readonly fromMs: number;
  readonly mode: ModeName;
}

/** So many alike, there from and to these moments of the day; who ends before beginning works over midnight. */
export interface SeatRow {
  readonly count: number;
  readonly skills: readonly string[];
  /** Of each skill, 1..5. */
  readonly level: number;
  /** One of the city's sites; absent: the main one. */
  readonly site?: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export type DayFileResult =
  | { readonly ok: true; readonly day: DayFile }
  | { readonly ok: false; readonly problems: readonly CityProblem[] };

const DAY_MS = 86_400_000;
const CALLS_MAX = 1_000_000;
const SEATS_MAX = 20_000;
const ROWS_MAX = 200;
const KINDS_MAX = 50;
const KEYS_MAX = 10;
const PROFILE_MAX = 96;
const MODES: readonly ModeName[] = ['normal', 'holiday', 'majorTask', 'emergency'];
const SHAPES = ['lognormal', 'exponential', 'fixed'] as const;

const SHARE = {
  pattern: /^(?:100|[0-9]{1,2}(?:\.[0-9]+)?)%$/,
  looks: ['0% 到 100% 的比例', 'a share from 0% to 100%'],
} as const;
const CLOCK = {
  pattern: /^(?:[01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$/,
  looks: ['带引号的时刻，例如 "08:30"', 'a time in quotes, such as "08:30"'],
} as const;
const KEY = { pattern: /^[0-9*#]?$/, looks: ['一个按键或空 ""', 'one key, or "" for none'] } as const;
const WEIGHT = { pattern: /^[0-9]{1,7}(?:\.[0-9]+)?$/, looks: ['不小于 0 的数', 'a number, 0 or more'] } as const;

/** What a day may name of its city. */
interface Known {
  readonly skills: ReadonlySet<string>;
  readonly sites: ReadonlySet<string>;
  readonly lines: City['settings']['lines'];
}

/** All problems are found in one go. @param rules of the city whose day it is. */
export function readDayFile(path: string, rules: City['settings']): DayFileResult {
  const problems: CityProblem[] = [];
  const { lines, queues, plans = {}, sites = [] } = rules;
  const skills = new Set([...Object.values(queues).map(({ skill }) => skill), ...skillsOf(plans)]);
  const known = { lines, skills, sites: new Set([HOME_SITE, ...sites.map(({ id }) => id)]) };
  const top = openYaml(dirname(resolve(path)), basename(path), problems);
  const day = top && readDay(top, known);
  return day === undefined || problems.length > 0 ? { ok: false, problems } : { ok: true, day };
}

function readDay(top: Field, known: Known): DayFile | undefined {
  const fields = readFields(
    top,
    ['calls', 'kinds', 'seats'],
    ['number', 'profile', 'patience', 'talkShape', 'pickup', 'modes'],
  );
  if (fields === undefined) return undefined;
  const dialled = fields.number ? (readNumber(fields.number, known) ?? '') : '';
  const shape = fields.talkShape ? (readChoice(fields.talkShape, SHAPES) ?? 'lognormal') : 'lognormal';
  const kinds = readEntries(fields.kinds, NAME, KINDS_MAX);
  const choices = kinds.flatMap((entry) => readKind(entry, dialled, shape) ?? []);
  if (choices.length === kinds.length) checkShares(fields.kinds, choices);
  const seats = readList(fields.seats, ROWS_MAX).flatMap((field) => readRow(field, known) ?? []);
  checkSeats(fields.seats, seats);
  const modes = fields.modes ? readModes(fields.modes) : [];
  const calls = readWhole(fields.calls, 1, CALLS_MAX);
  const profile = fields.profile ? readProfile(fields.profile) : [1];
  const patience = fields.patience ? readPatience(fields.patience) : ALWAYS;
  const pickup = fields.pickup ? readPickup(fields.pickup) : { after: fixed(0), declined: 0, missed: 0 };
  if (calls === undefined || choices.length === 0 || pickup === undefined) return undefined;
  return {
    demand: { startMs: DAY_START_MS, lengthMs: DAY_MS, calls, profile, choices, patience },
    pickup,
    seats,
    modes,
  };
}

function readKind({ value }: Entry, dialled: string, shape: Duration['shape']): Choice | undefined {
  const fields = readFields(value, ['share', 'talk'], ['keys', 'wrapUp']);
  if (fields === undefined) return undefined;
  const share = readShare(fields.share);
  const talkMs = readDurationMs(fields.talk, 1_000, 3_600_000);
  const wrapUpMs = fields.wrapUp ? readDurationMs(fields.wrapUp, 0, 3_600_000) : 0;
  const keys = fields.keys ? readList(fields.keys, KEYS_MAX).flatMap((key) => readText(key, KEY) ?? []) : [];
  if (share === undefined || talkMs === undefined || wrapUpMs === undefined) return undefined;
  return { weight: share, dialled, keys, talk: { meanMs: talkMs, shape }, wrapUp: { meanMs: wrapUpMs, shape } };
}

/** Of thirds, which no share in tenths of a percent adds up to. */
const ROUNDING = 0.005;

function checkShares(field: Field, choices: readonly Choice[]): void {
  const sum = choices.reduce((total, { weight }) => total + weight, 0);
  if (choices.length === 0 || Math.abs(sum - 1) <= ROUNDING) return;
  const percent = `${Math.round(sum * 1_000) / 10}%`;
  complain(
    field,
    [`各类占比合计 ${percent}，不是 100%。`, `The shares add up to ${percent}, not to 100%.`],
    ['请让各类 share 合计为 100%。', 'Let the shares of all kinds add up to 100%.'],
  );
}

function readNumber(field: Field, { lines }: Known): string | undefined {
  const number = readText(field, DIGITS);
  if (number === undefined || Object.hasOwn(lines, number)) return number;
  return complain(
    field,
    [`没有流程接听号码 ${number}。`, `No flow answers the number ${number}.`],
    ['请写本市接听的号码，例如 "12345"。', 'Write a number that the city answers, such as "12345".'],
  );
}

function checkSeats(field: Field, rows: readonly SeatRow[]): void {
  const seats = rows.reduce((sum, { count }) => sum + count, 0);
  if (seats > SEATS_MAX) {
    complain(
      field,
      [`共 ${seats} 个席位，太多。`, `These are ${seats} seats, too many.`],
      [`请减到 ${SEATS_MAX} 个以内。`, `Keep at most ${SEATS_MAX}.`],
    );
  }
  if (isSeq(field.node) && field.node.items.length === 0) {
    complain(
      field,
      ['一个席位都没有。', 'There is no seat at all.'],
      [
        '请至少写一行，例如 - { count: 10, skills: [personal] }。',
        'Write one row at least, such as - { count: 10, skills: [personal] }.',
      ],
    );
  }
}

function readRow(field: Field, known: Known): SeatRow | undefined {
  const fields = readFields(field, ['count', 'skills'], ['level', 'site', 'from', 'to']);
  if (fields === undefined) return undefined;
  const count = readWhole(fields.count, 1, SEATS_MAX);
  const skills = readList(fields.skills, KINDS_MAX).flatMap((skill) => readKnown(skill, known.skills) ?? []);
  const level = fields.level ? readWhole(fields.level, 1, 5) : 3;
  const site = fields.site && readKnown(fields.site, known.sites);
  const fromMs = fields.from ? readClockMs(fields.from) : 0;
  const toMs = fields.to ? readClockMs(fields.to) : DAY_MS;
  if (count === undefined || level === undefined || fromMs === undefined || toMs === undefined) return undefined;
  if (fromMs === toMs) return sayNoTime(field);
  return { count, skills, level, ...(site === undefined ? {} : { site }), fromMs, toMs };
}

function sayNoTime(field: Field): undefined {
  return complain(
    field,
    ['上岗与下岗是同一时刻。', 'They come and go at the same moment.'],
    [
      '全天在岗请写 from: "00:00", to: "24:00"，或都不写。',
      'For the whole day write from: "00:00", to: "24:00", or neither.',
    ],
  );
}

function readModes(field: Field): readonly ModeRow[] {
  const rows = readList(field, ROWS_MAX).flatMap((row) => readMode(row) ?? []);
  if (new Set(rows.map(({ fromMs }) => fromMs)).size < rows.length) {
    complain(
      field,
      ['有两个运行模式在同一时刻生效。', 'Two modes of operation come into force at the same moment.'],
      ['请改其中一个的时间，或删去一个。', 'Give one of them another time, or take it out.'],
    );
  }
  return rows;
}

function readMode(field: Field): ModeRow | undefined {
  const fields = readFields(field, ['from', 'mode']);
  const fromMs = fields && readClockMs(fields.from);
  const mode = fields && readChoice(fields.mode, MODES);
  return fromMs === undefined || mode === undefined ? undefined : { fromMs, mode };
}

function readProfile(field: Field): readonly number[] {
  const weights = readList(field, PROFILE_MAX).map((weight) => Number(readText(weight, WEIGHT) ?? 0));
  if (weights.some((weight) => weight > 0)) return weights;
  complain(
    field,
    ['没有一个时段有来电。', 'No part of the day has a call.'],
    [
      '请写各时段的相对话量，例如 [1, 2, 1]；全天均匀就不写。',
      'Write how the calls are spread, such as [1, 2, 1]; leave it out for an even day.',
    ],
  );
  return [1];
}

function readPatience(field: Field): Duration {
  const meanMs = readDurationMs(field, 1_000, 36_000_000);
  return meanMs === undefined ? ALWAYS : exponential(meanMs);
}

function readPickup(field: Field): PickupHabits | undefined {
  const fields = readFields(field, [], ['after', 'declined', 'missed']);
  if (fields === undefined) return undefined;
  const afterMs = fields.after ? readDurationMs(fields.after, 0, 60_000) : 0;
  const declined = fields.declined ? readShare(fields.declined) : 0;
  const missed = fields.missed ? readShare(fields.missed) : 0;
  if (afterMs === undefined || declined === undefined || missed === undefined) return undefined;
  // Shares have no exact sum.
  const sum = Math.round((declined + missed) * 100_000) / 1_000;
  if (sum > 100) {
    return complain(
      field,
      [`拒接与未接合计 ${sum}%，超过 100%。`, `declined and missed add up to ${sum}%, to more than 100%.`],
      ['请让 declined 与 missed 合计不超过 100%。', 'Let declined and missed add up to 100% at most.'],
    );
  }
  return { after: { meanMs: afterMs, shape: 'lognormal' }, declined, missed };
}

function readShare(field: Field): number | undefined {
  const text = readText(field, SHARE);
  return text === undefined ? undefined : Number(text.slice(0, -1)) / 100;
}

function readClockMs(field: Field): number | undefined {
  const text = readText(field, CLOCK);
  if (text === undefined) return undefined;
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return (hours * 60 + minutes) * 60_000;
}
