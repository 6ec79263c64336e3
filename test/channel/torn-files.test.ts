import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Registry } from 'prom-client';
import { afterAll, expect, test, vi } from 'vitest';
import { addChannelMetrics } from '../../src/api/channel-metrics.ts';
import { keepFile } from '../../src/api/chat/files.ts';
import { loadFile, openFile, removeFile, storeFile } from '../../src/channel/media/stored-file.ts';
import { removeTornFiles } from '../../src/channel/media/torn-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'minhu-torn-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what an upload left half written when the process was killed is removed and counted, and nothing else', async () => {
  await storeFile(folder, 'whole', Buffer.from('whole'));
  // An upload under way, as it lies there at the moment of a kill.
  const body = new PassThrough();
  keepFile(folder, { id: 'torn', bytes: 10, sha256: '' }, body).catch(() => undefined);
  body.write('half');
  await vi.waitFor(() => expect(readdirSync(folder)).toContain('torn.part'));
  writeFileSync(join(folder, 'other.part'), '');
  mkdirSync(join(folder, 'folder.part'));
  const registry = new Registry();
  const nothing = { health: () => [], backlog: () => ({ storing: 0, deciding: 0, held: 0 }) };
  addChannelMetrics(registry, () => nothing).countTorn(await removeTornFiles(folder));
  expect(await registry.getSingleMetricAsString('minhu_torn_files_total')).toMatch(/minhu_torn_files_total 2$/m);
  expect(readdirSync(folder).sort()).toEqual(['folder.part', 'whole']);
  expect(await removeTornFiles(folder)).toBe(0);
  body.destroy();
});

test('before the first file there is nothing to remove', async () => {
  expect(await removeTornFiles(join(folder, 'not-there'))).toBe(0);
});

test('a folder that is a file is said to be one of ours that is away, whatever is wanted of it', async () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  const away = { name: 'FolderFault', kind: 'away' };
  await expect(removeTornFiles(file)).rejects.toMatchObject(away);
  await expect(storeFile(file, 'a', Buffer.from('a'))).rejects.toMatchObject(away);
  await expect(openFile(file, 'a')).rejects.toMatchObject(away);
  await expect(loadFile(file, 'a')).rejects.toMatchObject(away);
  await expect(removeFile(file, 'a')).rejects.toMatchObject(away);
  expect(await openFile(folder, 'not-there')).toBeUndefined();
  symlinkSync('/dev/full', join(folder, 'full.part'));
  await expect(storeFile(folder, 'full', Buffer.from('a'))).rejects.toMatchObject({ ...away, kind: 'full' });
  expect(readdirSync(folder).filter((name) => name.startsWith('full'))).toEqual([]);
});
