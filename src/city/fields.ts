import { isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';
import type { Words } from './city.ts';
import { complain, type Field } from './yaml-file.ts';

/** What a text must look like, and how to say so. */
export interface TextRule {
  readonly pattern: RegExp;
  readonly looks: Words;
}

export const NAME: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9_-]{0,39}$/,
  looks: [
    '以字母开头的名称（字母、数字、- 和 _，最多 40 个）',
    'a name of letters, digits, - and _ that starts with a letter (at most 40)',
  ],
};
export const DIGITS: TextRule = {
  pattern: /^[0-9]{1,20}$/,
  looks: ['带引号的数字，例如 "12345"', 'digits in quotes, such as "12345"'],
};
export const PROMPT_ID: TextRule = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9-]{0,39}$/,
  looks: ['语音编号，例如 GRT-01', 'a prompt id such as GRT-01'],
};

export function readText(field: Field, rule: TextRule): string | undefined {
  const text = scalarText(field.node);
  if (text !== undefined && rule.pattern.test(text)) return text;
  return expected(field, rule.looks);
}

export function readChoice<Choice extends string>(field: Field, choices: readonly Choice[]): Choice | undefined {
  const text = scalarText(field.node);
  const found = choices.find((choice) => choice === text);
  return found ?? expected(field, [choices.join('、'), choices.join(', ')]);
}

/** A name that must be one of these. */
export function readKnown(field: Field, names: ReadonlySet<string>): string | undefined {
  const name = readText(field, NAME);
  if (name === undefined || names.has(name)) return name;
  return complain(
    field,
    [`没有“${name}”。`, `There is no "${name}".`],
    [`可用的名称：${[...names].join('、')}。`, `Use one of: ${[...names].join(', ')}.`],
  );
}

export function readWhole(field: Field, min: number, max: number): number | undefined {
  const text = scalarText(field.node) ?? '';
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  return expected(field, [`${min} 到 ${max} 的整数`, `a whole number from ${min} to ${max}`]);
}

/** `500ms`, `3s`, `2m`, as milliseconds. */
export function readDurationMs(field: Field, minMs: number, maxMs: number): number | undefined {
  const match = /^([0-9]{1,7})(ms|s|m)$/.exec(scalarText(field.node) ?? '');
  const valueMs =
    match === null ? Number.NaN : Number(match[1]) * { ms: 1, s: 1_000, m: 60_000 }[match[2] as 'ms' | 's' | 'm'];
  if (valueMs >= minMs && valueMs <= maxMs) return valueMs;
  const example = spellMs([3_000, 2 * minMs, minMs].find((each) => each >= minMs && each <= maxMs)!);
  return expected(field, [
    `${spellMs(minMs)} 到 ${spellMs(maxMs)} 的时长，例如 ${example}`,
    `a duration from ${spellMs(minMs)} to ${spellMs(maxMs)}, such as ${example}`,
  ]);
}

export function readList(field: Field, max: number): readonly Field[] {
  if (!isSeq(field.node)) {
    expected(field, ['一个列表', 'a list']);
    return [];
  }
  if (field.node.items.length > max) tooMany(field, max);
  return field.node.items
    .slice(0, max)
    .map((node, index) => within(field, `${field.path}[${index + 1}]`, node as Node));
}

export interface Entry {
  readonly key: string;
  /** Where the name itself stands. */
  readonly keyField: Field;
  readonly value: Field;
}

/** A map whose names the city chooses. */
export function readEntries(field: Field, rule: TextRule, max: number): readonly Entry[] {
  return rawEntries(field, max).filter((entry) => readText(entry.keyField, rule) !== undefined);
}

/** A map whose names are ours: every other name is a mistake, and so is a required one left out. */
export function readFields<Required extends string, Optional extends string = never>(
  field: Field,
  required: readonly Required[],
  optional: readonly Optional[] = [],
): (Readonly<Record<Required, Field>> & Readonly<Partial<Record<Optional, Field>>>) | undefined {
  const known: readonly string[] = [...required, ...optional];
  const found: Record<string, Field> = Object.create(null);
  for (const { key, keyField, value } of rawEntries(field, 1_000)) {
    if (known.includes(key)) found[key] = value;
    else unknownName(keyField, key, known);
  }
  if (!isMap(field.node)) return undefined;
  const missing = required.filter((name) => found[name] === undefined);
  for (const name of missing) {
    complain(
      field,
      [`${where(field)[0]}缺少“${name}”。`, `${where(field)[1]} lacks "${name}".`],
      [`请补上“${name}: …”。`, `Add "${name}: …".`],
    );
  }
  return missing.length > 0 ? undefined : (found as Record<Required, Field> & Partial<Record<Optional, Field>>);
}

/** True when the map has this name, whatever its value. Says nothing. */
export function hasName(field: Field, name: string): boolean {
  return isMap(field.node) && field.node.has(name);
}

function rawEntries(field: Field, max: number): readonly Entry[] {
  if (!isMap(field.node)) {
    expected(field, ['“名称: 值”的若干行', 'lines of the form "name: value"']);
    return [];
  }
  if (field.node.items.length > max) tooMany(field, max);
  return field.node.items.slice(0, max).map((pair) => {
    const key = scalarText(pair.key as Node) ?? '';
    const path = field.path === '' ? key : `${field.path}.${key}`;
    const keyField = within(field, path, pair.key as Node);
    // A name without a value is noted where the name stands.
    return {
      key,
      keyField,
      value:
        pair.value === null
          ? { ...keyField, node: emptyAt(pair.key as Node) }
          : within(field, path, pair.value as Node),
    };
  });
}

function emptyAt(key: Node): Node | null {
  if (!isScalar(key)) return null;
  const empty = key.clone();
  if (!isScalar(empty)) return null;
  empty.value = null;
  empty.source = '';
  empty.range = key.range ?? null;
  return empty;
}

function within(parent: Field, path: string, node: Node): Field {
  return { file: parent.file, path, node };
}

/** The text as written: `12345`, `007` and `"1"` alike, so that a number without its quotes keeps its zeros. */
function scalarText(node: Node | null): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}

function expected(field: Field, looks: Words): undefined {
  const shown = shownValue(field);
  return complain(
    field,
    [`${where(field)[0]}的值${shown}不合要求。`, `${where(field)[1]} cannot be ${shown}.`],
    [`请改为：${looks[0]}。`, `Write ${looks[1]}.`],
  );
}

function unknownName(field: Field, key: string, known: readonly string[]): void {
  complain(
    field,
    [`“${key}”不是这里可用的名称。`, `"${key}" is not a name used here.`],
    [`可用的名称：${known.join('、')}。`, `Use one of: ${known.join(', ')}.`],
  );
}

function tooMany(field: Field, max: number): void {
  complain(
    field,
    [`${where(field)[0]}的条目超过 ${max} 个。`, `${where(field)[1]} has more than ${max} entries.`],
    [`请减少到 ${max} 个以内。`, `Keep at most ${max}.`],
  );
}

export function where(field: Field): Words {
  return field.path === '' ? ['文件', 'The file'] : [`“${field.path}”`, `"${field.path}"`];
}

function shownValue(field: Field): string {
  if (isAlias(field.node)) return '*…';
  if (isMap(field.node)) return '{…}';
  if (isSeq(field.node)) return '[…]';
  const text = scalarText(field.node);
  return text === undefined ? '（空 / empty）' : `"${text.slice(0, 60)}"`;
}

function spellMs(valueMs: number): string {
  return valueMs % 1_000 === 0 ? `${valueMs / 1_000}s` : `${valueMs}ms`;
}
