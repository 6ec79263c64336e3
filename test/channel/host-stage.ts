import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import telegram from '../../channels/telegram.ts';
import webhook from '../../channels/webhook.ts';
import type { Account } from '../../src/channel/account.ts';
import type { Parcel } from '../../src/channel/channel.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, eventually, type House, type HouseOptions, openHouse } from './house.ts';

export const partner = accountOf(webhook, 'partner');
export const bot = accountOf(telegram, 'bot');

export let database: TestDatabase;
/** Ended after each test; taken out by who ends one earlier. */
export const houses: House[] = [];
/** In each file that has houses. */
export function useHouses(): void {
  beforeAll(async () => {
    database = await startDatabase();
  });
  afterEach(async () => {
    for (const house of houses) await house.close();
    houses.length = 0;
    await sql`truncate messages, message_receipts, channel_cursors, contacts, projection`.execute(database.store.db);
  });
  afterAll(() => database?.remove());
}

export async function open(options: Partial<HouseOptions> = {}): Promise<House> {
  const house = await openHouse({ store: database.store, accounts: [partner, bot], ...options });
  houses.push(house);
  return house;
}

export function parcel(
  account: Account,
  number: number | bigint,
  more: { conversation?: number; text?: string; atMs?: number } = {},
): Parcel {
  const sample = { number: BigInt(number), conversation: 1, text: '停水了', atMs: Date.now(), ...more };
  return account.channel.rehearsal!.deliver!(sample, account.settings);
}

export const stored = async () =>
  (await database.store.db.selectFrom('messages').selectAll().orderBy('id').execute()).map((row) => ({
    ...row,
    raw: null,
  }));
export const rowsOf = async (direction: 'in' | 'out') => (await stored()).filter((row) => row.direction === direction);

/** All that came in belongs to a contact, in the records, too. */
export async function allTaken(house: House): Promise<void> {
  await eventually(async () => {
    await house.projector.settled();
    expect((await rowsOf('in')).every(({ contact }) => contact !== null)).toBe(true);
  });
}
