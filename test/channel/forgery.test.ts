import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Account } from '../../src/channel/account.ts';
import type { Channel, Parcel } from '../../src/channel/channel.ts';
import { hear } from '../../src/channel/hear.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, eventually, type House, openHouse } from './house.ts';

/** Where a platform's signature, or the secret that stands for one, is in a delivery. */
interface Place {
  readonly in: 'header' | 'query' | 'form';
  readonly name: string;
}
const SIGNATURES: Readonly<Record<string, Place>> = {
  alipay: { in: 'form', name: 'sign' },
  open311: { in: 'query', name: 'api_key' },
  'photo-report': { in: 'header', name: 'minhu-signature' },
  telegram: { in: 'header', name: 'x-telegram-bot-api-secret-token' },
  twilio: { in: 'header', name: 'x-twilio-signature' },
  webhook: { in: 'header', name: 'minhu-signature' },
  wechat: { in: 'query', name: 'msg_signature' },
};
const REPLAYS = 1_000;
const AT_ONCE = 100;

const folder = join(import.meta.dirname, '../../channels');
const channels = (
  await Promise.all(
    readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .map(async (file) => (await import(join(folder, file))).default as Channel),
  )
).filter(({ receive }) => receive !== undefined);

let database: TestDatabase;
let house: House | undefined;
beforeAll(async () => {
  database = await startDatabase();
});
afterEach(async () => {
  await house?.close();
  house = undefined;
  await sql`truncate messages, message_receipts, channel_cursors, contacts, projection`.execute(database.store.db);
});
afterAll(() => database?.remove());

async function open(account: Account): Promise<House> {
  house = await openHouse({ store: database.store, accounts: [account] });
  return house;
}

function genuine({ channel, settings }: Account): Parcel {
  return channel.rehearsal!.deliver!({ number: 7n, conversation: 1, text: '停水了', atMs: Date.now() }, settings);
}

function signatureIn({ headers = {}, query = '', body }: Parcel, place: Place): string {
  if (place.in === 'header') return headers[place.name] ?? '';
  return new URLSearchParams(place.in === 'query' ? query : String(body)).get(place.name) ?? '';
}

function withSignature(parcel: Parcel, place: Place, signature: string | undefined): Parcel {
  if (place.in === 'header') {
    const { [place.name]: _, ...others } = parcel.headers ?? {};
    return { ...parcel, headers: signature === undefined ? others : { ...others, [place.name]: signature } };
  }
  const fields = new URLSearchParams(place.in === 'query' ? parcel.query : String(parcel.body));
  if (signature === undefined) fields.delete(place.name);
  else fields.set(place.name, signature);
  return place.in === 'query' ? { ...parcel, query: `${fields}` } : { ...parcel, body: `${fields}` };
}

/** One for each bit that is another, in every byte. */
function flips(signature: string, bits: readonly number[]): string[] {
  const letters = [...signature];
  return letters.flatMap((letter, at) =>
    bits.map((bit) => letters.with(at, String.fromCharCode(letter.charCodeAt(0) ^ (1 << bit))).join('')),
  );
}

function forgeries(parcel: Parcel, place: Place): Parcel[] {
  const signature = signatureIn(parcel, place);
  const spellings = [
    ...flips(signature, [0]),
    ...['', ' ', signature.slice(0, -1), `${signature}x`, `${signature}=`, signature.repeat(2), 'null', 'undefined'],
  ];
  return [undefined, ...spellings].map((each) => withSignature(parcel, place, each));
}

/** All that a delivery could leave behind. */
async function traces({ loop }: House): Promise<unknown> {
  const counts = await sql`select
      (select count(*)::int from messages) as messages, (select count(*)::int from message_receipts) as receipts,
      (select count(*)::int from channel_cursors) as cursors, (select count(*)::int from contacts) as contacts,
      (select count(*)::int from audit) as audit`.execute(database.store.db);
  return { ...(counts.rows[0] as object), seq: loop.durableSeq, open: loop.state.contacts.size };
}

async function counted(of: House, { channel, name }: Account, result: string): Promise<number> {
  const line = `minhu_channel_deliveries_total{channel="${channel.name}",account="${name}",result="${result}"} `;
  const found = (await of.registry.metrics()).split('\n').find((each) => each.startsWith(line));
  return Number(found?.slice(line.length) ?? 0);
}

