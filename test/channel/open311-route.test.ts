import { type KyselyPlugin, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import open311 from '../../channels/open311.ts';
import { limitNetworks } from '../../src/api/visitors.ts';
import { contactId } from '../../src/core/ids.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, eventually, type House, openHouse, serve } from './house.ts';

const two = ['one', 'two'].map((name) =>
  accountOf(open311, name, {
    settings: { ...open311.rehearsal!.settings, key: `key-${name}`, jurisdiction: 'zhengzhou.gov.cn', expected: '24' },
  }),
);
let database: TestDatabase;
let house: House;
/** What came first under a key cannot be read. */
let isForgetful = false;
const forgetting: KyselyPlugin = {
  transformQuery({ node }) {
    if (isForgetful && node.kind === 'SelectQueryNode' && JSON.stringify(node.selections).includes('"raw"'))
      throw new Error('the database is away');
    return node;
  },
  transformResult: async ({ result }) => result,
};
beforeAll(async () => {
  database = await startDatabase();
  const store = { ...database.store, db: database.store.db.withPlugin(forgetting) };
  house = await openHouse({ store, accounts: two });
});
afterAll(async () => {
  await house?.close();
  await database?.remove();
});

const FORM = { api_key: 'key-two', service_code: '0301', lat: '30.65742', long: '104.06584', description: '三号路' };

async function ask(call: string, form?: Record<string, string>, remoteAddress = '127.0.0.9', key = 'k1') {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'idempotency-key': key };
  const url = `/open311/v2/${call}`;
  const answer = await house.api.inject(
    form === undefined
      ? { method: 'GET', url, remoteAddress }
      : { method: 'POST', url, headers, payload: `${new URLSearchParams(form)}`, remoteAddress },
  );
  return { status: answer.statusCode, body: answer.body, headers: answer.headers };
}

test('a request is stored before it is answered, under the account whose key it has, and once', async () => {
  const answers = [await ask('requests.json', FORM), await ask('requests.json', FORM)];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  const [first, again] = answers.map(({ body }) => JSON.parse(body)[0].service_request_id);
  expect(again).toBe(first);
  const { rows } = await sql<{ account: string }>`select account from messages where external_id = ${first}`.execute(
    database.store.db,
  );
  expect(rows).toEqual([{ account: 'two' }]);
});

test('questions have one address, and so one limit', async () => {
  for (const account of ['one', 'two']) {
    const url = `/api/v1/intake/open311/${account}?call=requests.json`;
    expect((await house.api.inject({ method: 'GET', url })).statusCode).toBe(404);
  }
});

test('the same key with another request is refused, and the first one stays', async () => {
  const other = await ask('requests.json', { ...FORM, description: '五号路' });
  expect(other).toMatchObject({ status: 409, body: expect.stringContaining('"code":409') });
  expect((await ask('requests.json', FORM)).status).toBe(200);
});

test('while it cannot be told whether it is the same request, it is neither taken nor acknowledged', async () => {
  isForgetful = true;
  const other = await ask('requests.json', { ...FORM, description: '六号路' });
  isForgetful = false;
  expect(other).toMatchObject({ status: 503, headers: { 'retry-after': expect.anything() } });
});

test('how requests stand is for everybody, without who asked and where exactly; what they wrote is for integrators, without numbers', async () => {
  const form = {
    ...FORM,
    description: '井盖丢了，请打13800138000或wang@example.cn',
    phone: '13800138000',
    first_name: '三',
  };
  const [made] = JSON.parse((await ask('requests.json', form, '127.0.0.10', 'k2')).body);
  const one = `requests/${made.service_request_id}.json`;
  const known = await eventually(async () => {
    const { status, body } = await ask(one, undefined, '127.0.0.10');
    expect(status).toBe(200);
    return JSON.parse(body)[0];
  });
  expect(known).toMatchObject({ status: 'open', service_code: '0301', service_name: '路灯不亮', description: '' });
  expect(known).toMatchObject({ lat: 30.657, long: 104.066, address: '' });
  expect(known.requested_datetime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/);
  const [shown] = JSON.parse((await ask(`${one}?api_key=key-one`, undefined, '127.0.0.10')).body);
  expect(shown.description).toBe('井盖丢了，请打***或***');

  const list = async (query: string) => JSON.parse((await ask(`requests.json?${query}`, undefined, '127.0.0.11')).body);
  const numbers = async (query: string) =>
    (await list(query)).map((each: { service_request_id: string }) => each.service_request_id);
  expect((await numbers(''))[0]).toBe(made.service_request_id);
  expect(await numbers('')).toHaveLength(2);
  expect(await numbers('page=2&page_size=1')).toHaveLength(1);
  expect(await numbers(`service_request_id=${made.service_request_id},nobody`)).toEqual([made.service_request_id]);
  expect(await numbers('service_code=0302')).toEqual([]);
  expect(await numbers('status=closed')).toEqual([]);
  expect(await numbers('status=open,closed&service_code=0301')).toHaveLength(2);
  expect(await numbers('updated_after=2999-01-01T00:00:00Z')).toEqual([]);
  expect(await numbers('start_date=2020-01-01T00:00:00Z&end_date=2020-02-01T00:00:00Z')).toEqual([]);

  const bad = await list('start_date=yesterday&status=lost&page_size=0&service_code=9');
  expect(bad.map(({ code }: { code: number }) => code)).toEqual([400, 400, 400, 400]);
  expect((await ask('requests/nobody.xml', undefined, '127.0.0.11')).body).toContain('<code>404</code>');
  expect((await ask('requests.json?api_key=wrong', undefined, '127.0.0.11')).status).toBe(403);
});

