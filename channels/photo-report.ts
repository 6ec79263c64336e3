import { createHmac } from 'node:crypto';
import {
  ChannelError,
  defineChannel,
  type InboundMessage,
  type Place,
  type Received,
  readJson,
  sameSecret,
  shortKey,
  throwUnlessOk,
} from '../src/channel/channel.ts';
import { isWithin, readArea } from './place/area.ts';
import { isPhotoType, PHOTO_BYTES_MAX, photoTypeOf } from './place/photo.ts';

const SKEW_MAX_MS = 300_000;
const PHOTOS_MAX = 9;
const TEXT_CHARS_MAX = 4_000;

const sign = (key: string, timestamp: string, body: string | Buffer): string =>
  `v1=${createHmac('sha256', key).update(`${timestamp}.`).update(body).digest('hex')}`;

/**
 * Photo reports of a city's app (随手拍): `{id, user, name?, phone?, category, text, photos: [{url, type, bytes}], lat, lon,
 * coord: 'gcj02' | 'wgs84', accuracy_m?, address?, taken_at}`, signed like the web-hook. Maps of mainland China give GCJ-02.
 * What is not as it should be is answered 400 with a code, and is not taken.
 */
export default defineChannel({
  name: 'photo-report',
  title: { zh: '随手拍', en: 'Photo report' },
  settings: {
    key: { about: 'Shared key of the app, 32 or more characters', secret: true },
    photos: 'Where the app keeps its photos, such as https://photos.city.gov.cn; from nowhere else one is fetched',
    area: 'The city: corners as latitude,longitude (WGS-84) with spaces between; two are opposite corners of a rectangle',
  },
  check({ key, photos, area }) {
    const short = shortKey('key', key);
    if (short !== undefined) return short;
    if (!URL.canParse(photos)) return { setting: 'photos', zh: '不是网址', en: 'it is no address' };
    try {
      readArea(area);
      return undefined;
    } catch {
      const en = 'it is no list of latitude,longitude with spaces between';
      return { setting: 'area', zh: '应为“纬度,经度”，以空格分隔', en };
    }
  },

  limits: { bodyBytes: 65_536 },
  acknowledgement: { type: 'application/json', body: '{"ok":true}' },

  verify({ headers, body, receivedAtMs }, { key }) {
    const timestamp = headers['minhu-timestamp'] ?? '';
    const skewMs = Math.abs(receivedAtMs - Number(timestamp) * 1_000);
    return skewMs <= SKEW_MAX_MS && sameSecret(headers['minhu-signature'], sign(key, timestamp, body));
  },

  receive({ body }, settings): Received {
    const report = reportIn(readJson(body));
    const fault = faultOf(report, settings);
    if (fault === undefined) return { inbound: [toldBy(report)] };
    const answer = { status: 400, type: 'application/json; charset=utf-8', body: JSON.stringify(FAULTS[fault]) };
    return { inbound: [], answer };
  },

  async fetchMedia({ id, type }, { settings, fetch, signal }) {
    if (new URL(id).origin !== new URL(settings.photos).origin)
      throw new ChannelError('refuse', 'the photo is not where the app keeps its photos');
    const response = await fetch(id, { signal });
    throwUnlessOk(response, 'the app');
    const content = await bytesOf(response);
    // What a sender says of a file is not what the file is.
    const found = photoTypeOf(content);
    if (found === undefined || found !== type) throw new ChannelError('refuse', `the photo is no ${type}`);
    return new Response(new Uint8Array(content), { headers: { 'content-type': found } });
  },

  rehearsal: {
    settings: { key: 'k'.repeat(32), photos: 'https://photos.example', area: '30.0,103.0 31.5,105.0' },
    deliver({ number, conversation, text, atMs }, { key }) {
      const timestamp = String(Math.trunc(atMs / 1_000));
      const photos = [{ url: 'https://photos.example/1.jpg', type: 'image/jpeg', bytes: 1_000 }];
      const place = { lat: 30.6549984, lon: 104.0683476, coord: 'gcj02', accuracy_m: 12, address: '天府广场' };
      const who = { id: String(number), user: `u${conversation}`, taken_at: new Date(atMs).toISOString() };
      const body = JSON.stringify({ ...who, category: '市容', text, photos, ...place });
      return { headers: { 'minhu-timestamp': timestamp, 'minhu-signature': sign(key, timestamp, body) }, body };
    },
  },
});

