import type { ModeName, ModeRule, ModeSetting } from '../core/settings.ts';
import {
  DIGITS,
  NAME,
  readChoice,
  readDurationMs,
  readEntries,
  readFields,
  readKnown,
  readList,
  readWhole,
} from './fields.ts';
import { type HotlineChange, isLedToMain, type ReadHotlines } from './hotlines.ts';
import { complain, type Field } from './yaml-file.ts';

const MODES = ['holiday', 'majorTask', 'emergency'] as const;
const RULES_MAX = 20;
const NUMBERS_MAX = 200;
const WAITING_MAX = 20_000;
const WITHIN_MS_MAX = 600_000;

export interface Modes {
  readonly modes: Readonly<Partial<Record<ModeName, ModeSetting>>>;
  readonly modeRules: readonly ModeRule[];
}

/** What a mode may name. */
export interface KnownToModes {
  readonly queues: ReadonlySet<string>;
  readonly plans: ReadonlySet<string>;
  readonly messages: ReadonlySet<string>;
  /** Dialled numbers of flows and merged hotlines. */
  readonly numbers: ReadonlySet<string>;
  readonly flows: ReadonlySet<string>;
  readonly hotlines: Pick<ReadHotlines, 'plansIn' | 'skills' | 'main' | 'hotlines'>;
}

/** modes.yaml: what changes in each mode, and what proposes one. Merged hotlines go by their queue's plan of the mode. */
export function readModes(top: Field, known: KnownToModes): Modes {
  const fields = readFields(top, ['modes'], ['propose']);
  const modes: Partial<Record<ModeName, ModeSetting>> = {};
  for (const { keyField, value } of fields === undefined ? [] : readEntries(fields.modes, NAME, MODES.length)) {
    const name = readChoice(keyField, MODES);
    if (name !== undefined) modes[name] = readMode(value, known);
  }
  return { modes, modeRules: fields?.propose === undefined ? [] : readRules(fields.propose) };
}

function readMode(field: Field, known: KnownToModes): ModeSetting {
  const fields = readFields(field, [], ['queues', 'lines', 'hotlines']);
  const lines = fields?.lines === undefined ? [] : readEntries(fields.lines, DIGITS, NUMBERS_MAX);
  const queues = fields?.queues === undefined ? {} : readQueueChanges(fields.queues, known);
  const within = fields?.hotlines === undefined ? { withinMsOf: new Map() } : readHotlineTimes(fields.hotlines, known);
  const planOf = Object.entries(queues).flatMap(([queue, { plan }]) => (plan === undefined ? [] : [[queue, plan]]));
  const sent = lines.flatMap(({ key, keyField, value }) => {
    if (!known.numbers.has(key)) sayNoNumber(keyField, key);
    const flow = readKnown(value, known.flows);
    return flow === undefined ? [] : [[key, flow] as const];
  });
  return {
    queues,
    lines: asMain(Object.fromEntries(sent), known.hotlines),
    plans: known.hotlines.plansIn({ planOf: Object.fromEntries(planOf), ...within }),
  };
}

/** Inactive hotlines that are answered as the main number go with it, unless a line of their own says otherwise. */
function asMain(
  lines: Readonly<Record<string, string>>,
  { main, hotlines }: KnownToModes['hotlines'],
): Readonly<Record<string, string>> {
  const flow = lines[main];
  const led = flow === undefined ? [] : hotlines.filter(isLedToMain).map(({ number }) => [number, flow] as const);
  return { ...Object.fromEntries(led), ...lines };
}

function readQueueChanges(field: Field, known: KnownToModes): NonNullable<ModeSetting['queues']> {
  return Object.fromEntries(
    readEntries(field, NAME, known.queues.size + 1).flatMap(({ key, keyField, value }) => {
      const queue = readKnown(keyField, known.queues);
      return queue === undefined ? [] : [[key, readChange(value, known)]];
    }),
  );
}

/** How long only a hotline's own group is asked. */
function readHotlineTimes(field: Field, { hotlines }: KnownToModes): Omit<HotlineChange, 'planOf'> {
  const fields = readFields(field, [], ['within', 'skills']);
  const withinMs = fields?.within && readDurationMs(fields.within, 0, WITHIN_MS_MAX);
  const skills = fields?.skills === undefined ? [] : readEntries(fields.skills, NAME, hotlines.skills.size + 1);
  const times = skills.flatMap(({ keyField, value }) => {
    const skill = readKnown(keyField, hotlines.skills);
    const onlyMs = readDurationMs(value, 0, WITHIN_MS_MAX);
    return skill === undefined || onlyMs === undefined ? [] : [[skill, onlyMs] as const];
  });
  return { withinMsOf: new Map(times), ...(withinMs === undefined ? {} : { withinMs }) };
}

