import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const CORE = new URL('../../src/core/', import.meta.url).pathname;
const TESTS = new URL('../', import.meta.url).pathname;

const byId = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });
const rules = [...readFileSync(`${CORE}RULES.md`, 'utf8').matchAll(/^- \*\*([A-Z]\d+)\*\*/gm)].map(
  (match) => match[1]!,
);

/** `F3` and every number of `Q1–Q6`, from comments and quoted reasons. */
function cited(source: string): string[] {
  const single = [...source.matchAll(/(?<![\w-])([ABCDEFGHKLMOPQRSTUVWY]\d{1,2})(?![\w-])/g)].map((match) => match[1]!);
  const ranges = [...source.matchAll(/\b([A-Z])(\d+)–[A-Z]?(\d+)\b/g)].flatMap(([, letter, from, to]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => `${letter}${Number(from) + index}`),
  );
  return [...single, ...ranges];
}

function sources(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

test('no rule number is given twice, and none is left out', () => {
  expect(new Set(rules).size).toBe(rules.length);
  for (const letter of new Set(rules.map((rule) => rule[0]!))) {
    const numbers = rules.filter((rule) => rule.startsWith(letter)).map((rule) => Number(rule.slice(1)));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  }
});

test('every rule is cited by the code that keeps it, and the code cites no rule that is not written', () => {
  const inCode = [...new Set(sources(CORE, '.ts').flatMap(cited))].sort(byId);
  expect(inCode).toEqual([...rules].sort(byId));
});

test('titles of tests cite only rules that are written', () => {
  const titles = ['core', 'runtime']
    .flatMap((folder) => sources(join(TESTS, folder), '.ts'))
    .flatMap((source) => [...source.matchAll(/\[([A-Z]\d+)\]/g)].map((match) => match[1]!));
  expect(titles.length).toBeGreaterThan(0);
  expect(titles.filter((rule) => !rules.includes(rule))).toEqual([]);
});

test('every rule is named by the title of a test that shows it', () => {
  const scripts = ['core', 'sim'].flatMap((folder) => sources(join(TESTS, folder), '.ts'));
  const told = sources(join(TESTS, 'core/scenarios'), '.txt').map((text) => text.split('\n', 1)[0]!);
  const shown = new Set(
    [...scripts, ...told].flatMap((text) => [...text.matchAll(/\[([A-Z]\d+)\]/g)].map(([, id]) => id!)),
  );
  expect(rules.filter((rule) => !shown.has(rule))).toEqual([]);
});
