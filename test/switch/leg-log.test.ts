import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCallDetails } from '../../src/switch/esl/leg-log.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-leg-log-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("FreeSWITCH's call details tell how a leg ended, and what cannot be read is not known", async () => {
  const whole = { variables: { hangup_cause: 'NORMAL_CLEARING', end_uepoch: '1795440089188561' }, callflow: [] };
  const files: Record<string, string> = {
    whole: JSON.stringify(whole),
    half: JSON.stringify(whole).slice(0, 40),
    empty: '',
    list: '[]',
    endless: JSON.stringify({ ...whole, padding: 'x'.repeat(1024 * 1024) }),
    unended: JSON.stringify({ variables: { hangup_cause: 'NORMAL_CLEARING', end_uepoch: '0' } }),
    uncaused: JSON.stringify({ variables: { end_uepoch: '1795440089188561' } }),
  };
  for (const [leg, text] of Object.entries(files)) writeFileSync(join(folder, `${leg}.cdr.json`), text);
  const ends = await readCallDetails(folder, new Set([...Object.keys(files), 'absent']));
  expect([...ends]).toEqual([['whole', { cause: 'NORMAL_CLEARING', endedAtMs: 1_795_440_089_189 }]]);
});
