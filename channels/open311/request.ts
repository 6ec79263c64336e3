import { createHash } from 'node:crypto';
import type { Delivery, InboundMessage, Place } from '../../src/channel/channel.ts';
import { type Area, isWithin } from '../place/area.ts';

export interface Service {
  readonly code: string;
  readonly name: string;
}

const DESCRIPTION_CHARS_MAX = 4_000;
const FIELD_CHARS_MAX = 500;
const NO_LOCATION = 'location is required: lat+long, address_string or address_id';

/** A request as the form says it, or all that is wrong with it: status and one description for each fault. */
export type Read =
  | { readonly message: InboundMessage }
  | { readonly status: 400 | 404; readonly faults: readonly string[] };

/** GeoReport v2, “POST Service Request”. A `media_url` is something that somebody wrote, and never fetched. */
export function readRequest(delivery: Delivery, key: string, services: readonly Service[], area: Area): Read {
  const form = new URLSearchParams(delivery.body.toString());
  const said = (name: string): string => (form.get(name) ?? '').trim();
  const service = services.find(({ code }) => code === said('service_code'));
  if (service === undefined && said('service_code') !== '')
    return { status: 404, faults: ['service_code provided was not found'] };
  const place = placeIn(said);
  const faults = faultsOf(said, place, area);
  if (service === undefined) faults.unshift('service_code was not provided');
  if (service === undefined || faults.length > 0) return { status: 400, faults };
  const id = requestId(delivery, key);
  return { message: messageOf(id, delivery.receivedAtMs, form, said, service, place) };
}

function placeIn(said: (name: string) => string): Place | undefined {
  const [latitude, longitude] = [said('lat'), said('long')].map((text) => (text === '' ? Number.NaN : Number(text)));
  if (!(Math.abs(latitude!) <= 90 && Math.abs(longitude!) <= 180)) return undefined;
  const address = said('address_string').slice(0, FIELD_CHARS_MAX);
  return {
    latitude: latitude!,
    longitude: longitude!,
    datum: 'wgs84',
    ...(address === '' ? {} : { address }),
  };
}

function faultsOf(said: (name: string) => string, place: Place | undefined, area: Area): string[] {
  const faults: string[] = [];
  const pointed = said('lat') !== '' || said('long') !== '';
  if (pointed && place === undefined) faults.push('lat and long are no place: two numbers, WGS-84, are needed');
  if (place !== undefined && !isWithin(area, place)) faults.push('PLACE_OUTSIDE_CITY: the place is outside the city');
  if (!pointed && said('address_string') === '' && said('address_id') === '') faults.push(NO_LOCATION);
  if ([...said('description')].length > DESCRIPTION_CHARS_MAX)
    faults.push(`description is longer than ${DESCRIPTION_CHARS_MAX} characters`);
  if (said('email') !== '' && !/^[^\s@]{1,64}@[^\s@]{1,255}$/.test(said('email')))
    faults.push('email is no mail address');
  if (said('phone') !== '' && !/^\+?[\d -]{3,24}$/.test(said('phone'))) faults.push('phone is no number');
  if (said('media_url') !== '' && !/^https?:/.test(said('media_url'))) faults.push('media_url is no address');
  return faults;
}

function messageOf(
  id: string,
  sentAtMs: number,
  form: URLSearchParams,
  said: (name: string) => string,
  service: Service,
  place: Place | undefined,
): InboundMessage {
  const name = `${said('last_name')}${said('first_name')}`.slice(0, 64);
  const phone = said('phone');
  const person = phone || said('email') || said('account_id') || said('device_id') || id;
  return {
    remoteId: id,
    // Each request is a matter of its own.
    conversation: id,
    from: { id: person.slice(0, 256), ...(name === '' ? {} : { name }), ...(phone === '' ? {} : { phone }) },
    sentAtMs,
    subject: service.name,
    text: said('description'),
    ...(place === undefined ? {} : { place }),
    fields: fieldsOf(form, service),
  };
}

const SHOWN: Readonly<Record<string, string>> = {
  address_string: '地址',
  address_id: '地址编号',
  email: '电子邮箱',
  media_url: '附图地址',
};

const SERVICE = '服务';

function fieldsOf(form: URLSearchParams, service: Service): Record<string, string> {
  const fields: Record<string, string> = { [SERVICE]: `${service.code} ${service.name}` };
  for (const [name, value] of form) {
    const shown = Object.hasOwn(SHOWN, name) ? SHOWN[name] : /^attribute\[([^\]]{1,80})\]$/.exec(name)?.[1];
    if (shown === undefined || value === '' || Object.keys(fields).length >= 50) continue;
    fields[shown] = [fields[shown] ?? [], value].flat().join('、').slice(0, FIELD_CHARS_MAX);
  }
  return fields;
}

/** Of a request as it was stored, whatever is offered now. */
export function serviceCode(fields: InboundMessage['fields']): string {
  return fields?.[SERVICE]?.split(' ')[0] ?? '';
}

/** With an `Idempotency-Key` the same at every try of one integrator; without one each request is another. */
function requestId({ headers, body, receivedAtMs }: Delivery, integrator: string): string {
  const key = headers['idempotency-key'];
  const hash = createHash('sha256').update(`${integrator}\n`);
  if (key === undefined) hash.update(`${receivedAtMs}\n`).update(body);
  else hash.update(`key ${key}`);
  return hash.digest('hex').slice(0, 24);
}

/** As it was written, never fetched. */
export function mediaUrl(fields: InboundMessage['fields']): string {
  return fields?.[SHOWN['media_url']!] ?? '';
}
