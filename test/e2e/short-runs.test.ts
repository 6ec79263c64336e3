import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** What people run for minutes and hours, for seconds: whether it runs at all and tells what it is asked for. No figure is judged. */
const root = join(import.meta.dirname, '../..');

async function run(script: string, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [join(root, script), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (data) => {
    said.out += String(data);
  });
  child.stderr.on('data', (data) => {
    said.err += String(data);
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  expect(status, `${said.out}\n${said.err}`).toBe(0);
  return said.out;
}

test('the benchmarks tell every figure once, with its unit and spread', async () => {
  const lines = (await run('test/bench/all.mjs', '--json', '--short')).trim().split('\n');
  const figures = lines.map(
    (line) => JSON.parse(line) as { name: string; value: number; unit: string; spread: number },
  );
  for (const figure of figures)
    expect(figure).toEqual({
      name: expect.any(String),
      value: expect.any(Number),
      unit: expect.stringMatching(/^(ms|1\/s|×|bytes\/caller)$/),
      spread: expect.any(Number),
    });
  const names = figures.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  const sizes = ['1000x10000x50', '10000x20000x200'];
  expect(names).toEqual(
    expect.arrayContaining([
      ...sizes.flatMap((size) => ['p50', 'p99', 'p999'].map((part) => `decide.${size}.${part}`)),
      ...['decide.rate', 'decide.growth.1250to20000', 'waiting.memory', 'simulate.surge', 'flush.p99', 'intake.rate'],
      ...['wire.free-to-invite.p50', 'wire.free-to-invite.p95', 'wire.ready-to-invite.10.p99'],
      ...['wire.admitted.10.at-20', 'wire.offered.10.at-20'],
    ]),
  );
  expect(figures.filter(({ value }) => !(value > 0))).toEqual([]);
}, 180_000);

test('the core is killed while offers are under way: nobody is lost, out of order or rung for twice', async () => {
  // Beside other tests a processor may be somebody else's for a second.
  const few = ['--waiting', '12', '--talking', '4', '--kills', '3', '--silent', '5000'];
  const said = await run('test/soak/core-kills.mjs', ...few);
  expect(said).toMatch(/3 kills: nobody lost, order kept, nobody rung for twice\n/);
}, 180_000);
