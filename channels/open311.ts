import {
  type Answer,
  ChannelError,
  type Delivery,
  defineChannel,
  type Received,
  type Settings,
  sameSecret,
} from '../src/channel/channel.ts';
import { answerIn, errorsIn, type Format } from './open311/answer.ts';
import { askForMany, askForOne, askForToken } from './open311/inquiry.ts';
import { readRequest, type Service } from './open311/request.ts';
import { readArea } from './place/area.ts';

const shapes = {
  key: { about: 'api_key of the integrator', secret: true },
  services: 'What can be asked for: code=name with semicolons between, such as 0301=路灯不亮;0302=井盖缺失',
  area: 'The city: corners as latitude,longitude (WGS-84) with spaces between; two are opposite corners of a rectangle',
  contact: { about: 'Whom integrators write to', default: '12345' },
  agency: { about: 'Who answers for requests, shown as agency_responsible', default: '12345政务服务便民热线' },
  url: {
    about:
      'Address of the API as integrators reach it, such as https://12345.example.gov.cn/open311/v2, told by discovery. Absent: at the host that was asked',
    optional: true,
  },
  jurisdiction: {
    about: 'jurisdiction_id of the city; another one in a request is refused. Absent: it is not looked at',
    optional: true,
  },
  expected: {
    about: 'Hours within which a request is answered, shown as expected_datetime. Absent: nothing is promised',
    optional: true,
  },
} as const;

const HOURS_MAX = 8_760;

type Open311Settings = Settings<typeof shapes>;

/** Of a public answer: what the address says after `/open311/`, or the query after `call=`. */
const CALL = /^(?:v2\/)?(discovery|services|requests|tokens)(?:\/([\w.-]{1,64}))?\.(json|xml)$/;

/**
 * Open311 GeoReport v2: discovery, services, requests that are made and how they stand, and the numbers behind tokens. Each integrator is an
 * account, with an `api_key` in the form or the query.
 */
