import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endOfStranger, eslPasswordOf } from '../../src/main/switch-process.ts';

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

test('a switch that another supervisor started is followed to its end on one connection that says who it is', async () => {
  const program = new URL('../../src/softswitch/main.js', import.meta.url).pathname;
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)', program]);
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const esl = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const connected = once(server, 'connection') as Promise<[Socket]>;
  const ended = endOfStranger({ pid: stranger.pid!, esl }, 'only-for-this-test-0123');
  const [socket] = await connected;
  socket.write('Content-Type: auth/request\n\n');
  const [said] = (await once(socket, 'data')) as [Buffer];
  expect(`${said}`).toBe('auth only-for-this-test-0123\n\n');
  stranger.kill('SIGKILL');
  await once(stranger, 'exit');
  socket.destroy();
  await ended;
  server.close();
});
