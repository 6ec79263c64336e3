import type { QueueSetting } from '../core/settings.ts';
import { type Entry, NAME, readDurationMs, readEntries, readFields, readText, readWhole } from './fields.ts';
import type { Field } from './yaml-file.ts';

export const QUEUES_MAX = 50;

export interface ReadQueues {
  readonly queues: Readonly<Record<string, QueueSetting>>;
  /** Also of queues with a mistake in them: who refers to one is not to blame. */
  readonly names: ReadonlySet<string>;
  /** Undefined when a queue's skill could not be read. */
  readonly skills: ReadonlySet<string> | undefined;
}

export function readQueues(top: Field): ReadQueues {
  const fields = readFields(top, ['queues']);
  const entries = fields === undefined ? [] : readEntries(fields.queues, NAME, QUEUES_MAX);
  const queues = entries.flatMap((entry) => readQueue(entry) ?? []);
  return {
    queues: Object.fromEntries(queues.map((queue) => [queue.name, queue])),
    names: new Set(entries.map((entry) => entry.key)),
    skills: queues.length < entries.length ? undefined : new Set(queues.map((queue) => queue.skill)),
  };
}

function readQueue({ key: name, value }: Entry): QueueSetting | undefined {
  const fields = readFields(value, ['skill', 'ring', 'wrapUp', 'positionFirst', 'positionEvery', 'waitingMax']);
  if (fields === undefined) return undefined;
  const skill = readText(fields.skill, NAME);
  const ringMs = readDurationMs(fields.ring, 5_000, 120_000);
  const wrapUpMs = readDurationMs(fields.wrapUp, 0, 600_000);
  const positionFirstMs = readDurationMs(fields.positionFirst, 5_000, 600_000);
  const positionEveryMs = readDurationMs(fields.positionEvery, 10_000, 600_000);
  const waitingMax = readWhole(fields.waitingMax, 1, 10_000);
  if (skill === undefined || ringMs === undefined || wrapUpMs === undefined) return undefined;
  if (positionFirstMs === undefined || positionEveryMs === undefined || waitingMax === undefined) return undefined;
  return { name, skill, ringMs, wrapUpMs, positionFirstMs, positionEveryMs, waitingMax };
}
