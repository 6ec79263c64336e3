import type { Grade } from '../core/event.ts';
import type { GradeSetting } from '../core/settings.ts';
import { readDurationMs, readFields, readKnown, readList } from './fields.ts';
import { QUEUES_MAX } from './queues.ts';
import type { Field } from './yaml-file.ts';

const GRADES = ['business', 'expert', 'emergency'] as const satisfies readonly Grade[];

/** `queues`: undefined when that file could not be read. */
export interface KnownToGrades {
  readonly plans: ReadonlySet<string>;
  readonly queues: ReadonlySet<string> | undefined;
}

/** grades.yaml (domain guide S0-010): who has callers of each grade, and how much earlier. */
export function readGrades(top: Field, known: KnownToGrades): Readonly<Partial<Record<Grade, GradeSetting>>> {
  const fields = readFields(top, ['grades']);
  const grades = fields && readFields(fields.grades, [], GRADES);
  if (grades === undefined) return {};
  const read = GRADES.flatMap((name) => {
    const setting = grades[name] && readGrade(grades[name], known);
    return setting === undefined ? [] : [[name, setting] as const];
  });
  return Object.fromEntries(read);
}

function readGrade(field: Field, { plans, queues }: KnownToGrades): GradeSetting | undefined {
  const fields = readFields(field, ['headStart'], ['plan', 'queues']);
  const headStartMs = fields && readDurationMs(fields.headStart, 0, 3_600_000);
  const plan = fields?.plan && readKnown(fields.plan, plans);
  const named = fields?.queues && readList(fields.queues, QUEUES_MAX);
  const forQueues = queues && named?.flatMap((each) => readKnown(each, queues) ?? []);
  if (headStartMs === undefined) return undefined;
  return {
    headStartMs,
    ...(plan === undefined ? {} : { plan }),
    ...(forQueues === undefined ? {} : { queues: forQueues }),
  };
}
