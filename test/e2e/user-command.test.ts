import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { command } from '../../src/cli/user.ts';
import { baresip, type Phone } from './peers.ts';
import { signIn, until } from './program.ts';
import { openStage, type Stage } from './stage.ts';
import { toneSeconds } from './tone.ts';

const root = join(import.meta.dirname, '../..');
const phones: Phone[] = [];
let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
}, 120_000);

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

afterAll(async () => {
  for (const phone of phones) await phone.dispose();
  await stage?.close();
}, 60_000);

interface Said {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** `unread`: like `| head` that has gone. */
function minhu(
  words: string,
  { input = '', env = {}, unread = false }: { input?: string; env?: object; unread?: boolean } = {},
): Promise<Said> {
  const child = spawn(process.execPath, ['dist/cli.js', 'user', ...words.split(' ')], {
    cwd: root,
    env: { ...process.env, MINHU_DATA: stage.program.dataFolder, ...env },
    stdio: 'pipe',
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
  });
  if (unread) child.stdout.destroy();
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, out, err })));
}

test('a seat that is added while the hotline runs registers and takes a call without a restart; disabled, it is logged out and gone', async () => {
  const { status, out, err } = await minhu('add late --roles agent --number 8800 --skills enterprise=3 --digest md5');
  expect(status, err).toBe(0);
  const password = /^late {2}(\S{20})$/m.exec(out)![1]!;
  const sipPassword = /^8800 {2}(\S{20}) /m.exec(out)![1]!;
  const directory = join(stage.program.dataFolder, 'switch/directory.json');
  await until(
    'the directory knows the seat',
    () => readFileSync(directory, 'utf8'),
    (text) => text.includes('"8800"') && !text.includes(sipPassword),
  );
  const server = stage.program.run().sip;
  phones.push(baresip({ server, user: '8800', password: sipPassword, toneHz: 700, answer: 'auto' }));
  await until(
    'the phone is registered',
    () => stage.agent('late'),
    (view) => view?.devices === 1,
  );
  const late = await signIn(stage.program, { user: 'late', password });
  await late.put('/api/v1/agents/me/state', { state: 'ready' });
  const caller = await stage.dial('13800138501', 440);
  caller.type('2');
  await stage.agentIs('late', 'talking');

  expect(await minhu('disable late')).toMatchObject({ status: 0, out: 'late: disabled\n' });
  await expect(late.get('/api/v1/me')).rejects.toThrow('401');
  await expect(signIn(stage.program, { user: 'late', password })).rejects.toThrow('LOGIN_WRONG');
  const kept = join(stage.program.dataFolder, 'switch/registrations.json');
  await until(
    'the registration has ended',
    () => readFileSync(kept, 'utf8'),
    (text) => !text.includes('8800'),
  );
  const heardBefore = toneSeconds(caller.heard(), 700);
  await until(
    'the call goes on',
    () => toneSeconds(caller.heard(), 700),
    (seconds) => seconds > heardBefore + 2,
  );
  caller.type('b');
  expect((await stage.closedRecord('13800138501')).outcome).toBe('answered');

  expect(await minhu('enable late')).toMatchObject({ status: 0, out: 'late: enabled\n' });
  expect(await (await signIn(stage.program, { user: 'late', password })).get('/api/v1/me')).toMatchObject({
    user: 'late',
  });
}, 90_000);

test('a new password ends the sessions of the old one; it is read from standard input or made', async () => {
  const added = await minhu('add second --roles lead,admin --password-stdin', { input: 'a long enough word\n' });
  expect(added).toEqual({ status: 0, out: 'second: added\n', err: '' });
  const session = await signIn(stage.program, { user: 'second', password: 'a long enough word' });
  const made = await minhu('passwd second');
  const password = /^second {2}(\S{20})\n$/.exec(made.out)![1]!;
  await expect(session.get('/api/v1/me')).rejects.toThrow('401');
  expect(await (await signIn(stage.program, { user: 'second', password })).get('/api/v1/me')).toMatchObject({
    roles: ['lead', 'admin'],
  });
  expect((await minhu('passwd second --password-stdin', { input: 'short' })).status).toBe(2);
  expect(await minhu('passwd second --password-stdin', { input: 'another long word' })).toMatchObject({
    status: 0,
    out: 'second: changed\n',
  });
});

