import { expect, test } from 'vitest';
import open311 from '../../channels/open311.ts';
import type { Delivery, InboundMessage, Received, Settings } from '../../src/channel/channel.ts';

const settings: Settings = {
  key: 'open-key',
  services: '0301=路灯不亮; 0302=井盖缺失 <危险>',
  area: '30.0,103.0 31.5,105.0',
  contact: '12345',
};
const NOW_MS = 1_767_225_600_000;
const FORM = { api_key: 'open-key', service_code: '0301', lat: '30.65742', long: '104.06584', description: '三号路' };

function delivery(call: string, form?: Record<string, string>, headers: Record<string, string> = {}): Delivery {
  const url = `/open311/v2/${call}`;
  return {
    method: form === undefined ? 'GET' : 'POST',
    url,
    query: new URLSearchParams(),
    headers,
    body: Buffer.from(form === undefined ? '' : `${new URLSearchParams(form)}`),
    receivedAtMs: NOW_MS,
  };
}

const ask = (...given: Parameters<typeof delivery>): Received =>
  open311.receive!(delivery(...given), settings) as Received;
const answerTo = (...given: Parameters<typeof delivery>): { status: number | undefined; said: unknown } => {
  const { answer } = ask(...given);
  return { status: answer?.status, said: JSON.parse(answer?.body ?? 'null') };
};

test('the services are listed and described, in JSON and in XML', () => {
  expect(answerTo('services.json').said).toMatchObject([
    { service_code: '0301', service_name: '路灯不亮', metadata: false, type: 'realtime' },
    { service_code: '0302' },
  ]);
  const { answer } = ask('services.xml');
  expect(answer?.type).toBe('text/xml; charset=utf-8');
  expect(answer?.body).toContain('<services><service><service_code>0301</service_code>');
  expect(answer?.body).toContain('井盖缺失 &lt;危险&gt;');
  expect(answerTo('services/0301.json').said).toEqual({ service_code: '0301', attributes: [] });
  expect(answerTo('services/9999.json').status).toBe(404);
  expect(ask('discovery.xml').answer?.body).toContain('<contact>12345</contact>');
  expect(ask('discovery.xml').answer?.body).toContain(
    '<formats><format>text/xml</format><format>application/json</format></formats></endpoint></endpoints>',
  );
});

test('a request becomes a message with its place in WGS-84, and has a number', () => {
  const more = {
    first_name: '三',
    last_name: '张',
    phone: '13800138000',
    media_url: 'http://127.0.0.1/x',
    'attribute[灯号]': '7',
  };
  const { inbound, answer } = ask('requests.json', { ...FORM, ...more });
  const [message] = inbound as readonly InboundMessage[];
  expect(message).toMatchObject({
    subject: '路灯不亮',
    text: '三号路',
    from: { id: '13800138000', name: '张三', phone: '13800138000' },
    place: { latitude: 30.65742, longitude: 104.06584, datum: 'wgs84' },
    fields: { 附图地址: 'http://127.0.0.1/x', 灯号: '7' },
  });
  expect(message?.media).toBe(undefined);
  expect(JSON.parse(answer?.body ?? '')).toMatchObject([{ service_request_id: message?.remoteId }]);
});

test('one Idempotency-Key is one request', () => {
  const id = (key: string, form = FORM) =>
    (ask('requests.json', form, { 'idempotency-key': key }).inbound[0] as InboundMessage).remoteId;
  expect(id('a')).toBe(id('a'));
  expect(id('a')).not.toBe(id('b'));
});

const without = ({ lat: _, long: __, ...form }: typeof FORM) => form;

test.each([
  [400, 'location is required: lat+long, address_string or address_id', without(FORM)],
  [400, 'PLACE_OUTSIDE_CITY: the place is outside the city', { ...FORM, lat: '39.9', long: '116.4' }],
  [400, 'lat and long are no place: two numbers, WGS-84, are needed', { ...FORM, lat: 'x' }],
  [400, 'lat and long are no place: two numbers, WGS-84, are needed', { ...FORM, long: '' }],
  [400, 'description is longer than 4000 characters', { ...FORM, description: 'x'.repeat(4_001) }],
  [400, 'email is no mail address', { ...FORM, email: 'x' }],
  [400, 'media_url is no address', { ...FORM, media_url: 'javascript:x' }],
  [400, 'service_code was not provided', { ...FORM, service_code: '' }],
  [404, 'service_code provided was not found', { ...FORM, service_code: '7' }],
])('%i %s', (code, description, form) => {
  expect(answerTo('requests.json', form)).toEqual({ status: code, said: [{ code, description }] });
  expect(ask('requests.json', form).inbound).toEqual([]);
});

test('each fault is an entry of its own, in XML, too', () => {
  const { answer } = ask('requests.xml', { ...without(FORM), email: 'x', phone: 'x' });
  expect(answer?.body?.match(/<error><code>400<\/code>/g)).toHaveLength(3);
});

test('an address alone is a place', () => {
  const [message] = ask('requests.json', { ...without(FORM), address_string: '天府大道1号' })
    .inbound as readonly InboundMessage[];
  expect(message).toMatchObject({ fields: { 地址: '天府大道1号' } });
  expect(message?.place).toBe(undefined);
});

test('everybody may read, and whoever asks for something needs the key', () => {
  expect(open311.verify!(delivery('services.json'), settings)).toBe(true);
  expect(open311.verify!(delivery('requests.json', FORM), settings)).toBe(true);
  expect(open311.verify!(delivery('requests.json', { ...FORM, api_key: 'other' }), settings)).toBe(false);
  expect(open311.verify!(delivery('requests.json', {}), settings)).toBe(false);
});

test.each(['requests', 'requests.html', '../services.json', 'services/../x.json', ''])(
  'there is nothing at “%s”',
  (call) => {
    expect(ask(call).answer?.status).toBe(404);
  },
);
