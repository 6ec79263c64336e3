import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { filesOf, toneWav } from './freeswitch-files.mjs';

/**
 * The contract suite on a real FreeSWITCH: `npm run contract:freeswitch -- --prefix FOLDER [NAME…]`. Starts FOLDER/bin/freeswitch on
 * loopback with files of its own in a temporary folder, runs the suite, ends it by its pid. NAME chooses among the test files.
 */
const READY_MS_MAX = 30_000;
const END_MS_MAX = 15_000;
const MUSIC_HZ = 300;
const MUSIC_MS = 2_000;
const root = join(import.meta.dirname, '../..');

const { values, positionals } = parseArgs({ options: { prefix: { type: 'string' } }, allowPositionals: true });
const prefix = values.prefix ?? '/usr/local/freeswitch';
const binary = join(prefix, 'bin/freeswitch');
if (!isRunnable(binary)) {
  process.stderr.write(`No FreeSWITCH at ${binary}. Say where it is: npm run contract:freeswitch -- --prefix FOLDER\n`);
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), 'minhu-freeswitch-'));
const password = randomBytes(16).toString('hex');
const seatPassword = randomBytes(16).toString('hex');
const eslPort = await freePort();
const sipPort = await freePort();
writeConfiguration();
const child = spawn(binary, argumentsOf(), { stdio: ['ignore', 'pipe', 'pipe'] });
let printed = '';
for (const stream of [child.stdout, child.stderr]) {
  stream.on('data', (data) => {
    printed = (printed + data).slice(-20_000);
  });
}
const ended = new Promise((resolve) => child.once('exit', resolve));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end().then(() => process.exit(1)));

let status = 1;
try {
  await untilReady();
  status = await runSuite();
} catch (error) {
  process.stderr.write(`${error.message}\n${printed}\n`);
} finally {
  await end();
}
process.exitCode = status;

function isRunnable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function writeConfiguration() {
  for (const name of ['conf', 'log', 'run', 'db', 'storage', 'music']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'music/music.wav'), toneWav(MUSIC_HZ, MUSIC_MS));
  const files = filesOf({ prefix, folder, password, seatPassword, eslPort, sipPort });
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, 'conf', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o600 });
  }
}

function argumentsOf() {
  const places = { conf: 'conf', log: 'log', run: 'run', db: 'db', storage: 'storage', temp: 'run', certs: 'storage' };
  const options = Object.entries(places).flatMap(([option, name]) => [`-${option}`, join(folder, name)]);
  return ['-nf', '-nonat', '-nc', '-np', ...options];
}

/** The event socket may listen before the profile does, so the profile is asked for as well. */
async function untilReady() {
  const endMs = Date.now() + READY_MS_MAX;
  while (Date.now() < endMs) {
    if (child.exitCode !== null) throw new Error(`FreeSWITCH ended with ${child.exitCode}:\n${log()}`);
    if (/RUNNING/.test(await ask('api sofia status'))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`FreeSWITCH was not ready within ${READY_MS_MAX} ms:\n${log()}`);
}

function log() {
  try {
    return readFileSync(join(folder, 'log/freeswitch.log'), 'utf8').split('\n').slice(-40).join('\n');
  } catch {
    return '';
  }
}

/** All that is said after one command; empty when nobody listens. */
function ask(command) {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(eslPort, '127.0.0.1', () => socket.write(`auth ${password}\n\n${command}\n\nexit\n\n`));
    socket.on('data', (data) => {
      heard += data;
    });
    socket.setTimeout(2_000, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve(heard));
  });
}

/** One file after another: they share the switch. Two nodes are for the embedded switch alone. */
function runSuite() {
  const env = {
    ...process.env,
    MINHU_ESL: `127.0.0.1:${eslPort}`,
    MINHU_ESL_PASSWORD: password,
    MINHU_SIP: `127.0.0.1:${sipPort}`,
    MINHU_SEAT_PASSWORD: seatPassword,
    MINHU_CONTRACT_FOLDER: folder,
  };
  const folderOfTests = 'test/switch/contract';
  const chosen = positionals.length > 0 ? positionals.map((name) => `${folderOfTests}/${name}`) : [folderOfTests];
  const options = ['--config', 'test/vitest.config.ts', '--no-file-parallelism', '--exclude', '**/two-nodes.test.ts'];
  const suite = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...options, ...chosen], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  return new Promise((resolve) => suite.once('exit', (code) => resolve(code ?? 1)));
}

async function end() {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS_MAX);
    await ended;
    clearTimeout(timer);
  }
  rmSync(folder, { recursive: true, force: true });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
