import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadCity } from '../../src/city/load.ts';
import { loadConfig } from '../../src/config.ts';
import { type Folders, foldersOf, makeFolders } from '../../src/main/folders.ts';
import { eslPasswordOf, openSwitch } from '../../src/main/switch-process.ts';
import { SHIPPED } from '../city/shipped-copy.ts';

const read = loadCity(SHIPPED);
if (!read.ok) throw new Error(JSON.stringify(read.problems));
const { city } = read;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-password-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ['is not there', undefined],
  ['is empty', ''],
  ['holds a few letters', 'ClueCon\n'],
])('an event-socket password is drawn when its file %s, and then kept', (_what, text) => {
  const eslPasswordFile = join(folder, 'esl-password');
  if (text !== undefined) writeFileSync(eslPasswordFile, text);
  const password = eslPasswordOf({ eslPasswordFile });
  expect(password).toMatch(/^[\w-]{32}$/);
  expect(readFileSync(eslPasswordFile, 'utf8')).toBe(password);
  expect(statSync(eslPasswordFile).mode & 0o777).toBe(0o600);
  expect(eslPasswordOf({ eslPasswordFile })).toBe(password);
});

function configOf(data: string) {
  const result = loadConfig({ MINHU_DATA: data, MINHU_CITY: SHIPPED });
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result.config;
}

/** A process that stands for a switch of another version: known by the options of the data folder, greeting as an event socket does. */
async function startFormer(folders: Folders, promptFolder: string): Promise<ChildProcess> {
  makeFolders(folders);
  writeFileSync(folders.switchOptionsFile, JSON.stringify({ promptFolder }));
  const script = `require('net').createServer((s) => { s.on('error', () => {}); s.write('Content-Type: auth/request\\n\\n'); s.on('data', (d) => process.stdout.write(d)); })
    .listen(0, '127.0.0.1', function () { process.stdout.write(this.address().port + '\\n'); })`;
  const former = spawn(process.execPath, ['-e', script, folders.switchOptionsFile]);
  const [port] = (await once(former.stdout, 'data')) as [Buffer];
  const esl = `127.0.0.1:${`${port}`.trim()}`;
  const status = { pid: former.pid, sip: '127.0.0.1:5060', ws: '127.0.0.1:5066', esl };
  writeFileSync(folders.switchStatusFile, JSON.stringify(status));
  return former;
}

test('a switch of another version’s folder is taken over, and followed to its end on one connection that says who it is', async () => {
  const config = configOf(join(folder, 'data'));
  const folders = foldersOf(config);
  const former = await startFormer(folders, join(config.cityFolder, 'prompts'));
  writeFileSync(folders.eslPasswordFile, 'only-for-this-test-0123', { mode: 0o600 });
  const said = once(former.stdout!, 'data') as Promise<[Buffer]>;
  const running = await openSwitch(config, folders, city);
  expect(running.pid).toBe(former.pid);
  expect(`${(await said)[0]}`).toBe('auth only-for-this-test-0123\n\n');
  former.kill('SIGKILL');
  await running.ended;
});

test('a former switch that plays from another city folder is not taken over: how to go on is said', async () => {
  const config = configOf(join(folder, 'data'));
  const former = await startFormer(foldersOf(config), '/srv/old/dialplans/prompts');
  const opened = openSwitch(config, foldersOf(config), city);
  await expect(opened).rejects.toThrow(new RegExp(`MINHU_CITY=/srv/old/dialplans.*kill ${former.pid}`));
  former.kill('SIGKILL');
  await once(former, 'exit');
});
