import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import letterbox from '../../channels/letterbox.ts';
import mailbox from '../../channels/mailbox.ts';
import webhook from '../../channels/webhook.ts';
import wechat from '../../channels/wechat.ts';
import type { Account } from '../../src/channel/account.ts';
import type { Person } from '../../src/channel/channel.ts';
import { legId, nodeId } from '../../src/core/ids.ts';
import { addAccount } from '../../src/store/accounts.ts';
import { openSession } from '../../src/store/sessions.ts';
import { putTeam } from '../../src/store/teams.ts';
import { accountOf, askAs, type House, openHouse } from '../channel/house.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';

const NODE = nodeId('switch');
const app = accountOf(webhook, 'app');
const other = accountOf(webhook, 'other');
const chat = accountOf(wechat, 'main');
const mail = accountOf(mailbox, 'shizhang');
const secondMail = accountOf(mailbox, 'second');
const letters = accountOf(letterbox, 'board');

let database: TestDatabase;
let house: House;
const cookies: Record<string, string> = {};

beforeAll(async () => {
  database = await startDatabase();
  const { db } = database.store;
  house = await openHouse({
    store: database.store,
    accounts: [app, other, chat, mail, secondMail, letters],
    start: false,
  });
  await house.loop.submit({
    type: 'surveyed',
    node: NODE,
    survey: { bootId: 'boot', legs: [], devices: [], ended: [] },
  });
  await putTeam(db, 'night', '夜班', 1);
  for (const [user, role, more] of [
    ['ana', 'agent', {}],
    ['lea', 'lead', {}],
    ['tom', 'lead', { team: 'night' }],
    ['aud', 'auditor', {}],
  ] as const) {
    await addAccount(db, { user, password: 'never used here', roles: [role], atMs: 1, ...more });
    cookies[user] = `minhu_session=${await openSession(db, user, Date.now())}`;
  }
});
afterAll(async () => {
  await house?.close();
  await database?.remove();
});

let count = 0;

/** @returns the contact that the message opened or belongs to. */
async function write(account: Account, from: Person, conversation = `talk-${count}`): Promise<string> {
  count += 1;
  const message = { remoteId: `m${count}`, conversation, from, sentAtMs: Date.now(), text: '停水了' };
  const stored = await house.host.take(account, [message]);
  if (typeof stored === 'string') throw new Error(stored);
  const [id] = stored.ids.values();
  for (;;) {
    await house.projector.settled();
    const row = await database.store.db
      .selectFrom('messages')
      .select('contact')
      .where('id', '=', id!)
      .executeTakeFirstOrThrow();
    if (row.contact !== null) return row.contact;
  }
}

async function call(from: string): Promise<string> {
  count += 1;
  const leg = legId(`call-${count}`);
  await house.loop.submit({ type: 'callArrived', node: NODE, leg, from, dialled: '12345' });
  await house.projector.settled();
  const { contact } = await database.store.db
    .selectFrom('legs')
    .select('contact')
    .where('id', '=', leg)
    .executeTakeFirstOrThrow();
  return contact;
}

const ask = (user: string, method: 'GET' | 'POST', url: string, payload?: object) =>
  askAs(house, cookies[user]!, method, url, payload);

const personOf = async (contact: string) => (await ask('lea', 'GET', `/contacts/${contact}/person`)).body;
const idOf = async (contact: string): Promise<number | null> => (await personOf(contact)).person;
const earlierThan = async (contact: string): Promise<string[]> =>
  (await ask('lea', 'GET', `/contacts/${contact}/history`)).body.contacts.map(({ id }: { id: string }) => id);

