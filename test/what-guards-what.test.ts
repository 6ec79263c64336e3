import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'src/decisions/0021-what-guards-what.md'), 'utf8');

/** `test/x.test.ts`: “title”, “title”; the next file… */
function namedIn(text: string): { file: string; title: string }[] {
  return [...text.matchAll(/`(test\/[^`]+\.test\.ts)`:((?:,? “[^”]+”(?: \([^)]*\))?)+)/g)].flatMap(([, file, titles]) =>
    [...titles!.matchAll(/“([^”]+)”/g)].map(([, title]) => ({ file: file!, title: title! })),
  );
}

test('every row of the table of controls names tests, and each of them is there', () => {
  const rows = page.split('\n').filter((line) => /^\| (?!threat)/.test(line));
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((row) => namedIn(row).length === 0)).toEqual([]);
  const gone = rows
    .flatMap(namedIn)
    .filter(({ file, title }) => !readFileSync(join(root, file), 'utf8').includes(title))
    .map(({ file, title }) => `${file}: ${title}`);
  expect(gone).toEqual([]);
});
