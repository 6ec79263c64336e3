// Everything CI runs, in order: what the tests need, the build, types and style, then the tests.
// Ends with the line “N passed, N failed”; the exit status is 0 only when nothing failed. What is drawn at random is the same in each run (`MINHU_SEED`);
// other days are drawn by `npx vitest run --config test/vitest.config.ts` and `npm run soak`.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
/** Program looked for → Debian package that brings it. */
const PEERS = {
  sipp: 'sip-tester',
  baresip: 'baresip',
  linphonec: 'linphone-cli',
  chromium: 'chromium',
  pg_createcluster: 'postgresql',
  openssl: 'openssl',
  dovecot: 'dovecot-imapd',
};
/** Chromium without its own windows, half the work; where there is no such package the tests do without. */
const LIGHTER = 'chromium-headless-shell';
/** Chromium takes most of a processor: these are not run beside tests that measure how long a silence lasts. */
const BROWSERS = [
  ...['alerts', 'boards', 'browser-phone', 'browser-seat', 'call-out', 'desk', 'desk-channels'],
  ...['people', 'supervision', 'tls', 'two-pages', 'web-call', 'web-chat'],
].map((name) => `test/e2e/${name}.test.ts`);
/** These measure it themselves. */
const SILENCES = ['desk-survives', 'page-away', 'page-lost', 'page-survives'].map((name) => `test/e2e/${name}.test.ts`);
/** As many calls as two processors carry, in pages: alone. */
const CROWD = 'test/e2e/browser-crowd.test.ts';
const WITHOUT_BROWSERS = [...BROWSERS, ...SILENCES, CROWD].flatMap((file) => ['--exclude', file]);
/** Sound in real time within the test's own process: nobody else may have its processor. */
const SOUND = 'test/softswitch/media';
const ELSEWHERE = ['test/e2e', 'test/switch/contract', SOUND].flatMap((folder) => ['--exclude', `${folder}/**`]);
/**
 * First what needs no other program; then sound; then whole programs and peers, which wait for each other's timers and voices more than they
 * work; then what needs browsers. `workers`: files at a time on two processors.
 */
const PASSES = [
  { name: 'unit', workers: 3, args: ELSEWHERE },
  { name: 'sound', workers: 2, args: [SOUND] },
  { name: 'whole', workers: 4, args: ['test/e2e', 'test/switch/contract', ...WITHOUT_BROWSERS] },
  { name: 'browsers', workers: 3, args: BROWSERS },
  { name: 'silences', workers: 3, args: SILENCES },
  { name: 'crowd', workers: 1, args: [CROWD] },
];

installPeers();
must('build', process.execPath, ['src/start.mjs', '--build-only']);
// Beside the first tests, of which many wait.
const checks = checkAll(['check:types', 'check:desk', 'check:style']);
const folder = mkdtempSync(join(tmpdir(), 'minhu-test-'));
/** Of what failed at first: what it waited for, and what came instead. */
const LINES_SHOWN = 40;
/** Of what a pass said of errors outside any test, which no report names. */
const SAID_CHARS = 8_000;
/** More files than that do not fail by the machine. */
const AGAIN_MAX = 3;
/** File → what came of it last. */
const outcomes = new Map();
/** Of no file. */
const troubles = [];
for (const pass of PASSES) {
  await play(pass);
  if (!(await checks)) giveUp('types and style');
}
const again = await tryAgain();
rmSync(folder, { recursive: true, force: true });
// Said at the end: who reads only the last lines of a long run learns what failed.
for (const told of again) process.stdout.write(`passed at the second try only: ${told}\n`);
const failures = [...[...outcomes.values()].flatMap(failuresOf), ...troubles];
for (const told of failures) process.stdout.write(`failed: ${told}\n`);
const tests = [...outcomes.values()].flatMap(({ assertionResults }) => assertionResults);
const passed = tests.filter(({ status }) => status === 'passed').length;
process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1;