test('a request tells how far it is: waiting, taken, handed on and so still open, done; and by when it is promised', async () => {
  const form = { ...FORM, media_url: 'https://photos.example/1.jpg', description: '井盖松动' };
  const [made] = JSON.parse((await ask('requests.json', form, '127.0.0.12', 'k3')).body);
  // Asked again and again: from one network there would be too many.
  let times = 0;
  const network = () => {
    times += 1;
    return `127.1.${times % 250}.1`;
  };
  const shown = async (key = '') => {
    await house.projector.settled();
    const answer = await ask(`requests/${made.service_request_id}.json${key}`, undefined, network());
    return JSON.parse(answer.body)[0];
  };
  await eventually(async () =>
    expect(await shown()).toMatchObject({ status: 'open', status_notes: '已收到，等候受理' }),
  );
  const { requested_datetime, expected_datetime, agency_responsible, media_url } = await shown();
  expect(Date.parse(expected_datetime) - Date.parse(requested_datetime)).toBe(86_400_000);
  expect({ agency_responsible, media_url }).toEqual({ agency_responsible: '12345政务服务便民热线', media_url: '' });
  expect((await shown('?api_key=key-one')).media_url).toBe('https://photos.example/1.jpg');
  const contact = await eventually(async () => {
    const { rows } = await sql<{ contact: string | null }>`
      select contact from messages where external_id = ${made.service_request_id}`.execute(database.store.db);
    expect(rows[0]?.contact).toEqual(expect.any(String));
    return contactId(rows[0]!.contact!);
  });
  await serve(house.loop, 'ana');
  await eventually(async () => expect((await shown()).status_notes).toBe('正在办理'));
  await house.loop.submit({ type: 'conversationEnded', contact, by: 'agent', who: 'ana' });
  await eventually(async () => expect(await shown()).toMatchObject({ status: 'closed', status_notes: '已办结' }));
  const cameOf = (code: string) => house.loop.submit({ type: 'dispositionGiven', contact, by: 'ana', code });
  const ids = async (status: string) => {
    const { body } = await ask(`requests.json?status=${status}`, undefined, network());
    return JSON.parse(body).map((each: { service_request_id: string }) => each.service_request_id);
  };
  await cameOf('ORDER');
  await eventually(async () =>
    expect(await shown()).toMatchObject({ status: 'open', status_notes: '已转承办单位办理' }),
  );
  expect(await ids('open')).toContain(made.service_request_id);
  expect(await ids('closed')).not.toContain(made.service_request_id);
  await cameOf('DIRECT_ANSWER');
  await eventually(async () => expect(await shown()).toMatchObject({ status: 'closed', status_notes: '已直接解答' }));
  expect((await shown()).expected_datetime).toBe('');
  expect(await ids('closed')).toContain(made.service_request_id);
  expect(await ids('open')).not.toContain(made.service_request_id);
});

test('another city’s jurisdiction_id is not found, in questions and requests; the own one, or none, is', async () => {
  const asked = async (query: string) => (await ask(`services.json${query}`, undefined, '127.0.0.14')).status;
  expect(await asked('?jurisdiction_id=zhengzhou.gov.cn')).toBe(200);
  expect(await asked('')).toBe(200);
  expect(await asked('?jurisdiction_id=elsewhere.gov.cn')).toBe(404);
  const made = await ask('requests.json', { ...FORM, jurisdiction_id: 'elsewhere.gov.cn' }, '127.0.0.14', 'k4');
  expect(made).toMatchObject({ status: 404, body: expect.stringContaining('jurisdiction_id') });
});