test('a grant is made and withdrawn, and stands in the trail', async () => {
  const granted = async () => {
    const admin = await signIn(stage.program, stage.program.firstRun().admin);
    const { users } = await admin.get<{ users: { user: string; mayPlay: boolean }[] }>('/api/v1/users');
    return users.find(({ user }) => user === 'second')?.mayPlay;
  };
  expect(await minhu('set second --may-play yes')).toMatchObject({ status: 0, out: 'second: changed\n' });
  expect(await granted()).toBe(true);
  expect((await minhu('set second --may-play no')).status).toBe(0);
  expect(await granted()).toBe(false);
  const { deeds } = JSON.parse((await minhu('audit --json')).out) as { deeds: object[] };
  const made = { action: 'user set', target: 'second' };
  expect(deeds).toContainEqual(expect.objectContaining({ ...made, detail: '{"mayPlay":true}' }));
  expect(deeds).toContainEqual(expect.objectContaining({ ...made, detail: '{"mayPlay":false}' }));
}, 60_000);

test('the list tells names, roles and seats, for people and for programs', async () => {
  const [{ out }, json] = await Promise.all([minhu('list'), minhu('list --json')]);
  expect(out).toMatch(/^lead +lead +-$/m);
  expect(out).toMatch(/^seat1001 +agent +\d+$/m);
  const accounts = JSON.parse(json.out) as { user: string; disabled: boolean }[];
  expect(accounts.find(({ user }) => user === 'lead')).toMatchObject({ roles: ['lead'], disabled: false, seat: null });
});

test.each(['list', 'list --json', 'audit', 'audit --json', '--help'])(
  '“%s” ends quietly when nobody reads on',
  async (words) => {
    expect(await minhu(words, { unread: true })).toEqual({ status: 0, out: '', err: '' });
  },
);

test('what cannot be done is said: a name that is taken or unknown, words that make no sense, a database that is not there', async () => {
  const nowhere = mkdtempSync(join(tmpdir(), 'minhu-nowhere-'));
  const [taken, senseless, noData, noServer, ...unknown] = await Promise.all([
    minhu('add lead --roles lead'),
    minhu('add x --roles king'),
    minhu('list', { env: { MINHU_DATA: nowhere } }),
    minhu('list', { env: { DATABASE_URL: 'postgresql://a:hunter2@127.0.0.1:1/c' } }),
    ...['passwd', 'disable', 'enable'].map((verb) => minhu(`${verb} nobody`)),
  ]);
  rmSync(nowhere, { recursive: true });
  expect(taken).toMatchObject({ status: 1, err: expect.stringContaining('is taken') });
  for (const said of unknown) expect(said).toMatchObject({ status: 1, err: expect.stringContaining('no such user') });
  expect(senseless).toMatchObject({ status: 2, err: expect.stringContaining('minhu user add USER') });
  expect(noData).toMatchObject({ status: 1, err: expect.stringContaining('npm start') });
  expect(noServer).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^PostgreSQL 127\.0\.0\.1:1\/c 连接不上/),
  });
}, 120_000);

const nonsense = [
  ...['', 'drop lead', 'add', 'add x --roles king', 'add x', 'add a/b --roles lead', 'list more', 'disable'],
  ...['set lead', 'set lead --may-play perhaps'],
  ...['--number 88a --skills personal=3', '--number 8801', '--number 8801 --skills personal=9'].map(
    (seat) => `add x --roles agent ${seat}`,
  ),
  ...['add x --roles lead --team east', 'add x --roles dispatcher --may-play yes', 'passwd lead --roles agent'],
];

test.each(nonsense)('“%s” makes no sense, and the command says what does', async (words) => {
  vi.stubEnv('MINHU_DATA', stage.program.dataFolder);
  let err = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    err += String(chunk);
    return true;
  });
  expect(await command.run(words.split(' '))).toBe(2);
  expect(err).toContain('minhu user add USER');
});

test('with the hotline stopped the accounts can be seen all the same, and nothing is left running', async () => {
  expect(await stage.program.stop()).toBe(0);
  const { status, out } = await minhu('list --json');
  expect(await minhu('audit', { unread: true })).toMatchObject({ status: 0, err: '' });
  expect([status, JSON.parse(out).length]).toEqual([0, 10]);
  expect(() => readFileSync(join(stage.program.dataFolder, 'postgres/cluster/postmaster.pid'))).toThrow('ENOENT');
}, 60_000);
