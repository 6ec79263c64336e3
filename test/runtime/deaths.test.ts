import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentId, legId, nodeId } from '../../src/core/ids.ts';
import { nameOf, openDeaths } from '../../src/runtime/deaths.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-deaths-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const kept = () => join(folder, 'deaths.json');

test('an event may kill three starts, counted across them, and is set aside with the third', () => {
  expect([1, 2, 3].map(() => openDeaths(folder).count('tick a'))).toEqual([false, false, true]);
  expect(openDeaths(folder).count('tick b')).toBe(false);
  const file = openDeaths(folder).setAside('tick a', { type: 'tick' }, new Error('broken'));
  expect(file).toBe(join(folder, 'set-aside', 'tick_a.json'));
  // Both may hold what citizens' numbers are.
  for (const path of [file, kept()]) expect(statSync(path).mode & 0o777).toBe(0o600);
  const aside = { name: 'tick a', error: expect.stringContaining('Error: broken'), event: { type: 'tick' } };
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(aside);
});

test('a clean end forgets what was counted, never which entries are left out', () => {
  const clean = openDeaths(folder);
  clean.count('tick a');
  clean.forget();
  expect(existsSync(kept())).toBe(false);
  const deaths = openDeaths(folder);
  deaths.leaveOut(7);
  for (const _ of [1, 2]) deaths.count('tick a');
  deaths.forget();
  const next = openDeaths(folder);
  expect([...next.leftOut]).toEqual([7]);
  expect(next.count('tick a')).toBe(false);
});

test('no more than 64 names are counted at once, and a list that is torn is begun anew', () => {
  const deaths = openDeaths(folder);
  for (let nth = 0; nth < 64; nth += 1) deaths.count(`tick ${nth}`);
  deaths.count('tick 0');
  expect(deaths.count('tick 0')).toBe(true);
  deaths.count('one more');
  expect(deaths.count('tick 0')).toBe(false);
  writeFileSync(kept(), '{"counts":');
  expect(openDeaths(folder).count('tick 1')).toBe(false);
});

test('an event is named by what it is and whom it is about, not by its time', () => {
  const [node, leg] = [nodeId('switch'), legId('leg-1')];
  expect(nameOf({ type: 'legAnswered', node, leg })).toBe('legAnswered switch leg-1');
  expect(nameOf({ type: 'agentStateAsked', agent: agentId('ana'), state: 'ready' })).toBe('agentStateAsked ana');
  expect(nameOf({ type: 'tick' })).toBe('tick');
});