async function play({ name, workers, args }) {
  const [report, unhandled] = [join(folder, `${name}.json`), join(folder, `${name}-unhandled.json`)];
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts'];
  const reporters = ['default', 'json', './test/unhandled.mjs'].map((reporter) => `--reporter=${reporter}`);
  const options = [`--maxWorkers=${workers}`, ...reporters, `--outputFile.json=${report}`];
  const own = { NODE_ENV: 'test', MINHU_TEST_TEMPLATE: folder, MINHU_UNHANDLED: unhandled };
  const env = { MINHU_SEED: '12345', ...process.env, ...own };
  const child = spawn(process.execPath, [...vitest, ...options, ...args], {
    ...{ cwd: root, stdio: ['inherit', 'inherit', 'pipe'], env },
  });
  let said = '';
  child.stderr.on('data', (data) => {
    process.stderr.write(data);
    said = `${said}${data}`.slice(-SAID_CHARS);
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  const files = readJson(report)?.testResults ?? [];
  for (const file of files) outcomes.set(relative(root, file.name), file);
  // Errors outside any test count, too, but for those of a file that failed: it is tried once more.
  const failed = new Set(files.flatMap((file) => (failuresOf(file).length > 0 ? [file.name] : [])));
  const others = readJson(unhandled)?.filter(({ file }) => !failed.has(resolve(root, file)));
  for (const { file, message } of others ?? []) troubles.push(`outside any test, ${file}: ${message}`);
  if (others === undefined || (status !== 0 && failed.size === 0 && others.length === 0))
    troubles.push(`pass “${name}” ended with ${status}, no test of it having failed.\n${said}`);
}

function readJson(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/**
 * Real programs on two shared cores: a file that failed is tried once more, alone, in programs of its own, since what failed in it has left its
 * pages and calls somewhere. Each is a defect all the same, of the test or of what it tests. @returns what passed so.
 */
async function tryAgain() {
  const failed = [...outcomes].filter(([, file]) => failuresOf(file).length > 0);
  if (failed.length === 0 || failed.length > AGAIN_MAX) return [];
  await play({ name: 'again', workers: 1, args: failed.map(([name]) => name) });
  return failed
    .filter(([name]) => failuresOf(outcomes.get(name)).length === 0)
    .flatMap(([, file]) => failuresOf(file).map((told) => told.split('\n').slice(0, LINES_SHOWN).join('\n')));
}

/** A file that could not be loaded is one. */
function failuresOf({ name, status, message, assertionResults }) {
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) return status === 'failed' ? [`${relative(root, name)}: ${message}`] : [];
  return failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join('\n')}`);
}

function installPeers() {
  const missing = Object.entries(PEERS)
    .filter(([program]) => !onPath(program))
    .map(([, name]) => name);
  const isRoot = process.getuid?.() === 0;
  const install = ['install', '-y', '--no-install-recommends'];
  if (missing.length > 0 && !isRoot) {
    const line = `apt-get ${[...install, ...missing].join(' ')}`;
    process.stderr.write(`The tests need real peers that are not installed. As root:\n  ${line}\n`);
    process.exit(1);
  }
  if (!isRoot) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  if (missing.length > 0) {
    spawnSync('apt-get', ['update', '-q'], { stdio: ['ignore', 'ignore', 'inherit'], env });
    must('peers', 'apt-get', [...install, ...missing], env);
  }
  if (!onPath(LIGHTER)) spawnSync('apt-get', [...install, LIGHTER], { stdio: 'ignore', env });
}

function onPath(program) {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'].some((folder) =>
    existsSync(join(folder, program)),
  );
}

function must(what, command, args, env = process.env) {
  process.stdout.write(`── ${what}\n`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env });
  if (status !== 0) giveUp(what);
}

/** Side by side; each says what it found when it is through. @returns whether all is well. */
async function checkAll(scripts) {
  const statuses = scripts.map((script) => {
    const child = spawn('npm', ['run', '--silent', script], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => said.push(data));
    return new Promise((resolve) => {
      child.once('close', (status) => {
        process.stdout.write(`── ${script}\n${Buffer.concat(said)}`);
        resolve(status);
      });
    });
  });
  return (await Promise.all(statuses)).every((status) => status === 0);
}

function giveUp(what) {
  process.stdout.write(`${what} failed\n0 passed, 1 failed\n`);
  process.exit(1);
}
