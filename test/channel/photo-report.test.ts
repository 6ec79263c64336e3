import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import photoReport from '../../channels/photo-report.ts';
import { isWithin, readArea } from '../../channels/place/area.ts';
import { toGcj02, toWgs84 } from '../../channels/place/gcj02.ts';
import type { Context, Delivery, Received, Settings } from '../../src/channel/channel.ts';

interface Vector {
  readonly name: string;
  readonly wgs84: readonly [number, number];
  readonly gcj02: readonly [number, number];
}

const vectors = (
  JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/misc.json'), 'utf8')) as { gcj02: readonly Vector[] }
).gcj02;
const settings: Settings = { key: 'k'.repeat(32), photos: 'https://photos.example', area: '30.0,103.0 31.5,105.0' };
const NOW_MS = 1_767_225_600_000;

function delivery(said: unknown, key = settings['key']!): Delivery {
  const body = Buffer.from(JSON.stringify(said));
  const timestamp = String(NOW_MS / 1_000);
  const signature = createHmac('sha256', key).update(`${timestamp}.`).update(body).digest('hex');
  const headers = { 'minhu-timestamp': timestamp, 'minhu-signature': `v1=${signature}` };
  return { method: 'POST', url: '/', query: new URLSearchParams(), headers, body, receivedAtMs: NOW_MS };
}

const REPORT = {
  id: 'r1',
  user: 'u1',
  category: '市容',
  text: '井盖缺失',
  photos: [{ url: 'https://photos.example/1.jpg', type: 'image/jpeg', bytes: 1_000 }],
  lat: 30.6549984,
  lon: 104.0683476,
  coord: 'gcj02',
  accuracy_m: 9,
  address: '天府广场',
  taken_at: '2026-01-01T08:00:00+08:00',
};

const receive = (said: unknown): Received => photoReport.receive!(delivery(said), settings) as Received;

describe('datums', () => {
  test.each(vectors)('$name: WGS-84 becomes GCJ-02 to the digit', ({ wgs84, gcj02 }) => {
    const { latitude, longitude } = toGcj02({ latitude: wgs84[0], longitude: wgs84[1] });
    const round = (degrees: number) => Number(degrees.toFixed(7));
    expect([round(latitude), round(longitude)]).toEqual(gcj02);
  });

  test('there and back is less than five centimetres off, all over the country', () => {
    for (let latitude = 18.2; latitude < 53; latitude += 1.7) {
      for (let longitude = 74; longitude < 134; longitude += 2.3) {
        const back = toWgs84(toGcj02({ latitude, longitude }));
        const metres = Math.hypot((back.latitude - latitude) * 111_320, (back.longitude - longitude) * 111_320);
        expect(metres).toBeLessThan(0.05);
      }
    }
  });
});

describe('the city', () => {
  test('a polygon with a notch holds what is in it, in either datum', () => {
    const area = readArea('0,0 0,4 4,4 4,2 2,2 2,0');
    const inside = (latitude: number, longitude: number) => isWithin(area, { latitude, longitude, datum: 'wgs84' });
    expect([inside(1, 1), inside(1, 3), inside(3, 3), inside(3, 1), inside(5, 3), inside(-1, 1)]).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    // 361 m lie between the two readings of one pair of numbers here.
    const border = readArea('30.0,103.0 31.0,104.06700');
    const place = { latitude: 30.6549984, longitude: 104.0683476 };
    expect(isWithin(border, { ...place, datum: 'gcj02' })).toBe(true);
    expect(isWithin(border, { ...place, datum: 'wgs84' })).toBe(false);
  });

  test.each(['', '1', 'a,b c,d', '1,2', '91,0 0,0'])('“%s” is no area', (text) => {
    expect(() => readArea(text)).toThrow(expect.objectContaining({ kind: 'broken' }));
  });
});

