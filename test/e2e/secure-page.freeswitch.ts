import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePair } from './certificate.ts';
import { type Program, startProgram } from './program.ts';
import { talksAtSecurePage } from './secure-page.ts';

const folder = mkdtempSync(join(tmpdir(), 'minhu-secure-page-'));
let program: Program;

beforeAll(async () => {
  makePair(folder, 'own');
  program = await startProgram({
    MINHU_TLS_CERT: join(folder, 'own.cert'),
    MINHU_TLS_KEY: join(folder, 'own.key'),
  });
}, 120_000);

afterAll(async () => {
  expect(await program?.stop()).toBe(0);
  await program?.freeSwitch?.stop();
  program?.remove();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

test("a telephone in a page that comes by https registers at FreeSWITCH's own secure WebSocket, is rung, and is heard both ways", async () => {
  await talksAtSecurePage(program);
}, 120_000);
