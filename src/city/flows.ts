import { type Scalar, visit } from 'yaml';
import type { Flow, FlowStep, KnownCallers } from '../core/settings.ts';
import { type FlowProblem, STEPS_MAX } from './check.ts';
import {
  DIGITS,
  type Entry,
  hasName,
  NAME,
  PROMPT_ID,
  readChoice,
  readDurationMs,
  readEntries,
  readFields,
  readList,
  readText,
  readWhole,
  type TextRule,
} from './fields.ts';
import { complain, type Field } from './yaml-file.ts';

/** Prompts in one step. */
const PROMPTS_IN_STEP_MAX = 10;
const NUMBERS_MAX = 100;
/** Keys of a telephone. */
const KEYS_MAX = 12;
const CALLERS = ['elder', 'urgent', 'repeat'] as const;
/** Times that a wrong key is asked for again. */
const WRONG_TIMES_MAX = 3;

/** Anything short: whether it is a key of a telephone is the static check's to say. */
const KEY: TextRule = { pattern: /^.{1,10}$/, looks: ['按键 "0" 到 "9"、"*" 或 "#"', 'a key "0" to "9", "*" or "#"'] };

/** A flow with the places of its parts, so that what the static check finds can be shown where it stands. */
export interface PlacedFlow {
  readonly name: string;
  readonly flow: Flow;
  readonly numbers: readonly PlacedNumber[];
  readonly start: Field;
  readonly places: ReadonlyMap<string, Entry>;
}

export interface PlacedNumber {
  readonly number: string;
  readonly field: Field;
}

/** Undefined when the file lacks a part or a step cannot be read: the problems are noted. */
export function readFlow(name: string, top: Field): PlacedFlow | undefined {
  const fields = readFields(top, ['numbers', 'start', 'steps'], ['known']);
  if (fields === undefined) return undefined;
  const start = readText(fields.start, NAME);
  const entries = readEntries(fields.steps, NAME, STEPS_MAX);
  const places = new Map(entries.map((entry) => [entry.key, entry]));
  const read = entries.map((entry) => [entry.key, readStep(entry)] as const);
  const steps = read.filter((pair): pair is readonly [string, FlowStep] => pair[1] !== undefined);
  const numbers = readList(fields.numbers, NUMBERS_MAX).flatMap(readNumber);
  const known = fields.known && readKnownCallers(fields.known);
  if (start === undefined || steps.length < read.length) return undefined;
  const flow = { start, steps: Object.fromEntries(steps), ...(known && { known }) };
  return { name, flow, numbers, start: fields.start, places };
}

function readKnownCallers(field: Field): KnownCallers | undefined {
  const fields = readFields(field, [], ['direct', 'warned', 'limited']);
  if (fields === undefined) return undefined;
  const direct = fields.direct && readDirect(fields.direct);
  const [warned, limited] = [fields.warned, fields.limited].map((each) => each && readText(each, NAME));
  return {
    ...(direct && { direct }),
    ...(warned === undefined ? {} : { warned }),
    ...(limited === undefined ? {} : { limited }),
  };
}

function readDirect(field: Field): KnownCallers['direct'] {
  const fields = readFields(field, ['step', 'callers'], ['repeatHeadStart']);
  const step = fields && readText(fields.step, NAME);
  if (step === undefined) return undefined;
  const aheadMs = fields!.repeatHeadStart && readDurationMs(fields!.repeatHeadStart, 1_000, 3_600_000);
  const callers = readList(fields!.callers, CALLERS.length).flatMap((each) => readChoice(each, CALLERS) ?? []);
  return { step, callers, ...(aheadMs === undefined ? {} : { repeatHeadStartMs: aheadMs }) };
}

/** Where in the file a problem of the static check stands: at the very name it is about, else at its step, else at the flow's start. */
export function placeOf(placed: PlacedFlow, problem: FlowProblem): Field {
  const entry = placed.places.get(problem.step);
  if (entry === undefined) return placed.start;
  let found: Scalar | undefined;
  visit(entry.value.node, {
    Scalar: (_key, node) => {
      if (String(node.source ?? node.value) !== problem.about) return undefined;
      found = node;
      return visit.BREAK;
    },
  });
  return found === undefined ? entry.keyField : { ...entry.value, node: found };
}

function readNumber(field: Field): readonly PlacedNumber[] {
  const number = readText(field, DIGITS);
  return number === undefined ? [] : [{ number, field }];
}