export default defineChannel({
  name: 'open311',
  title: { zh: 'Open311 公共接口', en: 'Open311 public API' },
  settings: shapes,
  limits: { bodyBytes: 65_536 },
  capabilities: { identity: 'claim' },
  methods: ['GET', 'POST'],

  check({ expected, url }) {
    if (url !== undefined && !/^https?:\/\/[^\s?#]+$/.test(url))
      return {
        setting: 'url',
        zh: '应为以 http(s):// 开头的完整地址',
        en: 'it is no absolute address of http or https',
      };
    if (expected === undefined || hoursIn(expected) !== undefined) return undefined;
    return {
      setting: 'expected',
      zh: `应为 1 到 ${HOURS_MAX} 的小时数`,
      en: `it is no number of hours from 1 to ${HOURS_MAX}`,
    };
  },

  // What everybody may read needs no key; a wrong one is told so.
  verify(delivery, { key }) {
    const given = keyIn(delivery);
    return given === undefined ? delivery.method === 'GET' : sameSecret(given, key);
  },

  receive(delivery, settings): Received {
    const [, what, name, format = 'json'] = CALL.exec(callOf(delivery)) ?? [];
    const form = format as Format;
    if (isElsewhere(delivery, settings))
      return { inbound: [], answer: errorsIn(form, 404, ['jurisdiction_id provided was not found']) };
    if (delivery.method === 'GET' && what === 'requests') return inquire(delivery, name, form, settings);
    if (delivery.method === 'GET' && what === 'tokens' && name !== undefined)
      return { inbound: [], asks: askForToken(name, form) };
    if (delivery.method === 'GET') return { inbound: [], answer: read(delivery, what, name, form, settings) };
    if (what !== 'requests' || name !== undefined) return { inbound: [], answer: unknown(form) };
    const request = readRequest(delivery, settings.key, servicesIn(settings.services), readArea(settings.area));
    if (!('message' in request)) return { inbound: [], answer: errorsIn(form, request.status, request.faults) };
    const made = [{ service_request_id: request.message.remoteId, service_notice: '', account_id: '' }];
    return {
      inbound: [request.message],
      answer: answerIn(form, made, { whole: 'service_requests', each: 'request' }),
      conflict: errorsIn(form, 409, ['this Idempotency-Key came with another request']),
    };
  },

  rehearsal: {
    settings: {
      key: 'rehearsed',
      services: '0301=路灯不亮;0302=井盖缺失',
      area: '30.0,103.0 31.5,105.0',
      contact: '12345',
      agency: '12345政务服务便民热线',
      url: undefined,
      jurisdiction: undefined,
      expected: undefined,
    },
    deliver: ({ number, conversation, text }, { key }) => ({
      query: `call=requests.json&api_key=${key}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'idempotency-key': `${number}` },
      body: `${new URLSearchParams({ service_code: '0301', lat: '30.65742', long: '104.06584', description: text, account_id: `${conversation}` })}`,
    }),
  },
});

function keyIn({ query, body }: Delivery): string | undefined {
  return query.get('api_key') ?? new URLSearchParams(body.toString()).get('api_key') ?? undefined;
}

function hoursIn(text: string): number | undefined {
  const hours = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return hours >= 1 && hours <= HOURS_MAX ? hours : undefined;
}

/** GeoReport v2: `jurisdiction_id` may be left out where there is one city. */
function isElsewhere({ query, body }: Delivery, { jurisdiction }: Open311Settings): boolean {
  const asked = query.get('jurisdiction_id') ?? new URLSearchParams(body.toString()).get('jurisdiction_id') ?? '';
  return jurisdiction !== undefined && asked !== '' && asked !== jurisdiction;
}

function callOf({ url, query }: Delivery): string {
  return query.get('call') ?? /\/open311\/((?:v2\/)?[\w./-]+)/.exec(url)?.[1] ?? '';
}

function inquire(delivery: Delivery, name: string | undefined, format: Format, settings: Open311Settings): Received {
  const hours = hoursIn(settings.expected ?? '');
  const shown = {
    services: servicesIn(settings.services),
    withText: sameSecret(keyIn(delivery), settings.key),
    agency: settings.agency,
    expectedMs: hours === undefined ? undefined : hours * 3_600_000,
  };
  if (name !== undefined) return { inbound: [], asks: askForOne(name, format, shown) };
  const asked = askForMany(delivery.query, format, shown, delivery.receivedAtMs);
  return 'limit' in asked ? { inbound: [], asks: asked } : { inbound: [], answer: asked };
}

function unknown(format: Format): Answer {
  return errorsIn(format, 404, ['there is nothing at this address']);
}

function read(
  { origin }: Delivery,
  what: string | undefined,
  name: string | undefined,
  format: Format,
  settings: Open311Settings,
): Answer {
  const services = servicesIn(settings.services);
  if (what === 'discovery')
    return answerIn(format, discovery(settings, origin), { whole: 'discovery', each: 'endpoint' });
  if (what !== 'services') return unknown(format);
  if (name === undefined) return answerIn(format, services.map(serviceOf), { whole: 'services', each: 'service' });
  if (!services.some(({ code }) => code === name))
    return errorsIn(format, 404, ['service_code provided was not found']);
  return answerIn(format, { service_code: name, attributes: [] }, { whole: 'service_definition', each: 'attribute' });
}

function serviceOf({ code, name }: Service) {
  const rest = { description: name, metadata: false, type: 'realtime', keywords: '', group: '' };
  return { service_code: code, service_name: name, ...rest };
}

/** GeoReport v2, service discovery: `url` is where clients go, whatever address they found it at. */
function discovery({ contact, url }: Open311Settings, origin: string = '') {
  const endpoint = {
    specification: 'http://wiki.open311.org/GeoReport_v2',
    url: url ?? `${origin}/open311/v2`,
    type: 'production',
    formats: ['text/xml', 'application/json'],
  };
  return { changeset: '2026-01-01T00:00:00+08:00', contact, key_service: contact, endpoints: [endpoint] };
}

function servicesIn(text: string): readonly Service[] {
  return text
    .split(';')
    .filter((pair) => pair.trim() !== '')
    .map((pair) => {
      const [code = '', name = ''] = pair.split('=').map((part) => part.trim());
      if (!/^[\w.-]{1,64}$/.test(code) || name === '')
        throw new ChannelError('broken', 'the setting “services” is no list of code=name');
      return { code, name };
    });
}
