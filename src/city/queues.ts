import type { CallBackSetting, Language, QueueHours, QueueSetting, RatingSetting } from '../core/settings.ts';
import {
  type Entry,
  NAME,
  readChoice,
  readDurationMs,
  readEntries,
  readFields,
  readText,
  readWhole,
} from './fields.ts';
import { readPromptIds } from './flows.ts';
import { ENGLISH_PROMPTS } from './known-prompts.ts';
import { inEnglish } from './prompts.ts';
import { complain, type Field } from './yaml-file.ts';

export const QUEUES_MAX = 50;
/** Named of those that are missing. */
const MISSING_SHOWN_MAX = 5;

export interface ReadQueues {
  readonly queues: Readonly<Record<string, QueueSetting>>;
  /** Also of queues with a mistake in them: who refers to one is not to blame. */
  readonly names: ReadonlySet<string>;
  /** Undefined when a queue's skill could not be read. */
  readonly skills: ReadonlySet<string> | undefined;
}

/** Undefined: the file that holds them could not be read. */
export interface KnownNames {
  readonly plans: ReadonlySet<string>;
  readonly messages: ReadonlySet<string>;
  readonly hours: ReadonlySet<string> | undefined;
  readonly prompts: Pick<ReadonlySet<string>, 'has'> | undefined;
}

export function readQueues(top: Field, known: KnownNames): ReadQueues {
  const fields = readFields(top, ['queues']);
  const entries = fields === undefined ? [] : readEntries(fields.queues, NAME, QUEUES_MAX);
  const queues = entries.flatMap((entry) => readQueue(entry, known) ?? []);
  checkHours(entries, queues, known);
  return {
    queues: Object.fromEntries(queues.map((queue) => [queue.name, queue])),
    names: new Set(entries.map((entry) => entry.key)),
    skills: queues.length < entries.length ? undefined : new Set(queues.map((queue) => queue.skill)),
  };
}

function readQueue({ key: name, value }: Entry, { plans, messages, prompts }: KnownNames): QueueSetting | undefined {
  const fields = readFields(
    value,
    ['skill', 'ring', 'wrapUp', 'positionFirst', 'positionEvery', 'waitingMax'],
    ['return', 'plan', 'messages', 'floor', 'bound', 'hours', 'closed', 'rating', 'callback', 'language'],
  );
  if (fields === undefined) return undefined;
  const skill = readText(fields.skill, NAME);
  const ringMs = readDurationMs(fields.ring, 5_000, 120_000);
  const wrapUpMs = readDurationMs(fields.wrapUp, 0, 600_000);
  const positionFirstMs = readDurationMs(fields.positionFirst, 5_000, 600_000);
  const positionEveryMs = readDurationMs(fields.positionEvery, 10_000, 600_000);
  const waitingMax = readWhole(fields.waitingMax, 1, 10_000);
  if (skill === undefined || ringMs === undefined || wrapUpMs === undefined) return undefined;
  if (positionFirstMs === undefined || positionEveryMs === undefined || waitingMax === undefined) return undefined;
  const hours = readHours(value, fields.hours, fields.closed);
  const plan = fields.plan && readText(fields.plan, NAME);
  if (plan !== undefined && !plans.has(plan)) sayNone(fields.plan!, 'plans.yaml', plan, plans);
  const said = fields.messages && readText(fields.messages, NAME);
  if (said !== undefined && !messages.has(said)) sayNone(fields.messages!, 'messages.yaml', said, messages);
  const floor = fields.floor && readWhole(fields.floor, 1, 100);
  const returnMs = fields.return && readDurationMs(fields.return, 0, 300_000);
  const boundMs = fields.bound && readDurationMs(fields.bound, 10_000, 3_600_000);
  const rating = fields.rating && readRating(fields.rating, prompts);
  const callBack = fields.callback && readCallBack(fields.callback);
  const language = fields.language && readLanguage(fields.language, prompts);
  const times = { ringMs, wrapUpMs, positionFirstMs, positionEveryMs };
  return {
    ...{ name, skill, ...times, waitingMax },
    ...(language === undefined ? {} : { language }),
    ...(returnMs === undefined ? {} : { returnMs }),
    ...(plan === undefined ? {} : { plan }),
    ...(said === undefined ? {} : { messages: said }),
    ...(floor === undefined ? {} : { floor: floor / 100 }),
    ...(boundMs === undefined ? {} : { boundMs }),
    ...(hours && { hours }),
    ...(rating && { rating }),
    ...(callBack && { callBack }),
  };
}

