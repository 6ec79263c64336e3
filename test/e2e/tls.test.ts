import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tlsProblem } from '../../src/main/tls-files.ts';
import { makePair } from './certificate.ts';
import { failedStart } from './failed-start.ts';
import { type Program, startProgram, until } from './program.ts';
import { talksAtSecurePage } from './secure-page.ts';

const folder = mkdtempSync(join(tmpdir(), 'minhu-tls-'));
const file = (name: string): string => join(folder, name);
const DAY_MS = 86_400_000;
let program: Program;

beforeAll(async () => {
  for (const name of ['good', 'other']) makePair(folder, name);
  for (const kind of ['key', 'cert']) copyFileSync(file(`good.${kind}`), file(`live.${kind}`));
  program = await startProgram({ MINHU_TLS_CERT: file('live.cert'), MINHU_TLS_KEY: file('live.key') });
}, 120_000);

afterAll(async () => {
  expect(await program?.stop()).toBe(0);
  program?.remove();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

function problem(cert: string, key: string, nowMs = Date.now()) {
  return tlsProblem({ tls: { certFile: file(cert), keyFile: file(key) } }, nowMs);
}

function ask(path: string, body?: object): Promise<{ status: number; cookies: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const [host, port] = program.run().http.split(':');
    const asked = request({
      ...{ host, port, path, ca: readFileSync(file('good.cert')), method: body === undefined ? 'GET' : 'POST' },
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
    });
    asked.once('error', reject);
    asked.once('response', (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode ?? 0, cookies: answer.headers['set-cookie'] ?? [] });
    });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test('the API speaks https with the pair that is set, and its cookie goes nowhere else', async () => {
  expect(program.output()).toContain(`https://${program.run().http}`);
  expect((await ask('/healthz')).status).toBe(200);
  const { status, cookies } = await ask('/api/v1/login', program.firstRun().lead);
  expect(status).toBe(200);
  expect(cookies.join()).toMatch(/minhu_session=.*HttpOnly.*Secure.*SameSite=Lax/);
  await expect(fetch(`http://${program.run().http}/healthz`)).rejects.toThrow();
});

test('an agent at a page that comes by https has a telephone by wss: it is rung, and heard both ways', async () => {
  await talksAtSecurePage(program);
}, 60_000);

test('each fault of a pair is named: missing, no PEM, another key, expired, not yet valid', () => {
  writeFileSync(file('rubbish'), 'not a certificate');
  expect(problem('good.cert', 'good.key')).toBeUndefined();
  expect(problem('nowhere', 'good.key')).toMatchObject({ unusable: true, en: expect.stringContaining('ENOENT') });
  expect(problem('rubbish', 'good.key')).toMatchObject({ unusable: true, zh: expect.stringContaining('rubbish') });
  expect(problem('good.cert', 'rubbish')).toMatchObject({ unusable: true, zh: expect.stringContaining('私钥') });
  expect(problem('good.cert', 'other.key')).toMatchObject({
    unusable: true,
    en: expect.stringContaining('is not the key of'),
  });
  const [later, earlier] = [Date.now() + 11 * DAY_MS, Date.now() - DAY_MS];
  expect(problem('good.cert', 'good.key', later)).toMatchObject({
    unusable: false,
    en: expect.stringContaining('expired at'),
  });
  expect(problem('good.cert', 'good.key', earlier)).toMatchObject({
    unusable: false,
    zh: expect.stringContaining('才生效'),
  });
});

test('a start with the key of another certificate is refused before anything is written', async () => {
  const pair = { MINHU_TLS_CERT: file('good.cert'), MINHU_TLS_KEY: file('other.key') };
  const ended = await failedStart({ MINHU_DATA: file('data'), ...pair });
  expect(ended.status, ended.said).toBe(1);
  expect(ended.said).toMatch(/MINHU_TLS_KEY: .*不是.*的私钥[\s\S]*→/);
});

test('a pair that is broken while the program runs ends nothing: a killed core takes calls, and https is back with the right files', async () => {
  copyFileSync(file('other.key'), file('live.key'));
  const { core, switch: softswitch, supervisor } = program.run().pids;
  process.kill(core, 'SIGKILL');
  const log = () => readFileSync(join(program.dataFolder, 'log/core.log'), 'utf8');
  await until('the log says so', log, (text) => text.includes('the certificate or its key is not right'));
  copyFileSync(file('good.key'), file('live.key'));
  await until(
    'https is back',
    () => ask('/readyz'),
    ({ status }) => status === 200,
  );
  expect(program.run().pids).toMatchObject({ switch: softswitch, supervisor });
}, 60_000);