function readStep({ keyField, value }: Entry): FlowStep | undefined {
  if (hasName(value, 'ask')) return readAsk(value);
  if (hasName(value, 'queue')) return readQueueStep(value);
  if (hasName(value, 'hours')) return readHoursStep(value);
  if (hasName(value, 'end')) return readEnd(value);
  if (hasName(value, 'say')) return readSay(value);
  return complain(
    keyField,
    ['这一步没有写要做什么。', 'This step does not say what to do.'],
    ['请写 say 和 then、ask、hours、queue 或 end。', 'Write say with then, or ask, hours, queue or end.'],
  );
}

function readSay(field: Field): FlowStep | undefined {
  const fields = readFields(field, ['say', 'then']);
  if (fields === undefined) return undefined;
  const prompts = readPromptIds(fields.say);
  const then = readText(fields.then, NAME);
  return then === undefined ? undefined : { kind: 'say', prompts, then };
}

function readAsk(field: Field): FlowStep | undefined {
  const fields = readFields(field, ['ask', 'wait', 'choose', 'none', 'wrong'], ['opening']);
  if (fields === undefined) return undefined;
  const wrong = readFields(fields.wrong, ['say', 'times', 'then']);
  const waitMs = readDurationMs(fields.wait, 1_000, 10_000);
  const none = readText(fields.none, NAME);
  const choose = readChoices(fields.choose);
  if (wrong === undefined) return undefined;
  const wrongMax = readWhole(wrong.times, 0, WRONG_TIMES_MAX);
  const wrongThen = readText(wrong.then, NAME);
  const wrongPrompts = readPromptIds(wrong.say);
  const opening = fields.opening ? readPromptIds(fields.opening) : [];
  const prompts = readPromptIds(fields.ask);
  if (waitMs === undefined || none === undefined || choose === undefined) return undefined;
  if (wrongMax === undefined || wrongThen === undefined) return undefined;
  return { kind: 'ask', opening, prompts, choose, waitMs, none, wrongPrompts, wrongMax, wrong: wrongThen };
}

function readChoices(field: Field): Record<string, string> | undefined {
  const entries = readEntries(field, KEY, KEYS_MAX).map((entry) => [entry.key, readText(entry.value, NAME)] as const);
  if (entries.some(([, target]) => target === undefined)) return undefined;
  return Object.fromEntries(entries as readonly (readonly [string, string])[]);
}

function readQueueStep(field: Field): FlowStep | undefined {
  const fields = readFields(field, ['queue'], ['say', 'plan', 'messages', 'headStart', 'behind']);
  const queue = fields && readText(fields.queue, NAME);
  if (fields === undefined || queue === undefined) return undefined;
  const plan = fields.plan && readText(fields.plan, NAME);
  const messages = fields.messages && readText(fields.messages, NAME);
  const aheadMs = fields.headStart && readDurationMs(fields.headStart, 1_000, 3_600_000);
  const behindMs = fields.behind && readDurationMs(fields.behind, 1_000, 3_600_000);
  const headStartMs = behindMs === undefined ? aheadMs : -behindMs;
  return {
    kind: 'queue',
    queue,
    prompts: fields.say ? readPromptIds(fields.say) : [],
    ...(plan === undefined ? {} : { plan }),
    ...(messages === undefined ? {} : { messages }),
    ...(headStartMs === undefined ? {} : { headStartMs }),
  };
}

function readHoursStep(field: Field): FlowStep | undefined {
  const fields = readFields(field, ['hours', 'open', 'closed']);
  const hours = fields && readText(fields.hours, NAME);
  const open = fields && readText(fields.open, NAME);
  const closed = fields && readText(fields.closed, NAME);
  if (hours === undefined || open === undefined || closed === undefined) return undefined;
  return { kind: 'hours', hours, open, closed };
}

function readEnd(field: Field): FlowStep | undefined {
  const fields = readFields(field, ['end']);
  return fields && { kind: 'end', prompts: readPromptIds(fields.end) };
}

export function sayNoPrompt(field: Field, prompt: string): void {
  complain(
    field,
    [`语音“${prompt}”不存在。`, `There is no prompt "${prompt}".`],
    ['请写 prompts.yaml 里有的编号，或在那里加上它。', 'Use an id of prompts.yaml, or add it there.'],
  );
}

export function readPromptIds(field: Field): readonly string[] {
  return readList(field, PROMPTS_IN_STEP_MAX).flatMap((item) => readText(item, PROMPT_ID) ?? []);
}