describe('whose contact it is follows from proofs alone', () => {
  test('a number is the same however it is written; a withheld one and a service are nobody', async () => {
    const [one, two] = [await call('13800138001'), await call('+8613800138001')];
    expect(await idOf(one)).toBe(await idOf(two));
    expect(await earlierThan(two)).toEqual([one]);
    const landline = await call('037165588888');
    for (const written of ['+8637165588888', '008637165588888', '+86 371 6558-8888', '+86037165588888'])
      expect([written, await idOf(await call(written))]).toEqual([written, await idOf(landline)]);
    const foreign = await call('+12125588888');
    expect(await idOf(foreign)).not.toBe(await idOf(await call('02125588888')));
    const contact = (await ask('lea', 'GET', `/contacts/${landline}/person`)).body;
    expect(contact.identities).toMatchObject([{ kind: 'phone', value: '0371****8888' }]);
    for (const nobody of ['anonymous', '10086', '110', 'web']) expect(await idOf(await call(nobody))).toBeNull();
  });

  test('an account of a platform is one person over its conversations, and nobody at another account', async () => {
    const [one, two] = [await write(app, { id: 'u1' }), await write(app, { id: 'u1' })];
    const elsewhere = await write(other, { id: 'u1' });
    expect(one).not.toBe(two);
    expect(await idOf(one)).toBe(await idOf(two));
    expect(await idOf(elsewhere)).not.toBe(await idOf(one));
    expect((await personOf(one)).identities).toMatchObject([{ kind: 'webhook', realm: 'app', value: '****' }]);
  });

  test('a mail address is the same at every mailbox of ours', async () => {
    const one = await write(mail, { id: 'Li.Qiang@example.cn' });
    const two = await write(secondMail, { id: 'li.qiang@example.cn' });
    expect(await idOf(one)).toBe(await idOf(two));
    expect((await personOf(one)).identities).toMatchObject([{ kind: 'mail', value: 'li.****cn' }]);
  });

  test('a number that the platform has proved joins chat and calls; one that was typed in joins nothing', async () => {
    const called = await call('13800138002');
    const claimed = await write(app, { id: 'liar', phone: '13800138002' });
    const form = await write(letters, { id: '13800138002', phone: '13800138002' });
    expect(await idOf(claimed)).not.toBe(await idOf(called));
    expect(await idOf(form)).toBeNull();
    const proved = await write(chat, { id: 'openid-2', phone: '13800138002', phoneVerified: true });
    expect(await idOf(proved)).toBe(await idOf(called));
    expect(await earlierThan(proved)).toEqual([called]);
    expect((await ask('lea', 'GET', `/contacts/${called}/history`)).body.contacts).toMatchObject([
      { id: proved, channel: 'chat' },
    ]);
  });

  test('two who were known apart are one from the message on that proves both, and the change is written down', async () => {
    const called = await call('13800138003');
    const wrote = await write(chat, { id: 'openid-3' }, 'talk-of-3');
    const [older, younger] = [await idOf(called), await idOf(wrote)];
    expect(older).not.toBe(younger);
    const same = await write(chat, { id: 'openid-3', phone: '13800138003', phoneVerified: true }, 'talk-of-3');
    expect(same).toBe(wrote);
    const person = await personOf(wrote);
    expect(person).toMatchObject({ person: older, identities: [{ kind: 'phone' }, { kind: 'wechat' }] });
    expect(person.changes).toMatchObject([{ kind: 'joined', from: younger, to: older, by: null }]);
  });

  test('a unionid is one person at several accounts of a platform', async () => {
    const one = await write(app, { id: 'a-9', unionId: 'union-9' });
    const two = await write(other, { id: 'b-9', unionId: 'union-9' });
    expect(await idOf(one)).toBe(await idOf(two));
  });
});

