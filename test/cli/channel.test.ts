import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Finding } from '../../src/cli/channel/finding.ts';

const root = join(import.meta.dirname, '../..');
// Beside `src`, as the folder of the channels is.
const folder = mkdtempSync(join(root, '.minhu-start-'));
const example = join(folder, 'paopao.ts');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function check(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.js', 'channel', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('the channels of the project hold against a faulty platform', () => {
  for (const name of ['telegram', 'webhook']) {
    const { status, stdout } = check('check', `channels/${name}.ts`);
    expect(stdout).not.toContain('✗');
    expect(stdout).toMatch(/^✓ .*429/m);
    expect(status).toBe(0);
  }
}, 120_000);

test('the channel that the guide builds in ten minutes passes as it stands there, and fails when it forgets the signature', () => {
  const guide = readFileSync(join(root, 'channels', 'README.md'), 'utf8');
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(guide) ?? [];
  const source = code.replace(/^ {3}/gm, '');
  expect(source).toContain("name: 'paopao'");
  writeFileSync(example, source);
  const good = check('check', example, '--json');
  const findings = good.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(findings.filter(({ ok }) => !ok)).toEqual([]);
  expect(good.status).toBe(0);
  writeFileSync(
    example,
    source.replace("sameSecret(headers['x-paopao-key'], key)", 'key !== undefined || headers === undefined'),
  );
  const bad = check('check', example);
  expect(bad.stdout).toMatch(/^✗ .*unsigned, or signed by others/m);
  expect(bad.status).toBe(1);
}, 120_000);

test('a channel that ends its process, or throws where nobody catches it, is told as a finding', () => {
  const source = (send: string, answer: string) =>
    [
      "import { defineChannel } from '../src/channel/channel.ts';",
      "export default defineChannel({ name: 'paopao', title: { zh: '', en: '' }, settings: {},",
      `pull: async (_cursor, _context) => { ${send} },`,
      `rehearsal: { settings: {}, answer: () => ${answer} } });`,
    ].join('\n');
  const told = (code: string): string => {
    writeFileSync(example, code);
    const { status, stdout } = check('check', example);
    expect(status).toBe(1);
    return stdout;
  };
  expect(told(source('process.exit(0);', "({ body: '' })"))).toMatch(
    /^✗ .*goes to its end\n.*its process ended \(0\)/m,
  );
  const thrown = told(
    source("await _context.fetch('https://a.example'); throw new Error('x');", "{ throw new Error('no answer'); }"),
  );
  expect(thrown).toMatch(/^✗ .*goes to its end\n[^✓✗]*no answer/m);
}, 120_000);

test('a channel that never ends is told, and after what', async () => {
  const address = join(root, 'dist/cli/channel/check-apart.js');
  const { checkApart } = (await import(
    /* @vite-ignore */ address
  )) as typeof import('../../src/cli/channel/check-apart.ts');
  // Stuck as in an endless loop, without taking a processor from the other tests.
  writeFileSync(example, 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);\n');
  const found: Finding[] = [];
  for await (const one of checkApart(example, 30_000)) found.push(one);
  expect(found.at(-1)).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/^after “.*types.*: nothing more for 30 s/),
  });
}, 120_000);

test('wrong usage, and a file that is not there, are told', () => {
  expect(check().status).toBe(2);
  expect(check('check').status).toBe(2);
  const { status, stdout } = check('check', 'channels/nowhere.ts');
  expect(status).toBe(1);
  expect(stdout).toMatch(/^✗ .*is there/m);
}, 60_000);