test('every channel whose signature is known here is there', () => {
  expect(channels.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(SIGNATURES)));
});

test('a body beyond what its channel takes is refused before it is read, whether or not it says how long it is', async () => {
  const account = accountOf(channels.find(({ name }) => name === 'telegram')!, 'forged');
  const there = await open(account);
  const own = genuine(account).headers ?? {};
  const before = await traces(there);
  const large = 'x'.repeat(65_537);
  for (const { payload, headers } of [
    { payload: large, headers: own },
    { payload: Readable.from([Buffer.from(large)]), headers: { ...own, 'transfer-encoding': 'chunked' } },
  ]) {
    const answer = await there.api.inject({ method: 'POST', url: '/api/v1/intake/telegram/forged', headers, payload });
    expect([answer.statusCode, answer.json().code]).toEqual([413, 'BODY_TOO_LARGE']);
  }
  expect(await traces(there)).toEqual(before);
  expect(await counted(there, account, 'unreadable')).toBe(0);
});

describe.each(channels.map((channel) => ({ name: channel.name, account: accountOf(channel, 'forged') })))(
  '$name',
  ({ name, account }) => {
    const place = SIGNATURES[name];

    test('takes what is genuine, whatever its body is called', async () => {
      const there = await open(account);
      const parcel = genuine(account);
      for (const type of ['', 'x', 'x; charset=utf-8', 'text/plain']) {
        const headers = { ...parcel.headers, 'content-type': type };
        expect([type, (await there.deliver(account, { ...parcel, headers })).status]).toEqual([type, 200]);
      }
    });

    test.skipIf(place === undefined)('takes no signature with any one bit of any byte another', () => {
      const parcel = genuine(account);
      const heard = ({ headers = {}, query = '', body }: Parcel) =>
        hear(account, {
          method: 'POST',
          url: `/api/v1/intake/${name}/forged${query === '' ? '' : `?${query}`}`,
          query: new URLSearchParams(query),
          headers,
          body: Buffer.from(body),
          receivedAtMs: Date.now(),
        }).is;
      expect(heard(parcel)).toBe('heard');
      const signature = signatureIn(parcel, place!);
      expect(signature.length).toBeGreaterThan(8);
      const taken = flips(signature, [0, 1, 2, 3, 4, 5, 6, 7]).filter(
        (flipped) => heard(withSignature(parcel, place!, flipped)) !== 'refused',
      );
      expect(taken).toEqual([]);
    });

    test('answers a forged or unsigned delivery 403, and it leaves no trace but a counter', async () => {
      const there = await open(account);
      const parcel = genuine(account);
      const before = await traces(there);
      const forged = place === undefined ? [{ body: parcel.body }] : forgeries(parcel, place);
      const answers = await Promise.all(forged.map((each) => there.deliver(account, each)));
      expect(answers.map(({ status }) => status)).toEqual(forged.map(() => 403));
      expect(answers.every(({ body }) => JSON.parse(body).code === 'SIGNATURE_WRONG')).toBe(true);
      expect(await traces(there)).toEqual(before);
      expect(await counted(there, account, 'refused')).toBe(forged.length);
      expect((await there.deliver(account, parcel)).status).toBe(200);
      expect(await traces(there)).toMatchObject({ messages: 1 });
    });

    test(`is one intake, delivered ${REPLAYS} times, and acknowledged each time`, async () => {
      const there = await open(account);
      const parcel = genuine(account);
      const bodies = new Set<string>();
      for (let sent = 0; sent < REPLAYS; sent += AT_ONCE) {
        const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => there.deliver(account, parcel)));
        expect(answers.every(({ status }) => status === 200)).toBe(true);
        for (const { body } of answers) bodies.add(body);
      }
      expect(bodies.size).toBe(1);
      expect(await counted(there, account, 'stored')).toBe(1);
      expect(await counted(there, account, 'repeated')).toBe(REPLAYS - 1);
      await eventually(async () => {
        await there.projector.settled();
        expect(await traces(there)).toMatchObject({ messages: 1, contacts: 1, open: 1 });
      });
    });
  },
);
