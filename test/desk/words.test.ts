import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'vue/compiler-sfc';
import { en } from '../../src/desk/language/en.ts';
import { zh } from '../../src/desk/language/zh.ts';

const root = join(import.meta.dirname, '../../src/desk');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(vue|ts)$/.test(name));
/** The number itself, names of keys and signs are the same in every language. */
const SAME_EVERYWHERE = /^(12345|F\d{1,2}|Esc|Enter|Ctrl ?\+ ?\w+|Alt \+ 1…9|[—–→·×+*#/、.:\s\d]*)$/;
/** Attributes that people read. */
const READ = new Set(['title', 'alt', 'placeholder', 'aria-label', 'label']);

/** Of a template as it is written: an element, a text, an interpolation. */
interface Node {
  readonly type: number;
  readonly content?: string | { readonly content: string };
  readonly children?: readonly Node[];
  readonly props?: readonly {
    readonly type: number;
    readonly name: string;
    readonly value?: { readonly content: string };
    readonly arg?: { readonly content: string };
    readonly exp?: { readonly content: string };
  }[];
}

const [TEXT, INTERPOLATION, ATTRIBUTE, DIRECTIVE] = [2, 5, 6, 7];

/** Words, not keys: `words.roles['agent']` and `words.of(item, 'agent')` say nothing by themselves. */
function literalsOf(expression: string): string[] {
  const spoken = expression.replace(/\[[^\]]*\]|\([^()]*\)|[=!]== '[^']*'/g, '');
  return [...spoken.matchAll(/'([^']*)'|`((?:[^`$]|\$\{[^}]*\})*)`/g)]
    .map(([, plain = '', template = '']) => plain + template.replace(/\$\{[^}]*\}/g, ''))
    .filter((text) => text.trim() !== '');
}

function textsOf(node: Node): string[] {
  const { type, content, props = [], children = [] } = node;
  const own = type === TEXT && typeof content === 'string' ? [content.trim()] : [];
  const told = type === INTERPOLATION && typeof content === 'object' ? literalsOf(content.content) : [];
  const read = props.flatMap((prop) => {
    if (prop.type === ATTRIBUTE && READ.has(prop.name)) return [prop.value?.content.trim() ?? ''];
    return prop.type === DIRECTIVE && READ.has(prop.arg?.content ?? '') ? literalsOf(prop.exp?.content ?? '') : [];
  });
  return [...own, ...told, ...read, ...children.flatMap(textsOf)];
}

test('no template says anything by itself: every text comes from the language files', () => {
  const said: string[] = [];
  for (const file of files.filter((name) => name.endsWith('.vue'))) {
    const { descriptor } = parse(readFileSync(join(root, file), 'utf8'));
    for (const text of textsOf(descriptor.template!.ast as unknown as Node))
      if (!SAME_EVERYWHERE.test(text.replace(/&nbsp;|\u00a0/g, ''))) said.push(`${file}: ${text}`);
  }
  expect(said).toEqual([]);
});

test('what the pages without components stand on says nothing by itself, but the name of the hotline', () => {
  for (const file of ['call/index.html', 'chat/index.html', 'index.html']) {
    const [, , body = ''] = readFileSync(join(root, file), 'utf8').split(/<body>|<\/head>/);
    expect([file, body.replace(/<[^>]*>/g, '').trim()]).toEqual([file, '']);
  }
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