test('services are for everybody; what is wrong is said in the format that was asked for', async () => {
  expect((await ask('services.xml')).body).toContain('<service_code>0301</service_code>');
  expect(await ask('requests.json', { ...FORM, api_key: 'other' })).toMatchObject({
    status: 403,
    body: '[{"code":403,"description":"Missing or invalid api_key"}]',
  });
  const outside = await ask('requests.xml', { ...FORM, lat: '39.9', long: '116.4' });
  expect(outside.status).toBe(400);
  expect(outside.headers['content-type']).toBe('text/xml; charset=utf-8');
  expect(outside.body).toContain('PLACE_OUTSIDE_CITY');
});

test.each(['', 'x', 'x; y', 'application/json'])('a form is one, whatever it is called: “%s”', async (type) => {
  const form = { ...FORM, description: `called “${type}”` };
  const headers = { 'content-type': type, 'idempotency-key': `called-${type}` };
  const payload = `${new URLSearchParams(form)}`;
  const url = '/open311/v2/requests.json';
  const answer = await house.api.inject({ method: 'POST', url, headers, payload, remoteAddress: '127.0.4.15' });
  expect(answer.statusCode).toBe(200);
});

test('the number behind a token, and how a request stands, is told from the moment that it is answered; what nobody made is not found', async () => {
  const from = '127.0.3.16';
  const [made] = JSON.parse((await ask('requests.json', { ...FORM, description: '七号路' }, from, 'k7')).body);
  const id: string = made.service_request_id;
  const token = await ask(`tokens/${id}.json`, undefined, from);
  expect([token.status, JSON.parse(token.body)]).toEqual([200, [{ service_request_id: id, token: id }]]);
  await house.projector.settled();
  // As while the hotline has no room for it.
  await sql`update messages set contact = null where external_id = ${id}`.execute(database.store.db);
  const one = await ask(`requests/${id}.json`, undefined, from);
  expect(JSON.parse(one.body)).toMatchObject([
    { service_request_id: id, status: 'open', status_notes: '已收到，等候受理' },
  ]);
  await sql`delete from messages where external_id = ${id}`.execute(database.store.db);
  const gone: readonly (readonly [string, string])[] = [
    [`tokens/${id}.json`, 'token was not found'],
    [`requests/${id}.json`, 'service_request_id was not found'],
    [`requests.json?service_request_id=${id},nobody`, 'service_request_id was not found'],
  ];
  for (const [call, description] of gone) {
    const answer = await ask(call, undefined, from);
    expect([call, answer.status, answer.body]).toEqual([call, 404, JSON.stringify([{ code: 404, description }])]);
  }
  expect((await ask('tokens/nobody.xml', undefined, from)).body).toContain(
    '<errors><error><code>404</code><description>token was not found</description></error></errors>',
  );
  expect((await ask(`requests.json?service_request_id=${id}&status=closed`, undefined, from)).body).toBe('[]');
});

test('whoever asks too often is told when to come again, and nobody else is', async () => {
  for (let count = 0; count < 60; count += 1)
    expect((await ask('services.json', undefined, '127.0.2.7')).status).toBe(200);
  const { status, headers } = await ask('services.json', undefined, '127.0.2.7');
  expect(status).toBe(429);
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect((await ask('services.json', undefined, '127.0.1.8')).status).toBe(200);
});

test('a minute later there is room again', () => {
  const limit = limitNetworks({ times: 2, withinMs: 60_000 });
  expect([0, 1, 2_000, 60_000].map((atMs) => limit.take('a', atMs))).toEqual([0, 0, 58, 0]);
});

test('discovery tells an absolute address: the one that is set, or the host that was asked, by https where the connection or a trusted proxy is', async () => {
  const urlOf = async (headers: Record<string, string>, of = house) => {
    const answer = await of.api.inject({ method: 'GET', url: '/open311/discovery.json', headers });
    return answer.json().endpoints[0].url;
  };
  const host = '12345.example.gov.cn';
  expect(await urlOf({ host })).toBe(`http://${host}/open311/v2`);
  // The peer is no trusted proxy: what it says of its own connection is nobody's.
  expect(await urlOf({ host, 'x-forwarded-proto': 'https' })).toBe(`http://${host}/open311/v2`);
  expect(await urlOf({ host: 'a.example/<script>' })).toBe('/open311/v2');
  const url = 'https://open.example.gov.cn/open311/v2';
  const set = accountOf(open311, 'set', { settings: { ...open311.rehearsal!.settings, url } });
  const other = await openHouse({ store: database.store, accounts: [set] });
  expect(await urlOf({ host }, other)).toBe(url);
  await other.close();
  expect(open311.check!({ ...set.settings, url: '/open311/v2' })).toMatchObject({ setting: 'url' });
});
