import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SwitchCommand } from '../../src/core/command.ts';
import type { EventBody } from '../../src/core/event.ts';
import { legId, nodeId } from '../../src/core/ids.ts';
import { encodeState } from '../../src/core/state-codec.ts';
import { type Loop, openLoop } from '../../src/runtime/loop.ts';
import { replayFolder } from '../../src/runtime/replay.ts';
import { readEntries } from '../../src/runtime/segment.ts';

let folder: string;
const node = nodeId('127.0.0.1:1');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-loop-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(released: SwitchCommand[] = [], more: object = {}): Promise<Loop> {
  return openLoop({ folder, release: (command) => released.push(command), segmentBytes: 65_536, ...more });
}

function call(loop: Loop, name: string) {
  return loop.submit({ type: 'callArrived', node, leg: legId(name), from: '139', dialled: '12345' });
}

async function seqs(): Promise<number[]> {
  const found = [];
  for await (const { seq } of readEntries(folder, 1)) found.push(seq);
  return found;
}

/** As after the death of the process that had the folder. */
function unlock(): void {
  for (const name of readdirSync(folder)) if (name.startsWith('lock.')) rmSync(join(folder, name));
}

function segment(): string {
  return join(folder, readdirSync(folder).filter((name) => name.endsWith('.seg'))[0]!);
}

test('an entry is on the disk before its commands are let out', async () => {
  const written: number[] = [];
  const loop = await openLoop({
    folder,
    release: () => written.push(readFileSync(segment()).includes('"leg":"a"') ? 1 : 0),
    segmentBytes: 65_536,
  });
  await loop.submit({ type: 'settingsLoaded', settings: noRules() });
  await call(loop, 'a');
  expect(written).toEqual([1]);
  await loop.close();
});

test('a start after a kill restores what was written, from the journal alone', async () => {
  const loop = await open();
  for (let n = 0; n < 50; n++) await call(loop, `leg-${n}`);
  const before = encodeState(loop.state);
  unlock();
  const again = await open();
  expect(again.state.contacts.size).toBe(50);
  expect(again.durableSeq).toBe(loop.durableSeq + 1);
  expect(JSON.parse(encodeState(again.state)).contacts).toEqual(JSON.parse(before).contacts);
  await again.close();
  const third = await open();
  expect(third.state.contacts.size).toBe(50);
  await third.close();
});

test('a torn tail is cut off and told of, and nothing before it is lost', async () => {
  const loop = await open();
  await call(loop, 'a');
  await call(loop, 'b');
  unlock();
  const bytes = readFileSync(segment());
  bytes[bytes.lastIndexOf('"leg":"b"')] = 0xff;
  writeFileSync(segment(), bytes);
  const said: string[] = [];
  const log = { info() {}, warn: (text: string) => void said.push(text), error() {} };
  const again = await open([], { log });
  expect(said.join()).toMatch(/torn/);
  expect(again.state.contacts.size).toBe(1);
  await again.close();
});

test('damage in the middle is refused aloud and changes nothing', async () => {
  const loop = await open();
  await call(loop, 'a');
  await call(loop, 'b');
  unlock();
  const bytes = readFileSync(segment());
  bytes[bytes.indexOf('"leg":"a"')] = 0xff;
  writeFileSync(segment(), bytes);
  await expect(open()).rejects.toThrow(/damaged at byte/);
  expect(readFileSync(segment()).equals(bytes)).toBe(true);
});

test('a second start on the same folder is refused with the id of the first', async () => {
  const loop = await open();
  await expect(open()).rejects.toThrow(new RegExp(`in use by process ${process.pid}`));
  await loop.close();
});

test('many segments read as one journal, and those that nobody needs are removed', async () => {
  const loop = await open([], { snapshotEvery: 100 });
  loop.subscribe((entries) => loop.projectedTo(entries.at(-1)!.seq));
  for (let n = 0; n < 400; n++) await call(loop, `leg-${n}`);
  const found = await seqs();
  expect(found.at(-1)).toBe(loop.durableSeq);
  expect(found).toEqual(Array.from(found, (_, index) => found[0]! + index));
  await loop.close();
  expect(readdirSync(folder).filter((name) => name.endsWith('.seg')).length).toBeLessThan(5);
});

test('an append that fails lets nothing out, says so, and is tried again', async () => {
  const released: SwitchCommand[] = [];
  const loop = await open(released);
  await loop.submit({ type: 'settingsLoaded', settings: noRules() });
  const filler = '7'.repeat(32);
  // The next segment's place is taken by a folder: it cannot be made.
  const { mkdirSync } = await import('node:fs');
  rmSync(join(folder, 'journal-spare.tmp'), { force: true });
  mkdirSync(join(folder, 'journal-spare.tmp'));
  const waiting = [];
  for (let n = 0; n < 200; n++) waiting.push(call(loop, `${filler}-${n}`));
  await expect.poll(() => loop.health(), { timeout: 20_000 }).toBe('failed');
  const durable = loop.durableSeq;
  expect(released.every((command) => Number(command.key.split('.')[0]) <= durable)).toBe(true);
  expect(loop.state.seq).toBe(durable);
  rmSync(join(folder, 'journal-spare.tmp'), { recursive: true });
  await Promise.all(waiting);
  expect(loop.health()).toBe('ok');
  expect(released.filter((command) => command.do === 'hangUp')).toHaveLength(200);
  await loop.close();
  expect((await replayFolder(folder, () => {})).differences).toEqual([]);
});

