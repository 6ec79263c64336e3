import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, failedStart } from './failed-start.ts';
import { type Program, signIn, startProgram, until } from './program.ts';

const root = join(import.meta.dirname, '../..');
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 60_000);

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-bad-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

async function endOf(env: Readonly<Record<string, string>>): Promise<Ended & { readonly dataFolder: string }> {
  const dataFolder = env['MINHU_DATA'] ?? join(temporary(), 'data');
  return { ...(await failedStart({ ...env, MINHU_DATA: dataFolder })), dataFolder };
}

/** Processes that know this data folder by their command line or environment. */
function processesOf(dataFolder: string): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid)
    .filter((pid) => ['cmdline', 'environ'].some((file) => readProc(pid, file).includes(`${dataFolder}`)));
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

async function expectNothingLeft({ dataFolder }: { readonly dataFolder: string }): Promise<void> {
  await until(
    'nothing left running',
    () => processesOf(dataFolder),
    (pids) => pids.length === 0,
    5_000,
  );
}

async function takenTcpPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

async function takenUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise<void>((resolve) => socket.close(resolve)));
  return socket.address().port;
}

test.each([
  ['UDP', takenUdpPort],
  ['TCP', takenTcpPort],
])(
  'a SIP port that another program holds (%s) is named with the setting and the way out, and nothing is left running',
  async (_, take) => {
    const port = await take();
    const ended = await endOf({ MINHU_SIP: `127.0.0.1:${port}` });
    expect(ended.status, ended.said).toBe(1);
    expect(ended.said).toMatch(new RegExp(`SIP .*127\\.0\\.0\\.1:${port} .*EADDRINUSE[\\s\\S]*→ .*MINHU_SIP`));
    expect(ended.said).not.toContain('Minhu is ready');
    await expectNothingLeft(ended);
  },
  90_000,
);

test('an HTTP port that another program holds is named with the setting and the way out, and nothing is left running', async () => {
  const port = await takenTcpPort();
  const ended = await endOf({ MINHU_HTTP: `127.0.0.1:${port}` });
  expect(ended.status, ended.said).toBe(1);
  expect(ended.said).toMatch(new RegExp(`HTTP .*127\\.0\\.0\\.1:${port} .*EADDRINUSE[\\s\\S]*→ .*MINHU_HTTP`));
  await expectNothingLeft(ended);
}, 90_000);

test('wrong settings are all named at once, before anything is started or written', async () => {
  const ended = await endOf({
    MINHU_HTTP: '8080',
    LOG_LEVEL: 'loud',
    MINHU_ESL: '10.0.0.9:8021',
    NODE_ENV: 'production',
  });
  expect(ended.status, ended.said).toBe(1);
  for (const setting of ['MINHU_HTTP', 'LOG_LEVEL', 'MINHU_ESL_PASSWORD']) expect(ended.said).toContain(`${setting}: `);
  expect(ended.said.match(/→/g)).toHaveLength(3);
  expect(() => readdirSync(ended.dataFolder)).toThrow('ENOENT');
});

test('a certificate that cannot be read is named before anything is started', async () => {
  const ended = await endOf({ MINHU_TLS_CERT: '/nowhere/cert.pem', MINHU_TLS_KEY: '/nowhere/key.pem' });
  expect(ended.status, ended.said).toBe(1);
  expect(ended.said).toMatch(/MINHU_TLS_CERT.*\/nowhere\/cert\.pem[\s\S]*→/);
});

test('a mistake in the city folder is shown with file, line and remedy', async () => {
  const city = join(temporary(), 'city');
  cpSync(join(root, 'dialplans'), city, { recursive: true });
  const queues = readFileSync(join(city, 'queues.yaml'), 'utf8');
  writeFileSync(join(city, 'queues.yaml'), `${queues}\n  broken: [\n`);
  const lines = queues.split('\n').length;
  const ended = await endOf({ MINHU_CITY: city });
  expect(ended.status, ended.said).toBe(1);
  const place = /queues\.yaml:(\d+) \S+[\s\S]*\n {2}→ \S/.exec(ended.said);
  expect(Number(place?.[1]), ended.said).toBeGreaterThanOrEqual(lines);
});

test('a city folder that is not there is named', async () => {
  const ended = await endOf({ MINHU_CITY: '/nowhere/city' });
  expect(ended.status, ended.said).toBe(1);
  expect(ended.said).toMatch(/queues\.yaml:\d+ [\s\S]*→/);
});

test('a data folder that cannot be written is named with the setting', async () => {
  const file = join(temporary(), 'data');
  writeFileSync(file, 'a file stands where the folder should be');
  for (const MINHU_DATA of [file, join(file, 'below'), '/sys/minhu']) {
    const ended = await endOf({ MINHU_DATA });
    expect(ended.status, ended.said).toBe(1);
    expect(ended.said).toMatch(/data folder cannot be written[\s\S]*→ .*MINHU_DATA/);
  }
});

test('a data folder below /proc, where nothing can be made, is named at once', async () => {
  const ended = await endOf({ MINHU_DATA: '/proc/minhu/data' });
  expect(ended.status, ended.said).toBe(1);
  expect(ended.said).toMatch(/\/proc\/minhu\/data[\s\S]*→ .*MINHU_DATA/);
}, 60_000);

