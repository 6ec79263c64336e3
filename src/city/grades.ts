import type { Grade } from '../core/event.ts';
import type { GradeSetting } from '../core/settings.ts';
import { readDurationMs, readFields, readKnown } from './fields.ts';
import type { Field } from './yaml-file.ts';

const GRADES = ['business', 'expert', 'emergency'] as const satisfies readonly Grade[];

/** grades.yaml (domain guide S0-010): who has callers of each grade, and how much earlier. */
export function readGrades(top: Field, plans: ReadonlySet<string>): Readonly<Partial<Record<Grade, GradeSetting>>> {
  const fields = readFields(top, ['grades']);
  const grades = fields && readFields(fields.grades, [], GRADES);
  if (grades === undefined) return {};
  const read = GRADES.flatMap((name) => {
    const setting = grades[name] && readGrade(grades[name], plans);
    return setting === undefined ? [] : [[name, setting] as const];
  });
  return Object.fromEntries(read);
}

function readGrade(field: Field, plans: ReadonlySet<string>): GradeSetting | undefined {
  const fields = readFields(field, ['headStart'], ['plan']);
  const headStartMs = fields && readDurationMs(fields.headStart, 0, 3_600_000);
  const plan = fields?.plan && readKnown(fields.plan, plans);
  return headStartMs === undefined ? undefined : { headStartMs, ...(plan === undefined ? {} : { plan }) };
}
