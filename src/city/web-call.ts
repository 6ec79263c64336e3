import type { WebCall } from './city.ts';
import { readChoice, readDurationMs, readFields, readList, readWhole } from './fields.ts';
import { readNumber } from './trunks.ts';
import { complain, type Field } from './yaml-file.ts';

const NUMBERS_MAX = 100;
const CALLS_MAX = 1_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * web-call.yaml: what a page that anybody may open can call, and how much. `lines` are the numbers that a flow answers, `merged` those of
 * hotlines, active or not. Undefined: not known.
 */
export function readWebCall(
  top: Field,
  lines: ReadonlySet<string> | undefined,
  merged: readonly string[],
): WebCall | undefined {
  const fields = readFields(top, ['numbers', 'perAddress', 'atOnce'], ['hotlines']);
  if (fields === undefined) return undefined;
  const listed = readList(fields.numbers, NUMBERS_MAX).flatMap((number) => readNumber(number, lines));
  const hotlines = fields.hotlines && readChoice(fields.hotlines, ['all', 'none']);
  const perAddress = readFields(fields.perAddress, ['calls', 'within', 'atOnce']);
  const calls = perAddress && readWhole(perAddress.calls, 1, CALLS_MAX);
  const withinMs = perAddress && readDurationMs(perAddress.within, MINUTE_MS, DAY_MS);
  const each = perAddress && readWhole(perAddress.atOnce, 1, CALLS_MAX);
  const all = readWhole(fields.atOnce, 1, CALLS_MAX);
  if (listed.length === 0) {
    complain(
      fields.numbers,
      ['网页没有可拨的号码。', 'There is no number that the page could call.'],
      [
        '请至少写一个号码，第一个是网页按钮拨打的号码。',
        'Write at least one; the first is what the button of the page calls.',
      ],
    );
    return undefined;
  }
  if (calls === undefined || withinMs === undefined || each === undefined || all === undefined) return undefined;
  const numbers = [...new Set([...listed, ...(hotlines === 'all' ? merged : [])])];
  return { numbers, perAddress: { calls, withinMs }, atOnce: { all, each } };
}
