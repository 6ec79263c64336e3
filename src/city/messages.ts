import type { WaitMessage } from '../core/settings.ts';
import { NAME, readDurationMs, readEntries, readFields, readList } from './fields.ts';
import { readPromptIds, sayNoPrompt } from './flows.ts';
import { inEnglish } from './prompts.ts';
import { complain, type Field } from './yaml-file.ts';

export const MESSAGE_LISTS_MAX = 50;
const MESSAGES_MAX = 10;
const AFTER_MS_MIN = 5_000;
const EVERY_MS_MIN = 15_000;
const MS_MAX = 3_600_000;

export type Messages = Readonly<Record<string, readonly WaitMessage[]>>;

/** messages.yaml: what is said to those who wait. @param lengthsMs prompt id → how long it takes; undefined: that file could not be read. */
export function readMessages(top: Field, lengthsMs: ReadonlyMap<string, number> | undefined): Messages {
  const fields = readFields(top, ['messages']);
  const entries = fields === undefined ? [] : readEntries(fields.messages, NAME, MESSAGE_LISTS_MAX);
  return Object.fromEntries(
    entries.map(({ key, value }) => [
      key,
      readList(value, MESSAGES_MAX).flatMap((message) => readMessage(message, lengthsMs) ?? []),
    ]),
  );
}

function readMessage(field: Field, lengthsMs: ReadonlyMap<string, number> | undefined): WaitMessage | undefined {
  const fields = readFields(field, ['say', 'after'], ['every']);
  if (fields === undefined) return undefined;
  const prompts = readPromptIds(fields.say);
  const afterMs = readDurationMs(fields.after, AFTER_MS_MIN, MS_MAX);
  const everyMs = fields.every && readDurationMs(fields.every, EVERY_MS_MIN, MS_MAX);
  if (prompts.length === 0) sayNothing(fields.say);
  for (const prompt of prompts) if (lengthsMs?.has(prompt) === false) sayNoPrompt(fields.say, prompt);
  const lastsMs = prompts.reduce((sum, prompt) => sum + longestMs(prompt, lengthsMs), 0);
  if (everyMs !== undefined && lastsMs * 2 > everyMs) sayTooOften(fields.every!, lastsMs);
  if (afterMs === undefined) return undefined;
  return { prompts, afterMs, ...(everyMs === undefined ? {} : { everyMs }), lastsMs };
}

/** Of its languages: the queues that say it need not agree in theirs. */
function longestMs(prompt: string, lengthsMs: ReadonlyMap<string, number> | undefined): number {
  return Math.max(lengthsMs?.get(prompt) ?? 0, lengthsMs?.get(inEnglish(prompt)) ?? 0);
}

function sayNothing(field: Field): void {
  complain(
    field,
    ['这条播报没有写语音。', 'This message says nothing.'],
    ['请写 prompts.yaml 里的编号，例如 say: [QUE-04]。', 'Write ids of prompts.yaml, such as say: [QUE-04].'],
  );
}

function sayTooOften(field: Field, lastsMs: number): void {
  const seconds = Math.ceil(lastsMs / 1_000);
  complain(
    field,
    [
      `这条播报长 ${seconds} 秒，重复得太密。`,
      `This message takes ${seconds} s, which is too long to be said so often.`,
    ],
    [`请至少隔 ${seconds * 2} 秒。`, `Write ${seconds * 2}s or longer.`],
  );
}