describe('who leads merges, splits and undoes', () => {
  const merge = (user: string, contact: string, another: string, reason = '同一人') =>
    ask(user, 'POST', `/contacts/${contact}/person/merge`, { other: another, reason });

  test('a merge joins all their contacts, and its undoing parts the same again, with reasons in the audit trail', async () => {
    const [called, wrote] = [await call('13800138010'), await write(app, { id: 'u10' })];
    const [mine, theirs] = [await idOf(called), await idOf(wrote)];
    expect((await merge('ana', called, wrote)).status).toBe(403);
    expect((await merge('aud', called, wrote)).status).toBe(403);
    expect((await merge('lea', called, wrote, '')).status).toBe(400);
    expect((await merge('lea', called, 'C0')).body.code).toBe('CONTACT_UNKNOWN');
    const { body } = await merge('lea', called, wrote);
    expect(await idOf(wrote)).toBe(mine);
    expect(await earlierThan(called)).toEqual([wrote]);
    expect((await merge('lea', called, wrote)).body.code).toBe('PERSON_SAME');
    expect((await personOf(wrote)).changes).toMatchObject([
      { id: body.change, kind: 'merged', from: theirs, to: mine, by: 'lea', reason: '同一人', undone: false },
    ]);

    const undo = () => ask('lea', 'POST', `/person-changes/${body.change}/undo`, { reason: '认错了人' });
    expect((await undo()).status).toBe(200);
    expect([await idOf(called), await idOf(wrote)]).toEqual([mine, theirs]);
    expect(await earlierThan(called)).toEqual([]);
    expect((await undo()).body.code).toBe('PERSON_SAME');
    expect((await personOf(wrote)).changes).toMatchObject([{ kind: 'undone' }, { kind: 'merged', undone: true }]);
    const deeds = await database.store.db
      .selectFrom('audit')
      .select(['who', 'status', 'detail'])
      .where('action', 'like', '%person%')
      .where('status', '=', 200)
      .execute();
    expect(deeds).toEqual([
      { who: 'lea', status: 200, detail: `${wrote}: 同一人` },
      { who: 'lea', status: 200, detail: '认错了人' },
    ]);
  });

  test('a caller who withheld the number becomes somebody by a merge, that contact alone', async () => {
    const [known, withheld, alsoWithheld] = [
      await call('13800138011'),
      await call('anonymous'),
      await call('anonymous'),
    ];
    expect((await merge('lea', known, withheld)).status).toBe(200);
    expect(await idOf(withheld)).toBe(await idOf(known));
    expect(await idOf(alsoWithheld)).toBeNull();
  });

  test('a split takes an identity with all its contacts, and no proof joins it again', async () => {
    const from = { id: 'openid-12', phone: '13800138012', phoneVerified: true } as const;
    const [called, wrote] = [await call('13800138012'), await write(chat, from)];
    const { person, identities } = await personOf(called);
    const phone = identities.find(({ kind }: { kind: string }) => kind === 'phone').id;
    const split = (wish: object) =>
      ask('lea', 'POST', `/contacts/${called}/person/split`, { reason: '号码已过户', ...wish });
    expect((await split({})).body.code).toBe('PERSON_SAME');
    expect((await split({ identities: identities.map(({ id }: { id: number }) => id) })).body.code).toBe('PERSON_SAME');
    expect((await split({ identities: [phone, 999_999] })).body.code).toBe('PERSON_CHANGED');
    const { body } = await split({ identities: [phone] });
    expect(await idOf(wrote)).toBe(person);
    expect(await idOf(called)).not.toBe(person);
    expect(await idOf(await call('13800138012'))).toBe(await idOf(called));
    expect(await idOf(await write(chat, from))).toBe(person);
    expect((await ask('lea', 'POST', `/person-changes/${body.change}/undo`, { reason: '看错' })).status).toBe(200);
    expect(await idOf(called)).toBe(person);
  });

  test('one contact of a shared number goes alone; the next call of it is the number’s again', async () => {
    const [mother, son] = [await call('02886543210'), await call('02886543210')];
    const person = await idOf(mother);
    const { body } = await ask('lea', 'POST', `/contacts/${mother}/person/split`, {
      contacts: [son],
      reason: '儿子用家里电话',
    });
    expect(body.change).toEqual(expect.any(Number));
    expect(await idOf(son)).not.toBe(person);
    expect(await earlierThan(son)).toEqual([]);
    expect(await idOf(await call('02886543210'))).toBe(person);
    expect(
      (await ask('lea', 'POST', `/contacts/${mother}/person/split`, { contacts: [son], reason: 'x' })).body.code,
    ).toBe('PERSON_CHANGED');
  });

  test('what was moved again meanwhile is not undone', async () => {
    const [one, two, three] = [await call('13800138020'), await call('13800138021'), await call('13800138022')];
    const { body } = await merge('lea', one, two);
    await merge('lea', three, one);
    expect((await ask('lea', 'POST', `/person-changes/${body.change}/undo`, { reason: 'x' })).body.code).toBe(
      'PERSON_CHANGED',
    );
    expect((await ask('lea', 'POST', '/person-changes/999999/undo', { reason: 'x' })).body.code).toBe(
      'PERSON_CHANGE_UNKNOWN',
    );
  });

  test('a lead of a team reaches the persons of the own team alone', async () => {
    const [one, two] = [await call('13800138030'), await call('13800138031')];
    expect((await merge('tom', one, two)).body.code).toBe('CONTACT_UNKNOWN');
    expect((await ask('tom', 'GET', `/contacts/${one}/person`)).body.code).toBe('CONTACT_UNKNOWN');
    const { body } = await merge('lea', one, two);
    expect((await ask('tom', 'POST', `/person-changes/${body.change}/undo`, { reason: 'x' })).body.code).toBe(
      'PERSON_CHANGE_UNKNOWN',
    );
  });
});
