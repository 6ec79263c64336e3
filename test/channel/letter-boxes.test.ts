import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import letterbox from '../../channels/letterbox.ts';
import type { Account } from '../../src/channel/account.ts';
import { Turnstile } from '../../src/channel/turnstile.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, chatRules, eventually, type House, openHouse } from './house.ts';

/** All boxes of a leaders' message board, on one server: most answer, some fail, some say nothing for ever. */
const BOXES = 2_352;
const STOPPED = new Set([3, 700, 1_500, 2_300]);
const FAILING = new Set([11, 900]);
/** Nothing in it today, and much yesterday. */
const SILENT = 42;
/** So much is asked at once: of those that are well, and of the others. */
const AT_ONCE_MAX = 32 + 8;
const DAY_MS = 86_400_000;

let database: TestDatabase;
let server: Server;
let house: House | undefined;
/** Box → `since` of each time that it was asked. */
const asked = new Map<number, string[]>();
const more = new Map<number, string>();
let open = 0;
let openMost = 0;

beforeAll(async () => {
  database = await startDatabase();
  server = createServer((request, response) => {
    open += 1;
    openMost = Math.max(openMost, open);
    response.once('close', () => {
      open -= 1;
    });
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const box = Number(pathname.slice(1));
    asked.set(box, [...(asked.get(box) ?? []), searchParams.get('since') ?? '']);
    if (!STOPPED.has(box)) answer(box, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await house?.close();
  await database?.remove();
});

function answer(box: number, response: ServerResponse): void {
  if (FAILING.has(box)) return void response.writeHead(500).end();
  const letter = (id: string, at: string) => ({
    id,
    version: 1,
    created_at: at,
    updated_at: at,
    title: id,
    text: '路灯不亮',
  });
  const letters = box === SILENT ? [] : [letter(`B${box}-1`, '2026-01-01T00:00:00Z')];
  const later = more.get(box);
  if (later !== undefined) letters.push(letter(`B${box}-2`, later));
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ letters, more: false }));
}

function boxOf(box: number): Account {
  const { port } = server.address() as AddressInfo;
  const settings = { url: `http://127.0.0.1:${port}/${box}`, token: 'good', since: '2025-12-31T00:00:00Z' };
  return accountOf(letterbox, `box-${box}`, { settings, gapMs: box < 60 ? 1_000 : undefined });
}

const count = async (what: 'messages' | 'channel_cursors') => {
  const from = what === 'messages' ? sql`messages where kind = 'message'` : sql`channel_cursors`;
  const { rows } = await sql<{ count: number }>`select count(*) as count from ${from}`.execute(database.store.db);
  return Number(rows[0]!.count);
};

test('2,352 boxes are asked a few at a time, each from its own place; those that stopped hold up no other, and the silent one is named', async () => {
  await sql`
    insert into messages (journal, direction, channel, account, external_id, conversation, kind, content, state, at_ms)
    select 'before', 'in', 'letterbox', ${`box-${SILENT}`}, 'y' || nth, 'y', 'event', '{}'::jsonb, 'stored', ${Date.now() - DAY_MS}::bigint + nth * 50
    from generate_series(0, 1200) as nth`.execute(database.store.db);
  const accounts = Array.from({ length: BOXES }, (_, box) => boxOf(box));
  const letters = BOXES - STOPPED.size - FAILING.size - 1;
  // No room for contacts: what is looked at is how letters are fetched and stored.
  house = await openHouse({ store: database.store, accounts, settings: chatRules(1) });
  await vi.waitFor(() => expect(asked.size).toBe(BOXES), { timeout: 60_000, interval: 100 });
  await eventually(async () => expect(await count('messages')).toBe(letters));
  expect(await count('channel_cursors')).toBe(letters + 1);
  expect(openMost).toBeLessThanOrEqual(AT_ONCE_MAX + STOPPED.size);
  expect(asked.size).toBe(BOXES);
  const health = new Map(house.host.health().map((one) => [one.account, one]));
  for (const box of FAILING) expect(health.get(`box-${box}`)?.trouble?.reason).toContain('500');
  expect(health.get('box-0')?.trouble).toBeUndefined();
  await eventually(() =>
    expect(
      house!.host.health().flatMap(({ account, silentSinceMs }) => (silentSinceMs === undefined ? [] : [account])),
    ).toEqual([`box-${SILENT}`]),
  );
  await house.close();
  house = undefined;
  // At the next start each goes on from where it was: what was read is asked for again within the overlap alone, and stored once.
  more.set(5, '2026-01-02T00:00:00Z');
  asked.clear();
  house = await openHouse({ store: database.store, accounts: [4, 5, SILENT].map(boxOf) });
  await eventually(async () => expect(await count('messages')).toBe(letters + 1));
  await eventually(() => expect(asked.size).toBe(3));
  expect(asked.get(5)![0]).toBe('2025-12-31T23:50:00.000Z');
  expect(asked.get(SILENT)![0]).toBe('2025-12-30T23:50:00.000Z');
}, 120_000);

interface Provider {
  readonly asked: ReadonlySet<string>;
  box(name: string): Account;
  close(): void;
}