test('two first starts at the same moment: one is ready, the other is refused with the id of the first; after its death the folder is free', async () => {
  const dataFolder = join(temporary(), 'data');
  const both = [startProgram({ MINHU_DATA: dataFolder }), startProgram({ MINHU_DATA: dataFolder })];
  for (const one of both) one.then((started) => cleanups.push(() => started.stop())).catch(() => {});
  const results = await Promise.allSettled(both);
  const [won] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const [lost] = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
  const run = JSON.parse(readFileSync(join(dataFolder, 'run.json'), 'utf8'));
  expect(lost).toMatch(new RegExp(`ended with 1 .*[\\s\\S]*already running .*process ${run.pids.supervisor}`));
  process.kill(run.pids.supervisor, 'SIGKILL');
  await won!.start();
  expect(JSON.parse(readFileSync(join(dataFolder, 'run.json'), 'utf8')).pids.switch).toBe(run.pids.switch);
  expect(await won!.stop()).toBe(0);
}, 150_000);

/** The newest segment's path and the byte behind its last record. */
function journalEnd(dataFolder: string): { readonly path: string; readonly end: number; readonly bytes: Buffer } {
  const folder = join(dataFolder, 'journal');
  const name = readdirSync(folder)
    .filter((file) => /^journal-\d+\.seg$/.test(file))
    .sort()
    .at(-1)!;
  const bytes = readFileSync(join(folder, name));
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return { path: join(folder, name), end, bytes };
}

function dropSnapshots(dataFolder: string): void {
  const folder = join(dataFolder, 'journal');
  for (const name of readdirSync(folder)) if (name.includes('snapshot')) rmSync(join(folder, name));
}

describe('one program, again and again', () => {
  let hotline: Program;

  beforeAll(async () => {
    hotline = await startProgram();
  }, 120_000);

  afterAll(async () => {
    await hotline?.stop();
    hotline?.remove();
  }, 60_000);

  test('a second start on the same data folder is refused, and the first goes on', async () => {
    const before = hotline.run();
    const second = await endOf({ MINHU_DATA: hotline.dataFolder });
    expect(second.status, second.said).toBe(1);
    expect(second.said).toMatch(
      new RegExp(`already running .*process ${before.pids.supervisor}[\\s\\S]*→ .*MINHU_DATA`),
    );
    expect(hotline.run()).toEqual(before);
    const health = await fetch(`http://${before.http}/readyz`);
    expect(health.status).toBe(200);
    for (const pid of Object.values(before.pids)) expect(process.kill(pid, 0)).toBe(true);

    const held = { MINHU_DATA: hotline.dataFolder, MINHU_HTTP: before.http, MINHU_SIP: before.sip };
    const doctor = spawnSync(process.execPath, ['dist/cli.js', 'doctor'], {
      cwd: root,
      env: { ...process.env, ...held },
      encoding: 'utf8',
    });
    expect(doctor.stdout.match(/由正在运行的民呼占用/g), doctor.stdout).toHaveLength(3);
    expect(doctor.status, doctor.stdout).toBe(0);
  }, 120_000);

  test('a last record that was torn is cut off: the program starts and what was written before is there', async () => {
    const seat = hotline.firstRun().seats[0]!;
    await (await signIn(hotline, seat)).put('/api/v1/agents/me/state', { state: 'ready' });
    expect(await hotline.stop()).toBe(0);
    dropSnapshots(hotline.dataFolder);
    const { path, end, bytes } = journalEnd(hotline.dataFolder);
    // Half of one more record, as when the power goes in the middle of a write.
    const torn = bytes.subarray(0, 40);
    writeFileSync(path, Buffer.concat([bytes.subarray(0, end), torn, bytes.subarray(end + torn.length)]));
    await hotline.start();
    const journal = readFileSync(path);
    expect(journal.subarray(0, end).equals(bytes.subarray(0, end))).toBe(true);
    expect(journal.subarray(0, end).toString('latin1')).toContain('agentStateAsked');
    expect(readFileSync(join(hotline.dataFolder, 'log', 'core.log'), 'utf8')).toContain('torn');
    const lead = await signIn(hotline, hotline.firstRun().lead);
    const { agents } = await lead.get<{ agents: { readonly agent: string }[] }>('/api/v1/agents');
    expect(agents.find(({ agent }) => agent === seat.user)).toBeDefined();
  }, 150_000);

  test('a last record that is cut short loses that record alone', async () => {
    expect(await hotline.stop()).toBe(0);
    dropSnapshots(hotline.dataFolder);
    const { path, end, bytes } = journalEnd(hotline.dataFolder);
    truncateSync(path, end - 7);
    await hotline.start();
    const last = bytes.lastIndexOf('MHJ1', end - 8, 'latin1');
    const now = readFileSync(path).subarray(0, last);
    expect(now.equals(bytes.subarray(0, last)), 'the records before are as they were').toBe(true);
  }, 150_000);

  test('damage in the middle of the journal is refused aloud: file, byte, what to do; and nothing is changed', async () => {
    expect(await hotline.stop()).toBe(0);
    const { path, bytes } = journalEnd(hotline.dataFolder);
    const damaged = Buffer.from(bytes);
    damaged[60] = damaged[60]! ^ 0xff;
    writeFileSync(path, damaged);
    cleanups.push(() => writeFileSync(path, bytes));
    const ended = await endOf({ MINHU_DATA: hotline.dataFolder });
    expect(ended.status, ended.said).toBe(1);
    expect(ended.said).toContain(`${path} is damaged at byte 0`);
    expect(ended.said).toMatch(/Restore the file from a backup/);
    expect(readFileSync(path).equals(damaged)).toBe(true);
    await expectNothingLeft(ended);
  }, 150_000);
});
