import type { ProfileEntry } from '../core/settings.ts';
import type { Seat } from './city.ts';
import {
  DIGITS,
  NAME,
  readChoice,
  readDurationMs,
  readEntries,
  readFields,
  readKnown,
  readList,
  readText,
  readWhole,
  type TextRule,
} from './fields.ts';
import { readSlotCounts } from './slots.ts';
import { complain, type Field } from './yaml-file.ts';

export const SEATS_MAX = 10_000;
const SKILLS_MAX = 50;
const LEVEL_MAX = 5;
const RANK_MAX = 9;

const SIP_USER: TextRule = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$/,
  looks: ['话机账号（字母、数字、. - _）', 'a phone account of letters, digits and . - _'],
};

/** What a seat may refer to. */
export interface KnownToSeats {
  /** Those that some queue or plan asks for: a seat with another one would never be rung for it. Undefined: not known. */
  readonly skills: ReadonlySet<string> | undefined;
  readonly queues: ReadonlySet<string>;
  readonly sites: ReadonlySet<string>;
}

export function readSeats(top: Field, known: KnownToSeats): readonly Seat[] {
  const fields = readFields(top, ['seats']);
  if (fields === undefined) return [];
  const taken = new Set<string>();
  return readList(fields.seats, SEATS_MAX).flatMap((field) => readSeat(field, known, taken));
}

function readSeat(field: Field, known: KnownToSeats, taken: Set<string>): readonly Seat[] {
  const fields = readFields(
    field,
    ['user', 'number', 'sipUser', 'skills'],
    ['digest', 'site', 'home', 'serves', 'slots'],
  );
  if (fields === undefined) return [];
  const user = readText(fields.user, NAME);
  const number = readText(fields.number, DIGITS);
  const sipUser = readText(fields.sipUser, SIP_USER);
  const digest = fields.digest ? readChoice(fields.digest, ['md5', 'sha256']) : 'md5';
  const levels = readSkills(fields.skills, known.skills);
  for (const [name, value] of Object.entries({ user, number, sipUser })) {
    const key = `${name} ${value}`;
    if (value !== undefined && taken.has(key)) sayTaken(fields[name as 'user' | 'number' | 'sipUser'], name, value);
    taken.add(key);
  }
  if (user === undefined || number === undefined || sipUser === undefined || digest === undefined) return [];
  const site = fields.site && readKnown(fields.site, known.sites);
  const home = fields.home && readKnown(fields.home, known.queues);
  const profile = fields.serves && readServes(fields.serves, known.queues);
  const slots = fields.slots && readSlotCounts(fields.slots);
  return [
    {
      ...{ user, number, sipUser, digest, skills: levels },
      ...(site === undefined ? {} : { site }),
      ...(home === undefined ? {} : { home }),
      ...(profile === undefined ? {} : { profile }),
      ...(slots === undefined ? {} : { slots }),
    },
  ];
}

function readSkills(field: Field, skills: ReadonlySet<string> | undefined): Record<string, number> {
  const levels: Record<string, number> = {};
  const entries = readEntries(field, NAME, SKILLS_MAX);
  for (const { key, keyField, value } of entries) {
    const level = readWhole(value, 1, LEVEL_MAX);
    if (level !== undefined) levels[key] = level;
    if (skills === undefined || skills.has(key)) continue;
    complain(
      keyField,
      [`没有队列需要技能“${key}”。`, `No queue asks for the skill "${key}".`],
      [`可用的技能：${[...skills].join('、')}。`, `Use one of: ${[...skills].join(', ')}.`],
    );
  }
  if (entries.length === 0) {
    complain(
      field,
      ['这个座席没有任何技能。', 'This seat has no skill.'],
      ['请至少写一个技能，例如 { personal: 3 }。', 'Write at least one skill, such as { personal: 3 }.'],
    );
  }
  return levels;
}

/** `{ personal: { rank: 1 }, enterprise: { rank: 2, delay: 25s } }` */
function readServes(field: Field, queues: ReadonlySet<string>): readonly ProfileEntry[] {
  return readEntries(field, NAME, SKILLS_MAX).flatMap(({ keyField, value }) => {
    const queue = readKnown(keyField, queues);
    const fields = readFields(value, ['rank'], ['delay']);
    const rank = fields && readWhole(fields.rank, 1, RANK_MAX);
    const delayMs = fields?.delay === undefined ? 0 : readDurationMs(fields.delay, 1_000, 600_000);
    return queue === undefined || rank === undefined || delayMs === undefined ? [] : [{ queue, rank, delayMs }];
  });
}

function sayTaken(field: Field, name: string, value: string): void {
  complain(
    field,
    [`${name}“${value}”已被另一个座席使用。`, `The ${name} "${value}" belongs to another seat already.`],
    ['请换一个不重复的值。', 'Choose one that is not used yet.'],
  );
}