/** A provider of boxes; one without a status never answers. `times`: this box is asked for the nth time. */
async function openProvider(statusOf: (times: number) => number | undefined): Promise<Provider> {
  const times = new Map<string, number>();
  const boxes = createServer(({ url = '' }, response) => {
    const box = url.slice(1).split('?')[0]!;
    times.set(box, (times.get(box) ?? 0) + 1);
    const status = statusOf(times.get(box)!);
    if (status !== undefined) response.writeHead(status).end('{"letters":[],"more":false}');
  });
  boxes.listen(0, '127.0.0.1');
  await once(boxes, 'listening');
  const { port } = boxes.address() as AddressInfo;
  return {
    get asked() {
      return new Set([...times].flatMap(([box, count]) => (statusOf(count) === 200 ? [box] : [])));
    },
    box: (name) => accountOf(letterbox, name, { settings: { url: `http://127.0.0.1:${port}/${name}`, token: 'good' } }),
    close() {
      boxes.closeAllConnections();
      boxes.close();
    },
  };
}

const wellOf = (prefix: string): number =>
  house!.host.health().filter(({ account, trouble }) => account.startsWith(prefix) && trouble === undefined).length;

test.each([
  ['say nothing', () => undefined],
  ['fail, and then say nothing', (times: number) => (times === 1 ? 500 : undefined)],
] as const)(
  'boxes of one provider that %s leave room for those of others, well and troubled',
  async (_, statusOf) => {
    const hanging = await openProvider(statusOf);
    const well = await openProvider(() => 200);
    const recovering = await openProvider((times) => (times === 1 ? 503 : 200));
    const names = (prefix: string, count: number) => Array.from({ length: count }, (_each, n) => `${prefix}-${n}`);
    try {
      house = await openHouse({
        store: database.store,
        accounts: [
          ...names('silent', 100).map(hanging.box),
          ...names('well', 40).map(well.box),
          ...names('back', 12).map(recovering.box),
        ],
      });
      await eventually(() => expect([well.asked.size, recovering.asked.size]).toEqual([40, 12]));
      await eventually(() => expect(wellOf('back')).toBe(12));
      expect(wellOf('well')).toBe(40);
    } finally {
      await house?.close();
      house = undefined;
      for (const provider of [hanging, well, recovering]) provider.close();
    }
  },
  30_000,
);

test('who waits for a place goes in the order of coming, and may give up', async () => {
  const turnstile = new Turnstile(1);
  const never = new AbortController().signal;
  const went: number[] = [];
  let leave = (): void => undefined;
  const first = turnstile.pass(never, () => new Promise<void>((resolve) => (leave = resolve)));
  const tired = new AbortController();
  const givesUp = turnstile.pass(tired.signal, async () => void went.push(0));
  const others = [1, 2, 3].map((nth) => turnstile.pass(never, async () => void went.push(nth)));
  tired.abort(new Error('tired'));
  await expect(givesUp).rejects.toThrow('tired');
  expect(went).toEqual([]);
  leave();
  await Promise.all([first, ...others]);
  expect(went).toEqual([1, 2, 3]);
  await expect(
    turnstile.pass(never, async () => {
      throw new Error('failed');
    }),
  ).rejects.toThrow('failed');
  await expect(turnstile.pass(never, async () => 'free again')).resolves.toBe('free again');
});

/** Stays inside until it is told to leave. */
function openGate(turnstile: Turnstile) {
  const inside: { readonly name: string; readonly leave: () => void }[] = [];
  return {
    come(name: string, isSlow = false): void {
      const work = () => new Promise<void>((resolve) => inside.push({ name, leave: resolve }));
      void turnstile.pass(new AbortController().signal, work, { of: name.charAt(0), isSlow });
    },
    async inside(): Promise<string> {
      await new Promise((resolve) => setImmediate(resolve));
      return inside.map(({ name }) => name).join(' ');
    },
    leave(name: string): void {
      const at = inside.findIndex((each) => each.name === name);
      inside.splice(at, 1)[0]!.leave();
    },
  };
}

test('a name alone has about half of the places, the next one half of the rest, and there is one for each that comes while there is any', async () => {
  const gate = openGate(new Turnstile(8));
  for (let n = 1; n <= 9; n += 1) gate.come(`a${n}`);
  expect(await gate.inside()).toBe('a1 a2 a3 a4 a5');
  for (let n = 1; n <= 9; n += 1) gate.come(`b${n}`);
  expect(await gate.inside()).toBe('a1 a2 a3 a4 a5 b1 b2');
  for (const name of ['c1', 'c2', 'd1', 'd2']) gate.come(name);
  expect(await gate.inside()).toBe('a1 a2 a3 a4 a5 b1 b2 c1');
  // Not the ones that have more than their part.
  gate.leave('a1');
  expect(await gate.inside()).toBe('a2 a3 a4 a5 b1 b2 c1 c2');
  gate.leave('a2');
  expect(await gate.inside()).toBe('a3 a4 a5 b1 b2 c1 c2 d1');
});

test('who took too long goes after all others of the same name, and not after those of another', async () => {
  const gate = openGate(new Turnstile(1));
  gate.come('a1');
  gate.come('a2', true);
  gate.come('b1', true);
  gate.come('a3');
  gate.come('a4');
  const order: string[] = [];
  for (let n = 0; n < 5; n += 1) {
    const name = await gate.inside();
    order.push(name);
    gate.leave(name);
  }
  expect(order).toEqual(['a1', 'a3', 'b1', 'a4', 'a2']);
  expect(await gate.inside()).toBe('');
});