test('a machine’s clock that is set back by an hour stops no deadline and ends no registration', async () => {
  let realMs = 0;
  let setMs = 1_000_000_000;
  const now = () => setMs + realMs;
  const released: SwitchCommand[] = [];
  const loop = await open(released, { now, elapsed: () => realMs });
  await loop.submit({ type: 'surveyed', node, survey: { bootId: 'boot', legs: [], devices: [], ended: [] } });
  await call(loop, 'a');
  setMs -= 3_600_000;
  const device = { sipUser: '8001', uri: 'sip:8001', expiresAtMs: now() + 120_000 };
  await loop.submit({ type: 'deviceRegistered', node, device });
  realMs += 62_000;
  await loop.submit({ type: 'tick' });
  expect(released.map((command) => command.do)).toEqual(['hangUp']);
  expect(loop.state.devices.get('8001')?.size).toBe(1);
  realMs += 80_000;
  await loop.submit({ type: 'tick' });
  expect(loop.state.devices.get('8001')?.size ?? 0).toBe(0);
  await loop.close();
  expect((await replayFolder(folder, () => {})).differences).toEqual([]);
});

test('a machine’s clock that leaps forward by a minute ends nobody’s wait and no registration before its time', async () => {
  let realMs = 0;
  let setMs = 1_000_000_000;
  const now = () => setMs + realMs;
  const released: SwitchCommand[] = [];
  const loop = await open(released, { now, elapsed: () => realMs });
  await loop.submit({ type: 'surveyed', node, survey: { bootId: 'boot', legs: [], devices: [], ended: [] } });
  await call(loop, 'a');
  setMs += 60_000;
  const device = { sipUser: '8001', uri: 'sip:8001', expiresAtMs: now() + 60_000 };
  await loop.submit({ type: 'deviceRegistered', node, device });
  realMs += 40_000;
  await loop.submit({ type: 'tick' });
  expect(released).toEqual([]);
  expect(loop.state.devices.get('8001')?.size).toBe(1);
  realMs += 15_000;
  await loop.submit({ type: 'tick' });
  expect(released.map((command) => command.do)).toEqual(['hangUp']);
  expect(loop.state.devices.get('8001')?.size ?? 0).toBe(0);
  await loop.close();
  expect((await replayFolder(folder, () => {})).differences).toEqual([]);
});

test('a snapshot is written every so many entries, and at a clean end', async () => {
  const snapshots = () => readdirSync(folder).filter((name) => name.startsWith('snapshot-'));
  const loop = await open([], { snapshotEvery: 5 });
  for (let n = 0; n < 3; n++) await call(loop, `leg-${n}`);
  await loop.close();
  expect(snapshots()).toEqual(['snapshot-000000000004.json']);
  const again = await open([], { snapshotEvery: 3 });
  for (let n = 3; n < 5; n++) await call(again, `leg-${n}`);
  await expect.poll(snapshots).toEqual(['snapshot-000000000004.json', 'snapshot-000000000007.json']);
  await again.close();
  expect(snapshots()).toEqual(['snapshot-000000000004.json', 'snapshot-000000000007.json']);
});

test('an event that kills the process is counted over its starts, though it ends in order, and set aside with the third', async () => {
  const broken = { type: 'callArrived', node, leg: legId('broken') } as EventBody;
  const died: unknown[] = [];
  const said: string[] = [];
  const log = { info() {}, warn() {}, error: (text: string) => void said.push(text) };
  for (const starts of [1, 2]) {
    const loop = await open([], { fatal: (error: unknown) => died.push(error) });
    void loop.submit(broken);
    await expect.poll(() => died).toHaveLength(starts);
    expect(loop.health()).toBe('failed');
    await expect(call(loop, 'a')).rejects.toMatchObject({ code: 'closed' });
    await loop.close();
  }
  const loop = await open([], { log });
  const [, before, aside, after] = await Promise.allSettled([
    call(loop, 'a'),
    call(loop, 'b'),
    loop.submit(broken),
    call(loop, 'c'),
  ]);
  expect([before.status, after.status]).toEqual(['fulfilled', 'fulfilled']);
  expect(aside).toMatchObject({ status: 'rejected', reason: { code: 'setAside' } });
  expect(said).toEqual([expect.stringMatching(/^The event "callArrived .*broken" .*set-aside/)]);
  expect(loop.state.contacts.size).toBe(3);
  expect(loop.health()).toBe('ok');
  await loop.close();
});

function noRules() {
  return { version: '1', lines: {}, flows: {}, queues: {}, agents: [], prompts: {} };
}