const FAULTS = {
  incomplete: {
    code: 'REPORT_INCOMPLETE',
    zh: '缺少编号、用户或文字。',
    en: 'The id, the user or the text is missing.',
  },
  time: { code: 'TIME_INVALID', zh: '拍摄时间不正确。', en: '“taken_at” is no time.' },
  place: { code: 'PLACE_INVALID', zh: '位置或坐标系不正确。', en: 'The place, or its datum, is not as it should be.' },
  outside: { code: 'PLACE_OUTSIDE_CITY', zh: '该位置不在本市范围内。', en: 'The place is outside the city.' },
  photos: { code: 'PHOTOS_COUNT', zh: '请附1至9张照片。', en: 'One to nine photos are needed.' },
  photoType: { code: 'PHOTO_TYPE', zh: '照片格式不支持。', en: 'Only JPEG, PNG, WebP and HEIC are taken.' },
  photoSize: { code: 'PHOTO_TOO_LARGE', zh: '照片超过20MB。', en: 'A photo is larger than 20 MB.' },
  photoPlace: { code: 'PHOTO_ADDRESS', zh: '照片地址不正确。', en: 'A photo is not where the app keeps its photos.' },
} as const;

interface Photo {
  readonly url: string;
  readonly type: string;
  readonly bytes: number;
}

interface Report {
  readonly id: string;
  readonly user: string;
  readonly name: string;
  readonly phone: string;
  readonly category: string;
  readonly text: string;
  readonly takenAtMs: number;
  readonly photos: readonly Photo[];
  readonly place: Place | undefined;
}

function reportIn(said: unknown): Report {
  const given = (typeof said === 'object' && said !== null ? said : {}) as Record<string, unknown>;
  const text = (name: string): string => (typeof given[name] === 'string' ? given[name] : '');
  const photos = (Array.isArray(given['photos']) ? given['photos'] : []) as readonly (Partial<Photo> | null)[];
  return {
    id: typeof given['id'] === 'number' ? String(given['id']) : text('id'),
    user: text('user'),
    name: text('name'),
    phone: text('phone'),
    category: text('category'),
    text: text('text').slice(0, TEXT_CHARS_MAX),
    takenAtMs: Date.parse(text('taken_at')),
    photos: photos.map((photo) => ({
      url: String(photo?.url ?? ''),
      type: String(photo?.type ?? ''),
      bytes: Number(photo?.bytes),
    })),
    place: placeIn(given, text('address')),
  };
}

function placeIn(given: Readonly<Record<string, unknown>>, address: string): Place | undefined {
  const { lat, lon, coord, accuracy_m: accuracyM } = given;
  if (typeof lat !== 'number' || typeof lon !== 'number' || Math.abs(lat) > 90 || Math.abs(lon) > 180) return undefined;
  if (coord !== 'gcj02' && coord !== 'wgs84') return undefined;
  return {
    latitude: lat,
    longitude: lon,
    datum: coord,
    ...(typeof accuracyM === 'number' && accuracyM >= 0 ? { accuracyM } : {}),
    ...(address === '' ? {} : { address: address.slice(0, 500) }),
  };
}

function faultOf(report: Report, settings: { photos: string; area: string }): keyof typeof FAULTS | undefined {
  const { id, user, text, photos, place, takenAtMs } = report;
  if (id === '' || user === '' || text === '') return 'incomplete';
  if (!Number.isFinite(takenAtMs) || takenAtMs < 0) return 'time';
  if (place === undefined) return 'place';
  if (!isWithin(readArea(settings.area), place)) return 'outside';
  if (photos.length === 0 || photos.length > PHOTOS_MAX) return 'photos';
  if (photos.some(({ type }) => !isPhotoType(type))) return 'photoType';
  if (photos.some(({ bytes }) => !(bytes > 0 && bytes <= PHOTO_BYTES_MAX))) return 'photoSize';
  const { origin } = new URL(settings.photos);
  const away = photos.some(({ url }) => !URL.canParse(url) || new URL(url).origin !== origin || url.length > 2_000);
  return away ? 'photoPlace' : undefined;
}

function toldBy({ id, user, name, phone, category, text, takenAtMs, photos, place }: Report): InboundMessage {
  return {
    remoteId: id,
    // Each report is a matter of its own.
    conversation: `${user}/${id}`,
    from: { id: user, ...(name === '' ? {} : { name }), ...(phone === '' ? {} : { phone: phone.slice(0, 64) }) },
    sentAtMs: takenAtMs,
    text,
    media: photos.map(({ url, type, bytes }) => ({ kind: 'image', id: url, type, bytes })),
    ...(place === undefined ? {} : { place }),
    fields: { 类别: category.slice(0, 200) },
  };
}

/** Read no further than a photo may be large. */
async function bytesOf(response: Response): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > PHOTO_BYTES_MAX) throw new ChannelError('refuse', `the photo is larger than ${PHOTO_BYTES_MAX} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
