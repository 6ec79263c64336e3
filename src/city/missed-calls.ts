import type { MissedCallSetting } from '../core/settings.ts';
import { NAME, readDurationMs, readFields, readText, readWhole } from './fields.ts';
import { complain, type Field } from './yaml-file.ts';

const STANDING_MAX = 200;

/** missed-calls.yaml: by when and in which hours callers who were missed are called back. Undefined hours: that file could not be read. */
export function readMissedCalls(top: Field, hours: ReadonlySet<string> | undefined): MissedCallSetting | undefined {
  const fields = readFields(top, ['hours', 'within', 'afterOpening', 'standing']);
  if (fields === undefined) return undefined;
  const calendar = readText(fields.hours, NAME);
  const withinMs = readDurationMs(fields.within, 60_000, 86_400_000);
  const afterOpeningMs = readDurationMs(fields.afterOpening, 60_000, 86_400_000);
  const standingMax = readWhole(fields.standing, 1, STANDING_MAX);
  if (calendar === undefined || withinMs === undefined) return undefined;
  if (afterOpeningMs === undefined || standingMax === undefined) return undefined;
  if (hours?.has(calendar) === false) {
    return complain(
      fields.hours,
      [`hours.yaml 里没有“${calendar}”。`, `There is no "${calendar}" in hours.yaml.`],
      [`可用的：${[...hours].join('、')}。`, `Use one of: ${[...hours].join(', ')}.`],
    );
  }
  return { calendar, withinMs, afterOpeningMs, standingMax };
}
