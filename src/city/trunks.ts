import { isIP } from 'node:net';
import type { Trunk } from './city.ts';
import { DIGITS, NAME, readChoice, readFields, readList, readText, type TextRule } from './fields.ts';
import { complain, type Field } from './yaml-file.ts';

export const TRUNKS_MAX = 100;
const NETWORKS_MAX = 200;
const NUMBERS_MAX = 100;

const CIDR_TEXT: TextRule = {
  pattern: /^[0-9A-Fa-f.:]{2,45}\/[0-9]{1,3}$/,
  looks: ['CIDR 网段，例如 10.1.2.0/24 或 10.1.2.3/32', 'a network in CIDR form, such as 10.1.2.0/24 or 10.1.2.3/32'],
};

/** `lines` are the numbers that a flow answers, `merged` those of hotlines, active or not. Undefined: not known. */
export function readTrunks(
  top: Field,
  lines: ReadonlySet<string> | undefined,
  merged: readonly string[],
): readonly Trunk[] {
  const fields = readFields(top, ['trunks']);
  if (fields === undefined) return [];
  const names = new Set<string>();
  return readList(fields.trunks, TRUNKS_MAX).flatMap((field) => readTrunk(field, lines, merged, names));
}

function readTrunk(
  field: Field,
  lines: ReadonlySet<string> | undefined,
  merged: readonly string[],
  names: Set<string>,
): readonly Trunk[] {
  const fields = readFields(field, ['name', 'from', 'numbers'], ['hotlines']);
  if (fields === undefined) return [];
  const name = readText(fields.name, NAME);
  const from = readList(fields.from, NETWORKS_MAX).flatMap(readNetwork);
  const numbers = readList(fields.numbers, NUMBERS_MAX).flatMap((number) => readNumber(number, lines));
  const hotlines = fields.hotlines && readChoice(fields.hotlines, ['all', 'none']);
  if (name === undefined) return [];
  if (names.has(name)) {
    complain(
      fields.name,
      [`中继“${name}”写了两次。`, `The trunk "${name}" is there twice.`],
      ['请为每条中继取不同的名称。', 'Give every trunk a name of its own.'],
    );
  }
  names.add(name);
  return [{ name, from, numbers: [...new Set([...numbers, ...(hotlines === 'all' ? merged : [])])] }];
}

function readNetwork(field: Field): readonly string[] {
  const text = readText(field, CIDR_TEXT);
  if (text === undefined) return [];
  const [address = '', prefix = ''] = text.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (Number(prefix) <= bits) return [text];
  complain(
    field,
    [`“${text}”不是有效的网段。`, `"${text}" is not a network.`],
    [`请改为：${CIDR_TEXT.looks[0]}。`, `Write ${CIDR_TEXT.looks[1]}.`],
  );
  return [];
}

/** A number that a flow answers; complains of another. */
export function readNumber(field: Field, lines: ReadonlySet<string> | undefined): readonly string[] {
  const number = readText(field, DIGITS);
  if (number === undefined) return [];
  if (lines !== undefined && !lines.has(number)) {
    complain(
      field,
      [`号码 ${number} 没有流程接听。`, `No flow answers the number ${number}.`],
      [
        `请写进 flows 中某个流程的 numbers，或改为：${[...lines].join('、')}。`,
        `Add it to the numbers of a flow, or use one of: ${[...lines].join(', ')}.`,
      ],
    );
  }
  return [number];
}
