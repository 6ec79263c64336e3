import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ModeName } from '../../src/core/settings.ts';
import { applyEntries } from '../../src/store/projection.ts';
import { JournalByHand } from '../store/facts.ts';
import { openRecords, type RecordsStage } from './records-stage.ts';

const submitted: unknown[] = [];
let now: ModeName = 'normal';
let stage: RecordsStage;

beforeAll(async () => {
  const core = {
    submit: async (event: { readonly type: string; readonly mode?: ModeName }) => {
      submitted.push(event);
      now = event.mode ?? now;
    },
    mode: () => ({ mode: now, sinceMs: 5, by: 'lead' }),
  };
  stage = await openRecords({ core: core as never, missed: { open: 0, overdue: 0 } });
});
afterAll(() => stage?.close());
beforeEach(() => void submitted.splice(0));

const headers = () => ({ cookie: stage.cookie });
const put = (payload: object) => stage.app.inject({ method: 'PUT', url: '/api/v1/mode', headers: headers(), payload });
const changes = async () =>
  (await stage.app.inject({ url: '/api/v1/mode/changes', headers: headers() })).json().changes;

test('a change is written down with its reason and the name of who is signed in, and nobody else', async () => {
  const answer = await put({ mode: 'emergency', reason: '燃气泄漏' });
  expect(answer.json()).toEqual({ mode: 'emergency', sinceMs: 5, by: 'lead' });
  expect(submitted).toEqual([{ type: 'modeAsked', mode: 'emergency', reason: '燃气泄漏', by: 'lead' }]);
});

test.each([
  { mode: 'emergency' },
  { mode: 'emergency', reason: '' },
  { mode: 'holiday', reason: '春节', by: 'somebody' },
  { mode: 'flood', reason: '水' },
])('%j changes nothing', async (body) => {
  expect((await put(body)).json()).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
  expect(submitted).toEqual([]);
});

test('the changes are listed with who, when and why, the last first, proposals and what was confirmed among them', async () => {
  const journal = new JournalByHand();
  journal.at(1_000, { fact: 'modeProposed', mode: 'emergency' });
  const change = { fact: 'modeChanged' as const, from: 'normal' as const };
  journal.at(2_000, { ...change, mode: 'emergency', by: 'lead', reason: '暴雪', proposed: true });
  journal.at(3_000, { ...change, mode: 'normal', from: 'emergency', by: 'eva', reason: '雪停', proposed: false });
  journal.at(
    4_000,
    { fact: 'modeProposalWithdrawn', mode: 'emergency' },
    { ...change, mode: 'holiday', by: 'ben', reason: '春节', proposed: false },
  );
  await applyEntries(stage.db, 'modes', journal.entries);
  const nobody = { from: null, by: null, reason: null };
  expect(await changes()).toEqual([
    { atMs: 4_000, mode: 'holiday', from: 'normal', by: 'ben', reason: '春节', proposed: false },
    { atMs: 4_000, mode: 'emergency', ...nobody, proposed: false },
    { atMs: 3_000, mode: 'normal', from: 'emergency', by: 'eva', reason: '雪停', proposed: false },
    { atMs: 2_000, mode: 'emergency', from: 'normal', by: 'lead', reason: '暴雪', proposed: true },
    { atMs: 1_000, mode: 'emergency', ...nobody, proposed: true },
  ]);
});

test('of many changes the last two hundred are listed', async () => {
  const journal = new JournalByHand();
  for (let n = 0; n < 210; n++)
    journal.at(10_000 + n, {
      fact: 'modeChanged',
      mode: n % 2 ? 'normal' : 'holiday',
      from: n % 2 ? 'holiday' : 'normal',
      by: 'lead',
      reason: `${n}`,
      proposed: false,
    });
  for (const entry of journal.entries) Object.assign(entry, { seq: entry.seq + 100 });
  await applyEntries(stage.db, 'modes', journal.entries);
  const listed = await changes();
  expect(listed).toHaveLength(200);
  expect([listed[0].reason, listed.at(-1).reason]).toEqual(['209', '10']);
});
