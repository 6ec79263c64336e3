import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { guardedFetch, isPublicAddress } from '../../src/channel/guarded-fetch.ts';

let heard: string[] = [];
const server = createServer((request, response) => {
  heard.push(request.url ?? '');
  if (request.url === '/away') response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
  else response.end('here');
});
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => server.close());

test('the operator’s own address is reached wherever it is, and a redirect is told, not followed', async () => {
  const fetch = guardedFetch({}, { url: `http://127.0.0.1:${port}/hook` });
  const answer = await fetch(`http://127.0.0.1:${port}/other`, { method: 'POST', body: 'x' });
  expect([answer.status, await answer.text()]).toEqual([200, 'here']);
  const away = await fetch(`http://127.0.0.1:${port}/away`);
  expect([away.status, away.headers.get('location')]).toEqual([302, 'http://169.254.169.254/latest']);
  await expect(fetch(away.headers.get('location')!)).rejects.toMatchObject({ kind: 'refuse' });
});

test('questions to the operator’s own address share a connection; one that the other side has closed is no failure, and what is told has its own', async () => {
  const ports: (number | undefined)[] = [];
  let lose = false;
  const box = createServer((request, response) => {
    if (lose) {
      lose = false;
      return void request.socket.destroy();
    }
    ports.push(request.socket.remotePort);
    response.end('letters');
  });
  await new Promise<void>((resolve) => box.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(box.address() as AddressInfo).port}/`;
  const fetch = guardedFetch({}, { url });
  const ask = async (init?: RequestInit) => expect(await (await fetch(url, init)).text()).toBe('letters');
  for (let times = 0; times < 3; times += 1) await ask();
  expect(new Set(ports).size).toBe(1);
  lose = true;
  await ask();
  await ask({ method: 'POST', body: 'x' });
  expect([ports.length, new Set(ports).size]).toEqual([5, 3]);
  lose = true;
  await expect(fetch(url, { method: 'POST', body: 'x' })).rejects.toThrow();
  box.closeAllConnections();
  box.close();
});

test('nothing else on this machine or beside it is reached, however it is written', async () => {
  heard = [];
  const fetch = guardedFetch(
    { hosts: ['localhost', 'files.example', '*.media.example', '127.0.0.1'] },
    { token: 'x', api: 'https://api.example' },
  );
  const refused = [
    `http://127.0.0.1:${port}/`,
    `https://127.0.0.1:${port}/`,
    `https://0177.0.0.1:${port}/`,
    `https://2130706433:${port}/`,
    `https://[::ffff:127.0.0.1]:${port}/`,
    `https://[::1]:${port}/`,
    `http://localhost:${port}/`,
    'https://169.254.169.254/latest/meta-data',
    'https://evil.example/',
    'https://files.example.evil.example/',
    'https://media.example/',
    'http://files.example/',
    'file:///etc/passwd',
    'no address',
  ];
  for (const url of refused) await expect(fetch(url), url).rejects.toMatchObject({ kind: 'refuse' });
  // A name that is allowed and leads to this machine.
  await expect(fetch(`https://localhost:${port}/`)).rejects.toThrow(/no public address/);
  expect(heard).toEqual([]);
});

test('addresses of private, local, mapped and reserved networks are not public', () => {
  const inside = [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.8.8.8',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.1.1',
    '198.19.0.1',
    '224.0.0.1',
    '255.255.255.255',
  ];
  const inside6 = [
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    'fc00::1',
    'fe80::1',
    'ff02::1',
    '2001:db8::1',
    '2002:a00:1::',
  ];
  for (const address of [...inside, ...inside6, 'localhost', '']) expect(isPublicAddress(address), address).toBe(false);
  for (const address of ['1.1.1.1', '114.114.114.114', '172.32.0.1', '2400:3200::1'])
    expect(isPublicAddress(address), address).toBe(true);
});
