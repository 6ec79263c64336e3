import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { command as explain } from '../../src/cli/explain.ts';
import { command as replay } from '../../src/cli/replay.ts';
import { command as simulate } from '../../src/cli/simulate.ts';
import { knownLegs } from '../../src/core/view.ts';
import { encodeFrame } from '../../src/runtime/frame.ts';
import { openLoop } from '../../src/runtime/loop.ts';
import { readEntries } from '../../src/runtime/segment.ts';
import { dayRules, LegSwitch, NODE } from '../core/random-day.ts';

let data: string;
let id: string;
let written = '';

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'minhu-cli-journal-'));
  id = await oneCall(join(data, 'journal'));
  written = '';
  const keep = (chunk: unknown): boolean => {
    written += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(data, { recursive: true, force: true });
});

async function oneCall(folder: string): Promise<string> {
  const fake = new LegSwitch();
  const loop = await openLoop({ folder, release: (command) => fake.execute(command), segmentBytes: 65_536 });
  await loop.submit({ type: 'settingsLoaded', settings: dayRules() });
  await loop.submit(fake.survey(knownLegs(loop.state, NODE), Date.now()));
  fake.arrive('13800138000');
  for (let told = fake.told.shift(); told !== undefined; told = fake.told.shift()) await loop.submit(told);
  const contact = [...loop.state.contacts.values()][0]!;
  fake.end(contact.leg, 'NORMAL_CLEARING');
  for (let told = fake.told.shift(); told !== undefined; told = fake.told.shift()) await loop.submit(told);
  await loop.close();
  return contact.id;
}

test('explain prints a time line with rules, and the same as JSON', async () => {
  expect(await explain.run([id, '--data', data])).toBe(0);
  expect(written).toContain('138****8000');
  expect(written).toMatch(/\+0\.\d{3}s/);
  expect(written).toMatch(/R1 {2}[^ ]*联络[^ ]* {2}The contact is closed: abandonedInMenu\./);
  written = '';
  expect(await explain.run([id, '--json', '--data', data])).toBe(0);
  expect(JSON.parse(written)).toMatchObject({ contact: id, cut: false });
});

test('a journal that is none is said in plain words, by whoever reads it', async () => {
  const none = join(data, 'none');
  const file = join(data, 'file');
  writeFileSync(file, '');
  const wrong: readonly (readonly [string, RegExp])[] = [
    [none, /^没有文件夹.*There is no folder/],
    [file, /不是文件夹.*is no folder/],
    [data, /不是日志账.*has no file journal-id/],
  ];
  for (const [folder, says] of wrong) {
    written = '';
    expect(await replay.run([folder])).toBe(1);
    expect(written).toMatch(says);
    expect(written).not.toContain('ENOENT');
  }
  written = '';
  expect(await explain.run([id, '--data', none])).toBe(1);
  expect(written).toMatch(/^没有文件夹/);
  written = '';
  expect(await simulate.run(['--journal', none])).toBe(1);
  expect(written).toMatch(/^没有文件夹/);
});

test('explain, replay and the overview end quietly when nobody reads on', async () => {
  const said = (...words: string[]) => {
    const child = spawn(process.execPath, ['dist/cli.js', ...words], { cwd: join(import.meta.dirname, '../..') });
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (data) => {
      err += data;
    });
    return new Promise((resolve) => child.once('close', (status) => resolve({ status, err })));
  };
  const quiet = { status: 0, err: '' };
  expect(await said('explain', id, '--data', data)).toEqual(quiet);
  expect(await said('replay', '--json', '--data', data)).toEqual(quiet);
  expect(await said('help')).toEqual(quiet);
}, 30_000);

test('explain says so when the contact, the folder or the usage is wrong', async () => {
  expect(await explain.run(['C0000000001-abcdef', '--data', data])).toBe(1);
  expect(await explain.run([id, '--data', join(data, 'nowhere')])).toBe(1);
  expect(await explain.run(['--jsn', id])).toBe(2);
  expect(await explain.run([])).toBe(2);
});

test('replay finds no difference in a journal of this version', async () => {
  expect(await replay.run(['--json', '--data', data])).toBe(0);
  expect(JSON.parse(written)).toMatchObject({ differences: [], contactsOpen: 0 });
});

test('replay names the entry that is decided otherwise, and ends with 1', async () => {
  const folder = join(data, 'journal');
  const entries = [];
  for await (const entry of readEntries(folder, 1)) entries.push(entry);
  const at = entries.findIndex(({ event }) => event.type === 'callArrived');
  entries[at] = { ...entries[at]!, commands: entries[at]!.commands.slice(1) };
  writeFileSync(join(folder, readdirSync(folder).find((name) => name.endsWith('.seg'))!), encodeFrame(entries));
  expect(await replay.run([folder])).toBe(1);
  expect(written).toContain(`#${entries[at]!.seq}\n`);
});
