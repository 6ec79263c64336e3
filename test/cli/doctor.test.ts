import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadCity } from '../../src/city/load.ts';
import { checkCallBacks, checkPlans, checkSites, checkWorkdays, examine } from '../../src/cli/doctor/examine.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { checkClock, checkNode } from '../../src/cli/doctor/machine.ts';
import { asText, command } from '../../src/cli/doctor.ts';
import { lockFolder } from '../../src/lib/folder-lock.ts';
import { freePort } from '../e2e/free-port.ts';

const root = join(import.meta.dirname, '../..');
const STRONG = 'k9-Vq2xTz8_LmW4p';
const cleanups: (() => unknown)[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-doctor-'));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** A hotline that could start: free ports, a data folder of its own. */
function env(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    MINHU_DATA: join(folder, 'data'),
    MINHU_CITY: join(root, 'dialplans'),
    MINHU_HTTP: '127.0.0.1:0',
    MINHU_SIP: '127.0.0.1:0',
    MINHU_RTP: '40000-40199',
    ...more,
  };
}

async function wrong(more: Readonly<Record<string, string>>): Promise<readonly Finding[]> {
  return (await examine(env(more))).filter(({ ok }) => !ok);
}

async function takenTcp(answer: (socket: Socket) => void = () => {}): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

async function takenUdp(port = 0): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, '127.0.0.1', resolve);
  });
  cleanups.push(() => new Promise<void>((resolve) => socket.close(resolve)));
  return socket.address().port;
}

/** An event socket that takes one password and tells its variables, as FreeSWITCH's does. */
function eventSocket(password: string, variables: Readonly<Record<string, string>> = {}): Promise<number> {
  return takenTcp((socket) => {
    socket.write('Content-Type: auth/request\n\n');
    socket.on('data', (data) => {
      for (const line of data.toString().split('\n\n').slice(0, -1)) socket.write(replyTo(line, password, variables));
    });
  });
}

function replyTo(line: string, password: string, variables: Readonly<Record<string, string>>): string {
  const name = /^api global_getvar (\w+)$/.exec(line)?.[1];
  if (name === undefined) {
    const right = line === `auth ${password}`;
    return `Content-Type: command/reply\nReply-Text: ${right ? '+OK accepted' : '-ERR invalid'}\n\n`;
  }
  // It has no word for an empty variable.
  const value = variables[name] || '-ERR no reply\n';
  return `Content-Type: api/response\nContent-Length: ${value.length}\n\n${value}`;
}

test('a machine on which all is well gets a tick for each check, and exit status 0', async () => {
  const findings = await examine(env());
  expect(findings.filter(({ ok }) => !ok)).toEqual([]);
  // In December next year's holidays may be missing still.
  expect(findings.filter(({ warning }) => !warning).map(({ check }) => check)).toEqual([
    'node',
    'clock',
    'settings',
    'city',
    'channels',
    'data',
    'run',
    'http',
    'sip-udp',
    'sip-tcp',
    'ws',
    'rtp',
    'esl-password',
  ]);
  const text = asText(findings);
  expect(text.match(/^[✓!] /gm)).toHaveLength(findings.length);
  expect(asText(findings.filter(({ warning }) => !warning))).toContain('一切正常 / all is well');
});

test('an account of a channel that a start would leave out is told, and a secret that stands in the file; the data folder stays as it is', async () => {
  const file = join(folder, 'channels.yaml');
  const accounts = [
    '- { channel: webhook, account: app, settings: { key: k0123456789abcdef0123456789abcdef } }',
    '- { channel: webhook, account: bare, settings: { key: { env: NOT_SET } } }',
    '- { channel: wehcat, account: main, settings: {} }',
  ];
  writeFileSync(file, accounts.join('\n'));
  // As the program runs: channels are made into modules beside it.
  const minhu = [join(root, 'src/minhu.mjs'), 'doctor', '--json'];
  const { stdout } = spawnSync(process.execPath, minhu, {
    env: { ...process.env, ...env({ MINHU_CHANNELS: file }) },
    encoding: 'utf8',
  });
  const found = (JSON.parse(stdout) as Finding[]).filter(({ check }) => check === 'channels');
  expect(found.filter(({ ok }) => !ok).map(({ zh }) => zh)).toEqual(['channels.yaml:2', 'channels.yaml:3']);
  expect(found.filter(({ warning }) => warning).map(({ zh }) => zh)).toEqual(['channels.yaml:1']);
  expect(asText(found)).toContain('wehcat');
  expect(asText(found)).not.toContain('0123456789abcdef');
  expect(asText(found)).toMatch(/[1-9] 处需要处理/);
  expect(existsSync(join(folder, 'data'))).toBe(false);
});

