import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PAGE_LOGIN_LIFE_MS, pageHa1, seatOfPageLogin } from '../../src/lib/page-login.ts';
import { setRights } from '../../src/store/accounts.ts';
import { applyEntries } from '../../src/store/projection.ts';
import { putTeam } from '../../src/store/teams.ts';
import { JournalByHand, writeCall } from '../store/facts.ts';
import { Hall, type LiveView, until } from './hall.ts';

let hall: Hall;
let ana: string;
let ben: string;

beforeAll(async () => {
  hall = await Hall.open();
  [ana, ben] = await Promise.all([hall.login('ana'), hall.login('ben')]);
});
afterAll(async () => hall?.close());

const get = (url: string, headers: Record<string, string> = {}) => hall.api.inject({ method: 'GET', url, headers });

describe('the page', () => {
  test('comes with a policy that allows nothing from elsewhere but its own two sockets', async () => {
    const { statusCode, headers } = await get('/', { host: 'desk.example:8443' });
    expect(statusCode).toBe(200);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toMatch(/connect-src 'self' ws:\/\/desk\.example:8443 ws:\/\/desk\.example:5066$/);
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(headers).toMatchObject({ 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' });
  });

  test('puts no word of a strange Host into its policy', async () => {
    const { headers } = await get('/', { host: "a;script-src 'unsafe-inline'" });
    expect(String(headers['content-security-policy'])).not.toContain('unsafe');
  });

  test('is what every way of its own answers; the API and missing files stay 404', async () => {
    expect((await get('/calls')).body).toContain('<title>desk</title>');
    for (const url of [
      '/api/v1/nothing',
      '/assets/gone.js',
      '/api',
      '/../secret.js',
      '/assets/%2e%2e/secret.js',
      '/secret.js',
    ]) {
      const answer = await get(url);
      expect([url, answer.statusCode]).toEqual([url, 404]);
      expect(answer.json()).toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  test('keeps files for ever that are named by their content, and packs them for who can unpack', async () => {
    const plain = await get('/assets/main-4711.js');
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const packed = await get('/assets/main-4711.js', { 'accept-encoding': 'gzip, br' });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed.rawPayload).toString()).toBe(plain.body);
  });
});

describe('the login of its telephone', () => {
  const draw = (cookie: string) => hall.api.inject({ method: 'POST', url: '/api/v1/me/phone', headers: { cookie } });

  test('is for the own seat, for an hour, follows from the seat, and is never stored on the way', async () => {
    const answer = await draw(ana);
    expect(answer.headers['cache-control']).toBe('no-store');
    const { username, ha1, sipUser, realm, expiresAtMs, nowMs } = answer.json();
    expect(sipUser).toBe('8001');
    expect(expiresAtMs - nowMs).toBe(PAGE_LOGIN_LIFE_MS);
    expect(seatOfPageLogin(username, nowMs)).toBe('8001');
    expect(seatOfPageLogin(username, expiresAtMs)).toBeUndefined();
    const seat = await hall.database.store.db
      .selectFrom('seats')
      .selectAll()
      .where('sip_user', '=', '8001')
      .executeTakeFirstOrThrow();
    expect(ha1).toBe(pageHa1(username, realm, seat.ha1_md5));
    expect(ha1).not.toBe(seat.ha1_md5);
    expect(answer.body).not.toContain(seat.ha1_md5);
  });

  test('of a made-up time or seat is none', () => {
    const nowMs = 1_795_000_000_000;
    const name = (seconds: number) => `8001~${seconds}~abcdefghijkl`;
    expect(seatOfPageLogin(name(nowMs / 1_000 + 3_000), nowMs)).toBe('8001');
    expect(seatOfPageLogin(name(nowMs / 1_000 + 7_200), nowMs)).toBeUndefined();
    expect(seatOfPageLogin('8001', nowMs)).toBeUndefined();
  });
});

const text = {
  ...{
    type: 'COMPLAINT',
    urgency: 'NORMAL',
    category: '010104',
    title: '路灯不亮',
    place: '人民路 8 号',
    occurred: '昨晚',
  },
  ...{ content: '三盏路灯不亮', resolution: 'ORDER', wantsCallback: true, confidential: false, anonymous: false },
};

describe('the form of a contact', () => {
  const ask = (method: 'GET' | 'PUT' | 'POST', url: string, cookie: string, payload?: object, key?: string) =>
    hall.api.inject({
      ...{ method, url, headers: { cookie, ...(key === undefined ? {} : { 'idempotency-key': key }) } },
      ...(payload === undefined ? {} : { payload }),
    });

  beforeAll(async () => {
    const journal = new JournalByHand();
    const call = { queuedAfterMs: 1_000, answeredAfterMs: 2_000, talkMs: 60_000, agent: 'ana' };
    writeCall(journal, { ...call, id: 'first', openedAtMs: 1_000_000, from: '13800138333' });
    writeCall(journal, { ...call, id: 'second', openedAtMs: 2_000_000, from: '13800138333' });
    writeCall(journal, { ...call, id: 'third', openedAtMs: 2_500_000, from: '13700137333' });
    writeCall(journal, { ...call, id: 'fourth', openedAtMs: 2_600_000, from: '13700137444' });
    for (const id of ['told', 'untold'])
      writeCall(journal, { ...call, id, openedAtMs: 2_700_000, from: '13700137555' });
    writeCall(journal, { ...call, id: 'other', openedAtMs: 3_000_000, from: '13900139333', agent: 'ben' });
    await applyEntries(hall.database.store.db, 'desk', journal.entries);
  });

  test('is the business of who spoke in it', async () => {
    expect((await ask('GET', '/api/v1/contacts/first/form', ana)).statusCode).toBe(204);
    for (const [method, way] of [
      ['GET', 'form'],
      ['GET', 'history'],
      ['PUT', 'form'],
      ['POST', 'form/submit'],
    ] as const) {
      const payload = method === 'GET' ? undefined : { ...text, revision: 1 };
      const answer = await ask(method, `/api/v1/contacts/first/${way}`, ben, payload, 'k'.repeat(20));
      expect([way, answer.json().code]).toEqual([way, 'CONTACT_UNKNOWN']);
    }
  });

  test('is a draft as often as it is saved; an older page does not cover a newer one', async () => {
    const save = (revision: number, content: string) =>
      ask('PUT', '/api/v1/contacts/first/form', ana, { ...text, type: '', content, revision });
    expect((await save(1, 'one')).json()).toMatchObject({ content: 'one', type: '', by: 'ana', submittedAtMs: null });
    expect((await save(3, 'three')).json()).toMatchObject({ content: 'three', revision: 3 });
    expect((await save(2, 'two')).json()).toMatchObject({ status: 409, code: 'FORM_NEWER' });
    expect((await ask('GET', '/api/v1/contacts/first/form', ana)).json().content).toBe('three');
  });

  test('is submitted once, however often it is sent, and never changes again', async () => {
    const submit = (key: string, more: object = {}) =>
      ask('POST', '/api/v1/contacts/first/form/submit', ana, { ...text, revision: 4, ...more }, key);
    expect((await submit('k'.repeat(20), { type: '' })).json().code).toBe('REQUEST_INVALID');
    const all = await Promise.all(Array.from({ length: 5 }, () => submit('k'.repeat(20))));
    expect(all.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200]);
    expect(new Set(all.map(({ body }) => body)).size).toBe(1);
    expect((await submit('another-key-4711')).json().code).toBe('FORM_SUBMITTED');
    for (const other of [{ content: '四盏路灯不亮' }, { anonymous: true }, { resolution: 'INVALID' }, { revision: 5 }])
      expect((await submit('k'.repeat(20), other)).json()).toMatchObject({ status: 409, code: 'KEY_REUSED' });
    expect((await submit('k'.repeat(20))).body).toBe(all[0]!.body);
    expect((await ask('PUT', '/api/v1/contacts/first/form', ana, { ...text, revision: 9 })).json().code).toBe(
      'FORM_SUBMITTED',
    );
  });

  test('is submitted by one of two pages that hold it, at one moment and under one key; the other says nothing of the contact', async () => {
    const dispositions: unknown[] = [];
    const leave = hall.loop.subscribe((entries) => {
      for (const { event } of entries) if (event.type === 'dispositionGiven') dispositions.push(event.code);
    });
    const resolutions = ['ORDER', 'DIRECT_ANSWER', 'TRANSFER', 'REJECTED'];
    const submit = (resolution: string) =>
      ask('POST', '/api/v1/contacts/third/form/submit', ana, { ...text, revision: 1, resolution }, 't'.repeat(20));
    const all = await Promise.all(resolutions.map(submit));
    leave();
    expect(all.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409, 409, 409]);
    const stands = (await ask('GET', '/api/v1/contacts/third/form', ana)).json();
    expect(all.find(({ statusCode }) => statusCode === 200)!.json()).toEqual(stands);
    expect(dispositions).toEqual([stands.resolution]);
  });

  describe('goes on from what its writer knows', () => {
    const url = '/api/v1/contacts/fourth/form';
    type Wish = readonly [content: string, revision: number, base?: number];
    const bodyOf = ([content, revision, base]: Wish) => ({
      ...{ ...text, content, revision },
      ...(base === undefined ? {} : { base }),
    });
    const put = async (cookie: string, ...wish: Wish) => {
      const answer = (await ask('PUT', url, cookie, bodyOf(wish))).json();
      return answer.code ?? answer.content;
    };
    const submit = async (key: string, cookie: string, ...wish: Wish) => {
      const answer = (await ask('POST', `${url}/submit`, cookie, bodyOf(wish), key.repeat(20))).json();
      return answer.code ?? answer.content;
    };
    let lead: string;
    beforeAll(async () => {
      lead = await hall.login('lead');
    });

    test('who has not seen the draft that is stored does not replace it by another, whoever wrote it', async () => {
      expect(await put(ana, 'hers', 20, 0)).toBe('hers');
      expect(await put(ana, 'of her other machine', 30, 0)).toBe('FORM_NEWER');
      expect(await put(lead, 'of the lead', 50, 0)).toBe('FORM_NEWER');
      expect(await put(ana, 'hers, more', 30, 20)).toBe('hers, more');
      expect(await put(lead, 'hers, and of the lead', 50, 30)).toBe('hers, and of the lead');
      expect(await put(ana, 'hers, still', 60, 30)).toBe('FORM_NEWER');
      expect((await ask('GET', url, lead)).json()).toMatchObject({ content: 'hers, and of the lead', by: 'lead' });
    });

    test('what is stored may be said again, whatever its writer knew; other words of that revision, or of an earlier one, not', async () => {
      for (const base of [30, 0, 50, undefined])
        expect(await put(lead, 'hers, and of the lead', 50, base)).toBe('hers, and of the lead');
      for (const base of [30, 50, undefined]) expect(await put(lead, 'other words', 50, base)).toBe('FORM_NEWER');
      expect(await put(ana, 'earlier', 40, 50)).toBe('FORM_NEWER');
    });

    test('nor submits over it; one whose answer was lost does', async () => {
      expect(await submit('l', lead, 'of the lead', 60, 20)).toBe('FORM_NEWER');
      expect(await submit('l', lead, 'of the lead', 1)).toBe('FORM_NEWER');
      expect(await submit('l', lead, 'other words', 50, 50)).toBe('FORM_NEWER');
      expect(await submit('a', ana, 'of her other machine', 61, 30)).toBe('FORM_NEWER');
      expect((await ask('GET', url, lead)).json().submittedAtMs).toBeNull();
      expect(await put(ana, 'hers at last', 61, 50)).toBe('hers at last');
      expect(await submit('a', ana, 'hers at last', 61, 50)).toBe('hers at last');
    });
  });

  describe('that is stored is told of on the live socket', () => {
    const url = '/api/v1/contacts/told/form';
    const key = 'form/told';
    const views: LiveView[] = [];
    const sit = async (cookie: string) => {
      const view = await hall.sit(cookie);
      views.push(view);
      return view;
    };
    const save = async (revision: number, content = '内容不外传') =>
      expect((await ask('PUT', url, ana, { ...text, content, revision })).statusCode).toBe(200);
    afterEach(() => {
      for (const view of views.splice(0)) view.socket.terminate();
    });

    test('to whoever has read it and may, without a word of what stands in it; to nobody else', async () => {
      const lead = await hall.login('lead');
      const [here, there, leads, bens] = [await sit(ana), await sit(ana), await sit(lead), await sit(ben)];
      expect((await ask('GET', url, ben)).json().code).toBe('CONTACT_UNKNOWN');
      await save(1);
      for (const view of [here, there])
        await until(
          () => view.item('me', key, 'form')?.revision === 1 && view.item('me', key, 'form')?.submitted === false,
        );
      expect((await ask('GET', url, lead)).json()).toMatchObject({ revision: 1 });
      await save(2);
      await until(() => leads.item('me', key, 'form')?.revision === 2);
      const submitted = await ask('POST', `${url}/submit`, ana, { ...text, revision: 3 }, 's'.repeat(20));
      expect(submitted.statusCode).toBe(200);
      for (const view of [here, there, leads]) await until(() => view.item('me', key, 'form')?.submitted === true);
      const form = { key, kind: 'form', contact: 'told', revision: 3, submitted: true };
      expect(leads.item('me', key, 'form')).toEqual(form);
      expect(JSON.stringify([here, leads].map(({ messages }) => messages))).not.toMatch(/内容不外传|路灯/);
      expect(JSON.stringify(bens.messages)).not.toContain('told');
    });

    test('and no longer to a lead who leads another team now', async () => {
      const { db } = hall.database.store;
      const other = '/api/v1/contacts/untold/form';
      const lead = await hall.login('lead');
      expect((await ask('GET', other, lead)).statusCode).toBe(204);
      await putTeam(db, 'night', '夜班', Date.now());
      await setRights(db, 'lead', { team: 'night' });
      await hall.login('lead').then((again) => sit(again));
      const [leads] = views;
      const anas = await sit(ana);
      await ask('PUT', other, ana, { ...text, revision: 1 });
      await until(() => anas.item('me', 'form/untold', 'form') !== undefined);
      // What is told of next has passed it by.
      await setRights(db, 'ben', { team: 'night' });
      const bens = '/api/v1/contacts/other/form';
      expect((await ask('GET', bens, await hall.login('lead'))).statusCode).toBe(204);
      await ask('PUT', bens, ben, { ...text, revision: 1 });
      await until(() => leads!.item('me', 'form/other', 'form') !== undefined);
      expect(JSON.stringify(leads!.messages)).not.toContain('untold');
      await setRights(db, 'lead', { team: null });
    });
  });

  test('refuses what is not of its lists, too long, or without a key', async () => {
    const url = '/api/v1/contacts/second/form';
    for (const wrong of [
      { type: 'SHOUT' },
      { content: 'x'.repeat(4_001) },
      { title: 'a\u0000b' },
      { revision: 0 },
      { extra: 1 },
    ]) {
      const answer = await ask('PUT', url, ana, { ...text, revision: 1, ...wrong });
      expect([wrong, answer.statusCode]).toEqual([wrong, 400]);
    }
    expect((await ask('POST', `${url}/submit`, ana, { ...text, revision: 1 })).statusCode).toBe(400);
    expect((await ask('GET', url, ana)).statusCode).toBe(204);
  });

  test('shows in what the same caller called about before', async () => {
    const { contacts } = (await ask('GET', '/api/v1/contacts/second/history', ana)).json();
    expect(contacts).toMatchObject([
      { id: 'first', agent: 'ana', outcome: 'answered', type: 'COMPLAINT', title: '路灯不亮' },
    ]);
    expect(JSON.stringify(contacts)).not.toContain('13800138333');
  });
});