/** Recorded as a whole, for a place in the queue that is read in two languages is understood in neither. */
function readLanguage(field: Field, known: KnownNames['prompts']): Language | undefined {
  const language = readChoice(field, ['en'] as const);
  const missing = ENGLISH_PROMPTS.filter((id) => known?.has(inEnglish(id)) === false);
  if (language === undefined || missing.length === 0) return language;
  const ids = missing.slice(0, MISSING_SHOWN_MAX).join('、');
  return complain(
    field,
    [
      `缺少 ${missing.length} 条英文语音：${ids}。`,
      `${missing.length} prompts are missing in English, such as ${missing.slice(0, MISSING_SHOWN_MAX).join(', ')}.`,
    ],
    ['请写在 prompts.yaml 的 english 下。', 'Add them under english in prompts.yaml.'],
  );
}

function readCallBack(field: Field): CallBackSetting | undefined {
  const fields = readFields(field, ['after', 'ahead', 'tries', 'pause', 'ring']);
  if (fields === undefined) return undefined;
  const afterMs = readDurationMs(fields.after, 5_000, 3_600_000);
  const ahead = readWhole(fields.ahead, 1, 1_000);
  const tries = readWhole(fields.tries, 1, 10);
  const pauseMs = readDurationMs(fields.pause, 10_000, 3_600_000);
  const ringMs = readDurationMs(fields.ring, 10_000, 120_000);
  if (afterMs === undefined || ahead === undefined || tries === undefined) return undefined;
  if (pauseMs === undefined || ringMs === undefined) return undefined;
  return { afterMs, ahead, tries, pauseMs, ringMs };
}

function readRating(field: Field, known: KnownNames['prompts']): RatingSetting | undefined {
  const fields = readFields(field, ['say', 'wait', 'thanks']);
  const waitMs = fields && readDurationMs(fields.wait, 2_000, 30_000);
  if (waitMs === undefined) return undefined;
  const [prompts, thanks] = [readPromptIds(fields!.say), readPromptIds(fields!.thanks)];
  for (const prompt of [...prompts, ...thanks]) {
    if (known?.has(prompt) === false) sayNone(field, 'prompts.yaml', prompt, new Set());
  }
  return { prompts, thanks, waitMs };
}

function readHours(queue: Field, calendar: Field | undefined, closed: Field | undefined): QueueHours | undefined {
  if (calendar === undefined && closed === undefined) return undefined;
  if (calendar === undefined || closed === undefined) {
    return complain(
      calendar ?? closed ?? queue,
      ['hours 和 closed 要一起写。', 'There must be both hours and closed, or neither.'],
      [
        '例如：hours: office, closed: { say: [CLS-01], queue: personal }。',
        'For example: hours: office, closed: { say: [CLS-01], queue: personal }.',
      ],
    );
  }
  const name = readText(calendar, NAME);
  const fields = readFields(closed, ['say', 'queue']);
  const closedQueue = fields && readText(fields.queue, NAME);
  if (name === undefined || closedQueue === undefined) return undefined;
  return { calendar: name, closedQueue, closedPrompts: readPromptIds(fields!.say) };
}

/** What a queue names must be there, and who stands in for a closed queue must be open always. */
function checkHours(entries: readonly Entry[], queues: readonly QueueSetting[], known: KnownNames): void {
  for (const { hours, name } of queues) {
    const field = entries.find(({ key }) => key === name)!.value;
    if (hours === undefined) continue;
    if (known.hours?.has(hours.calendar) === false) sayNone(field, 'hours.yaml', hours.calendar, known.hours);
    for (const prompt of hours.closedPrompts) {
      if (known.prompts?.has(prompt) === false) sayNone(field, 'prompts.yaml', prompt, new Set());
    }
    const open = queues.filter((queue) => queue.hours === undefined).map((queue) => queue.name);
    if (!open.includes(hours.closedQueue)) sayNone(field, 'queues.yaml', hours.closedQueue, new Set(open));
  }
}

function sayNone(field: Field, file: string, name: string, names: ReadonlySet<string>): void {
  const some = [...names];
  complain(
    field,
    [`${file} 里没有可用的“${name}”。`, `There is no "${name}" in ${file} that can be used here.`],
    some.length === 0
      ? ['请先在那里加上它。', 'Add it there first.']
      : [`可用的：${some.join('、')}。`, `Use one of: ${some.join(', ')}.`],
  );
}