test('a file of accounts that is named and not there is told: without it no channel is in service', async () => {
  const file = join(folder, 'nowhere.yaml');
  expect(await wrong({ MINHU_CHANNELS: file })).toMatchObject([
    { check: 'channels', zh: expect.stringContaining(file) },
  ]);
});

test('holidays that nobody has added by 1 December are to be seen to, and keep the hotline from nothing', () => {
  const city = loadCity(join(root, 'dialplans'));
  if (!city.ok) throw new Error(JSON.stringify(city.problems));
  expect(checkWorkdays(city.city, Date.parse('2026-11-30T23:59+08:00'))).toEqual([]);
  const findings = checkWorkdays(city.city, Date.parse('2026-12-01T00:00+08:00'));
  expect(findings).toMatchObject([
    { check: 'workdays', ok: true, fix: expect.stringContaining('add 2027 to workdays.yaml') },
  ]);
  expect(asText(findings)).toMatch(/^! 缺少 2027 年的放假安排 .*\n {4}→ .*\n\n1 处需要处理/);
});

test('a plan at whose end nobody may serve is to be seen to', () => {
  const city = loadCity(join(root, 'dialplans'));
  if (!city.ok) throw new Error(JSON.stringify(city.problems));
  const { settings } = city.city;
  expect(checkPlans(city.city)).toEqual([]);
  for (const slip of [{ needs: { skill: 'persnal', level: 1 } }, { needs: { all: [] }, sites: ['sub8'] }]) {
    const plans = { ...settings.plans, slip: [{ untilMs: null, ...slip }] };
    expect(checkPlans({ ...city.city, settings: { ...settings, plans } })).toMatchObject([
      { check: 'plans', ok: true, en: expect.stringContaining('"slip"'), fix: expect.stringContaining('plans.yaml') },
    ]);
  }
});

