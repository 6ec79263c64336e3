import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compileTemplate, parse } from 'vue/compiler-sfc';
import { en } from '../../src/desk/language/en.ts';
import { zh } from '../../src/desk/language/zh.ts';

const root = join(import.meta.dirname, '../../src/desk');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(vue|ts)$/.test(name));
/** The number itself and names of keys are the same in every language. */
const SAME_EVERYWHERE = /^(12345|F\d{1,2}|Esc|Ctrl ?\+ ?\w+|Alt \+ 1…9|[—*#/、.:\s\d]*)$/;
/** Attributes that people read. */
const READ = new Set(['title', 'alt', 'placeholder', 'aria-label', 'label']);

interface Node {
  readonly type: number;
  readonly content?: string | Node;
  readonly children?: readonly Node[];
  readonly props?: readonly {
    readonly type: number;
    readonly name: string;
    readonly value?: { readonly content: string };
  }[];
}

function textsOf(node: Node): string[] {
  const own = node.type === 2 && typeof node.content === 'string' ? [node.content.trim()] : [];
  const read = (node.props ?? [])
    .filter(({ type, name }) => type === 6 && READ.has(name))
    .map(({ value }) => value?.content.trim() ?? '');
  return [...own, ...read, ...(node.children ?? []).flatMap(textsOf)];
}

test('no template says anything by itself: every text comes from the language files', () => {
  const said: string[] = [];
  for (const file of files.filter((name) => name.endsWith('.vue'))) {
    const { descriptor } = parse(readFileSync(join(root, file), 'utf8'));
    const { ast } = compileTemplate({ source: descriptor.template!.content, filename: file, id: 'x' });
    for (const text of textsOf(ast as unknown as Node))
      if (!SAME_EVERYWHERE.test(text.replace(/&nbsp;|\u00a0/g, ''))) said.push(`${file}: ${text}`);
  }
  expect(said).toEqual([]);
});

test('no code of the page holds Chinese but the language files, and the names of what a script leaves open', () => {
  const placeholders = /^\s*(工号|线路|时段): /;
  const said = files
    .filter((name) => !name.startsWith('language/'))
    .flatMap((name) =>
      readFileSync(join(root, name), 'utf8')
        .split('\n')
        .filter((line) => /['"`>][^'"`]*\p{Script=Han}/u.test(line) && !/^\s*(\/\*\*|\/\/|\*)/.test(line))
        .filter((line) => !placeholders.test(line))
        .map((line) => `${name}: ${line.trim()}`),
    );
  expect(said).toEqual([]);
});

test('both languages say everything, and say it', () => {
  const leaves = (value: unknown, way = ''): [string, unknown][] =>
    value !== null && typeof value === 'object'
      ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${way}.${key}`))
      : [[way, value]];
  const english = new Map(leaves(en));
  for (const [way, text] of leaves(zh)) {
    expect(english.has(way), way).toBe(true);
    if (typeof text === 'string') expect(text.trim(), way).not.toBe('');
  }
  expect(english.size).toBe(leaves(zh).length);
});