describe('reports', () => {
  test('a report comes with its photos and its place in the datum that it was told in', () => {
    expect(receive(REPORT).inbound).toEqual([
      {
        remoteId: 'r1',
        conversation: 'u1/r1',
        from: { id: 'u1' },
        sentAtMs: NOW_MS,
        text: '井盖缺失',
        media: [{ kind: 'image', id: 'https://photos.example/1.jpg', type: 'image/jpeg', bytes: 1_000 }],
        place: { latitude: 30.6549984, longitude: 104.0683476, datum: 'gcj02', accuracyM: 9, address: '天府广场' },
        fields: { 类别: '市容' },
      },
    ]);
  });

  const [photo] = REPORT.photos;
  test.each([
    ['PLACE_OUTSIDE_CITY', { lat: 39.9, lon: 116.4 }],
    ['PLACE_INVALID', { coord: 'bd09' }],
    ['PLACE_INVALID', { lat: '30.6' }],
    ['PLACE_INVALID', { lat: 200 }],
    ['PHOTOS_COUNT', { photos: [] }],
    ['PHOTOS_COUNT', { photos: Array.from({ length: 10 }, () => photo) }],
    ['PHOTO_TYPE', { photos: [{ ...photo, type: 'image/svg+xml' }] }],
    ['PHOTO_TYPE', { photos: [{ ...photo, type: 'constructor' }] }],
    ['PHOTO_TOO_LARGE', { photos: [{ ...photo, bytes: 30_000_000 }] }],
    ['PHOTO_ADDRESS', { photos: [{ ...photo, url: 'http://169.254.169.254/' }] }],
    ['PHOTO_ADDRESS', { photos: [{ ...photo, url: 'https://photos.example.evil.cn/1.jpg' }] }],
    ['TIME_INVALID', { taken_at: 'yesterday' }],
    ['REPORT_INCOMPLETE', { text: '' }],
  ])('%s is said, and nothing is taken', (code, more) => {
    const { inbound, answer } = receive({ ...REPORT, ...more });
    expect(inbound).toEqual([]);
    expect(answer?.status).toBe(400);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ code });
  });

  test('any value in any place is answered, never thrown', () => {
    for (const name of Object.keys(REPORT))
      for (const value of [null, 1, '', [], {}, [null], [[]], true])
        expect(() => receive({ ...REPORT, [name]: value })).not.toThrow();
    expect(() => receive(null)).not.toThrow();
  });

  test('who does not know the key is refused, and so is what is older than five minutes', () => {
    expect(photoReport.verify!(delivery(REPORT), settings)).toBe(true);
    expect(photoReport.verify!(delivery(REPORT, 'x'.repeat(32)), settings)).toBe(false);
    expect(photoReport.verify!({ ...delivery(REPORT), receivedAtMs: NOW_MS + 301_000 }, settings)).toBe(false);
  });
});

describe('photos', () => {
  const context = (content: Buffer): Context => ({
    settings,
    fetch: async () => new Response(new Uint8Array(content)),
    signal: new AbortController().signal,
    now: () => NOW_MS,
    cached: async (_name, make) => (await make()).value,
    forget: () => undefined,
  });
  const fetchPhoto = (content: Buffer, type = 'image/jpeg', id = 'https://photos.example/1.jpg') =>
    photoReport.fetchMedia!({ kind: 'image', id, type }, context(content));
  const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(100)]);

  test('a photo is what its bytes say', async () => {
    expect((await fetchPhoto(jpeg)).headers.get('content-type')).toBe('image/jpeg');
    await expect(fetchPhoto(jpeg, 'image/png')).rejects.toMatchObject({ kind: 'refuse' });
    for (const text of ['<svg onload="x"/>', '<html></html>', 'MZ', 'GIF89a', ''])
      await expect(fetchPhoto(Buffer.from(text))).rejects.toMatchObject({ kind: 'refuse' });
  });

  test('it is fetched from the app alone, and no further than it may be large', async () => {
    await expect(fetchPhoto(jpeg, 'image/jpeg', 'https://elsewhere.example/1.jpg')).rejects.toMatchObject({
      kind: 'refuse',
    });
    const large = Buffer.concat([jpeg, Buffer.alloc(21 * 1024 * 1024)]);
    await expect(fetchPhoto(large)).rejects.toMatchObject({ kind: 'refuse' });
  });
});
