import type { DialOut } from './city.ts';
import { readFields, readList, readText, type TextRule } from './fields.ts';
import { readNumber } from './trunks.ts';
import { complain, type Field } from './yaml-file.ts';

const NUMBERS_MAX = 500;
/** What a switch dials (`isDiallable`). */
const NUMBER: TextRule = {
  pattern: /^[0-9]{3,20}$/,
  looks: ['带引号的 3 到 20 位数字，例如 "110"', '3 to 20 digits in quotes, such as "110"'],
};
const TITLE: TextRule = {
  pattern: /^\S.{0,38}\S$|^\S$/,
  looks: ['1 到 40 个字的名称', 'a name of 1 to 40 characters'],
};

/** dial-out.yaml: what agents may call, and under which number of ours. `lines`: those that a flow answers; undefined: not known. */
export function readDialOut(top: Field, lines: ReadonlySet<string> | undefined): DialOut | undefined {
  const fields = readFields(top, ['line', 'numbers']);
  if (fields === undefined) return undefined;
  const [line] = readNumber(fields.line, lines);
  const taken = new Set<string>();
  const numbers = readList(fields.numbers, NUMBERS_MAX).flatMap((field) => {
    const entry = readFields(field, ['number', 'name']);
    const number = entry && readText(entry.number, NUMBER);
    const name = entry && readText(entry.name, TITLE);
    if (entry === undefined || number === undefined || name === undefined) return [];
    if (taken.has(number)) {
      complain(
        entry.number,
        [`号码 ${number} 写了两次。`, `The number ${number} is there twice.`],
        ['请删去重复的一行。', 'Remove one of the two.'],
      );
    }
    taken.add(number);
    return [{ number, name }];
  });
  return line === undefined ? undefined : { line, numbers };
}