function readChange(field: Field, known: KnownToModes): NonNullable<ModeSetting['queues']>[string] {
  const fields = readFields(field, [], ['plan', 'messages', 'ring', 'wrapUp', 'waitingMax', 'floor', 'bound']);
  const plan = fields?.plan && readKnown(fields.plan, known.plans);
  const messages = fields?.messages && readKnown(fields.messages, known.messages);
  const ringMs = fields?.ring && readDurationMs(fields.ring, 5_000, 120_000);
  const wrapUpMs = fields?.wrapUp && readDurationMs(fields.wrapUp, 0, 600_000);
  const waitingMax = fields?.waitingMax && readWhole(fields.waitingMax, 1, 10_000);
  const floor = fields?.floor && readWhole(fields.floor, 1, 100);
  const boundMs = fields?.bound && readDurationMs(fields.bound, 10_000, 3_600_000);
  return {
    ...(plan === undefined ? {} : { plan }),
    ...(messages === undefined ? {} : { messages }),
    ...(ringMs === undefined ? {} : { ringMs }),
    ...(wrapUpMs === undefined ? {} : { wrapUpMs }),
    ...(waitingMax === undefined ? {} : { waitingMax }),
    ...(floor === undefined ? {} : { floor: floor / 100 }),
    ...(boundMs === undefined ? {} : { boundMs }),
  };
}

function sayNoNumber(field: Field, number: string): void {
  complain(
    field,
    [`没有流程或归并热线接听号码 ${number}。`, `No flow or merged hotline answers the number ${number}.`],
    ['请写已有的号码。', 'Write a number that is answered.'],
  );
}

/** Each condition is there once: a second mode for it would be proposed as soon as the first holds, and the first again after that. */
function readRules(field: Field): readonly ModeRule[] {
  const found = new Map<string, { readonly path: string; readonly mode: ModeName }>();
  return readList(field, RULES_MAX).flatMap((each) => {
    const rule = readRule(each);
    if (rule === undefined) return [];
    const { mode, waitingOver = '', waitingUnder = '' } = rule;
    const condition = `${waitingOver}/${waitingUnder}`;
    const before = found.get(condition);
    if (before === undefined) found.set(condition, { path: each.path, mode });
    else sayTwice(each, mode, before);
    return rule;
  });
}

function sayTwice(field: Field, mode: ModeName, before: { readonly path: string; readonly mode: ModeName }): void {
  if (mode === before.mode) {
    complain(
      field,
      [
        `“${before.path}”已在同样的条件下建议 ${mode}。`,
        `"${before.path}" proposes ${mode} on the same condition already.`,
      ],
      ['请删去重复的一条。', 'Remove one of the two.'],
    );
    return;
  }
  complain(
    field,
    [
      `“${before.path}”在同样的条件下建议 ${before.mode}，与 ${mode} 矛盾。`,
      `"${before.path}" proposes ${before.mode} on the same condition, which contradicts ${mode}.`,
    ],
    ['请删去其中一条，或改写条件。', 'Remove one of the two, or write another condition.'],
  );
}

function readRule(field: Field): ModeRule | undefined {
  const fields = readFields(field, ['mode', 'for'], ['waitingOver', 'waitingUnder']);
  if (fields === undefined) return undefined;
  const mode = readChoice(fields.mode, ['normal', ...MODES] as const);
  const forMs = readDurationMs(fields.for, 1_000, 86_400_000);
  const waitingOver = fields.waitingOver && readWhole(fields.waitingOver, 0, WAITING_MAX);
  const waitingUnder = fields.waitingUnder && readWhole(fields.waitingUnder, 1, WAITING_MAX);
  if (waitingOver === undefined && waitingUnder === undefined) {
    return complain(
      field,
      ['这条规则没有写条件。', 'This rule has no condition.'],
      ['请写 waitingOver 或 waitingUnder。', 'Write waitingOver or waitingUnder.'],
    );
  }
  if (waitingOver !== undefined && waitingUnder !== undefined && waitingUnder - waitingOver < 2) {
    return complain(
      field,
      [
        `不会有人数既多于 ${waitingOver} 又少于 ${waitingUnder}，这条规则不会成立。`,
        `No number is over ${waitingOver} and under ${waitingUnder}: this rule never holds.`,
      ],
      [
        'waitingUnder 至少比 waitingOver 大 2；或只写其中一项。',
        'Let waitingUnder be larger than waitingOver by 2 at least, or write only one of them.',
      ],
    );
  }
  if (mode === undefined || forMs === undefined) return undefined;
  return {
    mode,
    forMs,
    ...(waitingOver === undefined ? {} : { waitingOver }),
    ...(waitingUnder === undefined ? {} : { waitingUnder }),
  };
}
