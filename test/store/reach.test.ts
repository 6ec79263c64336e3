import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { databasePlace, databaseProblem } from '../../src/store/reach.ts';
import { type DebianPostgres, startDebianPostgres } from './debian-postgres.ts';

let server: DebianPostgres;

beforeAll(async () => {
  server = await startDebianPostgres();
}, 60_000);

afterAll(() => server?.remove());

test('a database that the account owns is fit, whatever stands in the password', async () => {
  expect(await databaseProblem(server.url())).toBeUndefined();
});

test('a wrong password and a missing database are told apart, each with what to do', async () => {
  expect(await databaseProblem(server.url({ password: 'hunter2' }))).toMatchObject({
    kind: 'refused',
    zh: expect.stringContaining('密码'),
    fix: expect.stringContaining('pg_hba.conf'),
  });
  expect(await databaseProblem(server.url({ database: 'nowhere' }))).toMatchObject({
    kind: 'refused',
    zh: '没有这个数据库',
    fix: expect.stringContaining('createdb'),
  });
});

test('an account that may not make tables, a read-only server and an odd encoding are unfit', async () => {
  server.sql("create role guest login password 'guest'");
  const guest = `postgresql://guest:guest@127.0.0.1:${server.port}`;
  expect(await databaseProblem(`${guest}/records`)).toMatchObject({ kind: 'unfit', zh: '账号无权建表' });
  server.sql("create database latin encoding 'LATIN1' locale 'C' template template0");
  expect(await databaseProblem(server.url({ database: 'latin' }))).toMatchObject({
    en: expect.stringContaining('LATIN1'),
  });
  server.sql('alter database latin set default_transaction_read_only = on');
  server.sql('create database frozen');
  server.sql('alter database frozen set default_transaction_read_only = on');
  expect(await databaseProblem(server.url({ database: 'frozen' }))).toMatchObject({
    kind: 'unfit',
    en: expect.stringContaining('read-only'),
  });
});

test('a server that is not there, a name that nobody knows and an address that cannot be read are unreachable', async () => {
  for (const url of ['postgresql://a:b@127.0.0.1:1/c', 'postgresql://a:b@nowhere.invalid/c', 'postgresql://[/c'])
    expect(await databaseProblem(url)).toMatchObject({ kind: 'unreachable', zh: '连接不上' });
  expect(databasePlace('postgresql://a:hunter2@db.example:5433/c')).toBe('db.example:5433/c');
});

/** The four words of the protocol that an old server needs to be recognised. */
function oldServer(): Promise<{ readonly url: string; close(): void }> {
  const message = (type: string, body: Buffer) => {
    const head = Buffer.alloc(5);
    head.write(type);
    head.writeUInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const texts = ['130004', 'UTF8', 'off', 't'];
  const names = ['version', 'encoding', 'readonly', 'may'];
  const types = [23, 25, 25, 16];
  const column = (name: string, type: number) => {
    const rest = Buffer.alloc(18);
    rest.writeUInt32BE(type, 6);
    return Buffer.concat([Buffer.from(`${name}\0`), rest]);
  };
  const value = (text: string) => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)]);
  const idle = message('Z', Buffer.from('I'));
  const answer = Buffer.concat([
    message('T', Buffer.concat([Buffer.from([0, 4]), ...names.map((name, index) => column(name, types[index]!))])),
    message('D', Buffer.concat([Buffer.from([0, 4]), ...texts.map(value)])),
    message('C', Buffer.from('SELECT 1\0')),
    idle,
  ]);
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.concat([message('R', Buffer.alloc(4)), idle]));
      socket.once('data', () => socket.write(answer));
    });
    socket.on('error', () => undefined);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      resolve({ url: `postgresql://a:b@127.0.0.1:${port}/c`, close: () => server.close() });
    });
  });
}

test('a server older than 15 is named as too old', async () => {
  const { url, close } = await oldServer();
  expect(await databaseProblem(url)).toMatchObject({
    kind: 'unfit',
    en: expect.stringContaining('version 13, too old'),
  });
  close();
});