test('a city whose sites lack the one of seats that name none is told so; without sites there is one place alone', async () => {
  const shipped = join(root, 'dialplans');
  const found = async (change: (folder: string) => void) => {
    const city = mkdtempSync(join(folder, 'city-'));
    cpSync(shipped, city, { recursive: true });
    change(city);
    return (await examine(env({ MINHU_CITY: city }))).filter(({ check }) => check === 'sites');
  };
  expect(await found(() => undefined)).toEqual([]);
  const without = await found((city) => {
    const file = join(city, 'sites.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^ {2}main:.*\n/m, ''));
  });
  expect(without).toMatchObject([
    { ok: true, en: expect.stringContaining('lacks main'), fix: expect.stringContaining('sites.yaml') },
  ]);
  const city = loadCity(shipped);
  if (!city.ok) throw new Error(JSON.stringify(city.problems));
  const { sites: _, ...settings } = city.city.settings;
  expect(checkSites({ ...city.city, settings })).toEqual([]);
});

test('a city whose missed calls are never called back is told so: the hours for it never open', () => {
  const city = loadCity(join(root, 'dialplans'));
  if (!city.ok) throw new Error(JSON.stringify(city.problems));
  const { settings } = city.city;
  const night = Date.parse('2026-06-02T03:00:00+08:00');
  expect(checkCallBacks(city.city, night)).toEqual([]);
  const { calendar } = settings.missedCalls!;
  const never = { ...settings.hours![calendar]!, week: Array(7).fill([]) };
  const shut = { ...settings, hours: { ...settings.hours, [calendar]: { offsets: never.offsets, week: never.week } } };
  expect(checkCallBacks({ ...city.city, settings: shut }, night)).toMatchObject([
    { check: 'call-backs', ok: true, warning: true, fix: expect.stringContaining('hours.yaml') },
  ]);
});

test('the command prints JSON when asked and exits with 1 when something is wrong', async () => {
  for (const [name, value] of Object.entries(env({ MINHU_HTTP: 'nowhere' }))) vi.stubEnv(name, value);
  const printed: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  expect(await command.run(['--json'])).toBe(1);
  const findings: Finding[] = JSON.parse(printed.join(''));
  expect(findings.filter(({ ok }) => !ok)).toMatchObject([{ check: 'settings', zh: '设置 MINHU_HTTP 有误' }]);
  expect(findings.length).toBeGreaterThan(8);
});

test('each thing wrong is shown in Chinese, in English and with what to do', async () => {
  const text = asText(await wrong({ MINHU_HTTP: `127.0.0.1:${await takenTcp()}` }));
  expect(text).toMatch(/^✗ HTTP .*已被其他程序占用.* \/ is held by another program \(EADDRINUSE\)\n {4}→ .*MINHU_HTTP/);
  expect(text).toContain('1 处需要处理 / 1 to be seen to');
});

test('taken SIP ports are told apart: UDP and TCP', async () => {
  expect(await wrong({ MINHU_SIP: `127.0.0.1:${await takenUdp(await freePort())}` })).toMatchObject([
    { check: 'sip-udp' },
  ]);
  expect(await wrong({ MINHU_SIP: `127.0.0.1:${await takenTcp()}` })).toMatchObject([{ check: 'sip-tcp' }]);
});

test('an address that is not of this machine is named as that', async () => {
  const findings = await wrong({ MINHU_HTTP: '192.0.2.1:8080', MINHU_WS: '127.0.0.1:0' });
  expect(findings).toMatchObject([{ check: 'http', en: expect.stringContaining('is not an address of this machine') }]);
});

test('a taken port is a fault although run.json names it, when no part of the hotline lives there', async () => {
  const port = await takenTcp();
  mkdirSync(join(folder, 'data'));
  const pids = { supervisor: process.pid, core: process.pid, switch: null, postgres: null };
  writeFileSync(join(folder, 'data/run.json'), JSON.stringify({ http: `127.0.0.1:${port}`, sip: null, esl: '', pids }));
  expect(await wrong({ MINHU_HTTP: `127.0.0.1:${port}` })).toMatchObject([{ check: 'http' }]);
});

test('an RTP range that others hold for the most part is refused, a few taken ports are not', async () => {
  for (let port = 41_000; port < 41_010; port += 1) await takenUdp(port);
  expect(await wrong({ MINHU_RTP: '41000-41099' })).toEqual([]);
  for (let port = 41_010; port < 41_060; port += 1) await takenUdp(port);
  expect(await wrong({ MINHU_RTP: '41000-41099' })).toMatchObject([{ check: 'rtp' }]);
});

test('a wrong setting hides nothing else: all settings, the city and the ports are told in one run', async () => {
  mkdirSync(join(folder, 'city'));
  const findings = await wrong({
    MINHU_SIP: 'somewhere',
    LOG_LEVEL: 'loud',
    MINHU_CITY: join(folder, 'city'),
    MINHU_HTTP: `127.0.0.1:${await takenTcp()}`,
  });
  const checks = findings.map(({ check }) => check);
  expect(checks.filter((check) => check === 'settings')).toHaveLength(2);
  expect(checks.filter((check) => check === 'city').length).toBeGreaterThanOrEqual(5);
  expect(checks).toContain('http');
  expect(checks).not.toContain('sip-udp');
});

test('each mistake in the city folder is a line with its file and place', async () => {
  cpSync(join(root, 'dialplans'), join(folder, 'city'), { recursive: true });
  rmSync(join(folder, 'city/trunks.yaml'));
  writeFileSync(join(folder, 'city/hours.yaml'), 'zone: Mars/Base\nweek: 3\n');
  const findings = await wrong({ MINHU_CITY: join(folder, 'city') });
  expect(findings.map(({ zh }) => zh)).toEqual(
    expect.arrayContaining([expect.stringMatching(/trunks\.yaml:\d+$/), expect.stringMatching(/hours\.yaml:1$/)]),
  );
  for (const { fix } of findings) expect(fix).toMatch(/\S/);
});

test('a data folder that is a file, lies below one or where nothing can be made is refused', async () => {
  writeFileSync(join(folder, 'file'), '');
  expect(await wrong({ MINHU_DATA: join(folder, 'file') })).toMatchObject([{ check: 'data' }]);
  expect(await wrong({ MINHU_DATA: join(folder, 'file/below') })).toMatchObject([{ check: 'data' }]);
  if (process.platform === 'linux') {
    const proc = await wrong({ MINHU_DATA: '/proc/minhu/data' });
    expect(proc).toMatchObject([{ check: 'data', en: expect.stringContaining('cannot be written') }]);
  }
});

test('a hotline that is just starting is not taken for another program on its ports', async () => {
  mkdirSync(join(folder, 'data'));
  const lock = await lockFolder(join(folder, 'data'));
  const findings = await examine({ ...env(), MINHU_HTTP: `127.0.0.1:${await takenTcp()}` });
  expect(findings.filter(({ ok }) => !ok)).toEqual([]);
  expect(findings.find(({ check }) => check === 'run')?.en).toContain('starting');
  if (lock.ok) lock.release();
});

test('a run.json of the last time does no harm, a damaged one is named', async () => {
  mkdirSync(join(folder, 'data'));
  const file = join(folder, 'data/run.json');
  const pids = { supervisor: 2 ** 22 + 1, core: 2 ** 22 + 2, switch: 2 ** 22 + 3, postgres: null };
  writeFileSync(file, JSON.stringify({ http: '127.0.0.1:1', sip: null, esl: '', pids }));
  expect(await wrong({})).toEqual([]);
  writeFileSync(file, '{"http": ');
  expect(await wrong({})).toMatchObject([{ check: 'run' }]);
});

test('a weak event-socket password of the embedded switch is named', async () => {
  mkdirSync(join(folder, 'data/switch'), { recursive: true });
  writeFileSync(join(folder, 'data/switch/esl-password'), 'ClueCon\n');
  expect(await wrong({})).toMatchObject([{ check: 'esl-password' }]);
});

test('a FreeSWITCH node that takes ClueCon is named, one with our password is well', async () => {
  const safe = { MINHU_ESL: `127.0.0.1:${await eventSocket(STRONG)}`, MINHU_ESL_PASSWORD: STRONG };
  expect(await wrong(safe)).toEqual([]);
  const open = { MINHU_ESL: `127.0.0.1:${await eventSocket('ClueCon')}`, MINHU_ESL_PASSWORD: STRONG };
  const findings = await wrong(open);
  expect(findings.map(({ check }) => check)).toEqual(['esl-default', 'esl-auth']);
  for (const { fix } of findings) expect(fix).toContain('minhu_esl_password');
});

const SECRET = 'tK4_seats-of-this-city';
const seatsAt = (port: number | string): string => `http://127.0.0.1:${port}/api/v1/freeswitch/directory`;

function secretFile(content = `${SECRET}\n`): void {
  mkdirSync(join(folder, 'data/switch'), { recursive: true });
  writeFileSync(join(folder, 'data/switch/directory-secret'), content);
}

/** What is to be seen to about telephones, with a node of these variables and its WebSocket. */
async function onNode(
  variables: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): Promise<readonly Finding[]> {
  const settings = { MINHU_ESL: `127.0.0.1:${await eventSocket(STRONG, variables)}`, MINHU_ESL_PASSWORD: STRONG };
  const found = await examine(env({ ...settings, MINHU_WS: `127.0.0.1:${await takenTcp()}`, ...more }));
  // In December next year's holidays may be missing still.
  return found.filter(({ check, ok, warning }) => check !== 'workdays' && (!ok || warning));
}

test('on FreeSWITCH all is well when it shows our secret for the seats and listens where pages look for it', async () => {
  secretFile();
  const variables = { minhu_directory_secret: SECRET, minhu_directory_url: seatsAt(8080) };
  expect(await onNode(variables)).toEqual([]);
});

test('a secret for the seats that FreeSWITCH has empty, or another, is named and never shown', async () => {
  const url = { minhu_directory_url: seatsAt(8080) };
  const other = 'another_secret-of-22-ch';
  const missing = await onNode({ ...url, minhu_directory_secret: SECRET });
  expect(missing).toMatchObject([{ check: 'esl-seats', ok: false, zh: expect.stringContaining('还没有') }]);
  secretFile();
  const empty = await onNode(url);
  expect(empty).toMatchObject([{ check: 'esl-seats', ok: false, zh: expect.stringContaining('为空') }]);
  const wrong = await onNode({ ...url, minhu_directory_secret: other });
  expect(wrong).toMatchObject([{ check: 'esl-seats', ok: false, zh: expect.stringContaining('不一致') }]);
  expect(wrong[0]?.fix).toContain('settings.xml');
  // A password in a command line is seen by every account of the machine.
  expect(wrong[0]?.fix).toContain('fs_cli -x "reload mod_xml_curl"');
  expect(JSON.stringify(wrong)).not.toContain('PASSWORD');
  secretFile('short');
  const short = await onNode({ ...url, minhu_directory_secret: 'short' });
  expect(short).toMatchObject([{ check: 'esl-seats', ok: false, zh: expect.stringContaining('太短') }]);
  const shown = JSON.stringify([missing, empty, wrong]);
  for (const secret of [SECRET, other]) expect(shown).not.toContain(secret);
});

test('of a FreeSWITCH with a configuration of somebody else the secret for the seats is only a warning', async () => {
  secretFile();
  expect(await onNode({})).toMatchObject([{ check: 'esl-seats', ok: true, warning: true }]);
});

test('an address for the seats at which nobody can be is a warning, one behind which a proxy may be is not', async () => {
  secretFile();
  const http = await freePort();
  const at = (url: string): Promise<readonly Finding[]> =>
    onNode({ minhu_directory_secret: SECRET, minhu_directory_url: url }, { MINHU_HTTP: `127.0.0.1:${http}` });
  for (const url of [seatsAt(http), seatsAt(await takenTcp()), 'http://192.0.2.1:9/', 'elsewhere']) {
    expect(await at(url)).toEqual([]);
  }
  for (const url of [seatsAt(1), seatsAt(http).replace('http', 'https')]) {
    expect(await at(url)).toMatchObject([{ check: 'esl-seats', ok: true, warning: true }]);
  }
});

test('with FreeSWITCH a MINHU_WS that is not set is a warning, one at which nobody listens a fault', async () => {
  secretFile();
  const variables = { minhu_directory_secret: SECRET, minhu_directory_url: seatsAt(8080) };
  expect(await onNode(variables, { MINHU_WS: '' })).toMatchObject([{ check: 'ws', ok: true, warning: true }]);
  const port = await freePort();
  expect(await onNode(variables, { MINHU_WS: `127.0.0.1:${port}` })).toMatchObject([{ check: 'ws', ok: false }]);
  const away = { MINHU_ESL: '127.0.0.1:1', MINHU_WS: `127.0.0.1:${port}` };
  expect((await onNode(variables, away)).map(({ check }) => check)).toEqual(['esl-node']);
});

test('pages that come by https are told apart from a FreeSWITCH whose sockets are not secure', async () => {
  secretFile();
  const files = { MINHU_TLS_CERT: join(folder, 'no.pem'), MINHU_TLS_KEY: join(folder, 'no.pem') };
  const seats = { minhu_directory_secret: SECRET, minhu_directory_url: seatsAt(8080) };
  const ofSockets = async (scheme: string, more: Readonly<Record<string, string>>) =>
    (await onNode({ ...seats, minhu_ws_scheme: scheme }, more)).filter(({ check }) => check === 'ws');
  expect(await ofSockets('ws', files)).toMatchObject([{ ok: false, fix: expect.stringContaining('wss.pem') }]);
  expect(await ofSockets('wss', files)).toEqual([]);
  expect(await ofSockets('', files)).toEqual([]);
  expect(await ofSockets('ws', {})).toEqual([]);
});

test('a FreeSWITCH node that does not answer, or refuses this machine, is named; so is a missing password', async () => {
  const refusing = await takenTcp((socket) => socket.end('Content-Type: text/rude-rejection\nContent-Length: 0\n\n'));
  const findings = await wrong({ MINHU_ESL: `127.0.0.1:1,127.0.0.1:${refusing}` });
  expect(findings).toMatchObject([
    { check: 'settings', zh: '设置 MINHU_ESL_PASSWORD 有误' },
    { check: 'esl-node', zh: expect.stringContaining('没有应答') },
    { check: 'esl-node', zh: expect.stringContaining('拒绝') },
  ]);
});

test('a database that cannot be reached is named without its password', async () => {
  const findings = await wrong({ DATABASE_URL: 'postgresql://minhu:hunter2@127.0.0.1:1/minhu' });
  expect(findings).toMatchObject([{ check: 'database', zh: 'PostgreSQL 127.0.0.1:1/minhu 连接不上' }]);
  expect(JSON.stringify(findings)).not.toContain('hunter2');
});

test('a certificate that cannot be read is named', async () => {
  const files = { MINHU_TLS_CERT: join(folder, 'no.pem'), MINHU_TLS_KEY: join(folder, 'no.pem') };
  expect(await wrong(files)).toMatchObject([{ check: 'tls', en: expect.stringContaining('ENOENT') }]);
});

test('a clock that cannot be, or that was set back behind the files, is named', async () => {
  expect(checkClock(0, undefined).ok).toBe(false);
  expect(checkClock(Date.UTC(2199, 0), undefined).ok).toBe(false);
  expect(checkClock(Date.now(), undefined).ok).toBe(true);
  const journal = join(folder, 'data/journal');
  mkdirSync(journal, { recursive: true });
  writeFileSync(join(journal, 'journal-000000000001.seg'), '');
  const tomorrow = Date.now() / 1_000 + 86_400;
  utimesSync(join(journal, 'journal-000000000001.seg'), tomorrow, tomorrow);
  expect(await wrong({})).toMatchObject([{ check: 'clock', en: expect.stringContaining('set back') }]);
});

test('a Node.js below the one that package.json asks for is named', () => {
  expect(['18.20.0', '20.18.3'].map((version) => checkNode(version).ok)).toEqual([false, false]);
  expect(['20.19.0', '22.0.0'].map((version) => checkNode(version).ok)).toEqual([true, true]);
});
