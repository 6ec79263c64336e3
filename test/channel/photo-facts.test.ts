import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admit } from '../../src/channel/media/admit.ts';
import { readExif } from '../../src/channel/media/exif.ts';
import { cleanJpeg } from '../../src/channel/media/jpeg.ts';
import { photo, pixel } from './photo-maker.ts';

const CHENGDU = { latitude: 30.6574, longitude: 104.0657 };

describe('a photo', () => {
  test.each([
    ['Intel order', CHENGDU, true],
    ['Motorola order', CHENGDU, false],
    ['the south and the west', { latitude: -33.45, longitude: -70.66 }, false],
  ])('tells where it was taken, in %s', (_name, where, little) => {
    const { latitude, longitude } = cleanJpeg(photo({ ...where, little }))!.place!;
    expect([latitude, longitude].map((value) => value.toFixed(5))).toEqual(
      [where.latitude, where.longitude].map((value) => value.toFixed(5)),
    );
  });

  test('is kept without anything that is no picture, and is the same picture', () => {
    const taken = photo({ ...CHENGDU, orientation: 6 });
    const { content } = cleanJpeg(taken)!;
    expect(content.includes('SECRET')).toBe(false);
    expect(content.subarray(0, 4).toString('hex')).toBe('ffd8ffe0');
    expect(content.subarray(-2).toString('hex')).toBe('ffd9');
    const scan = (file: Buffer) =>
      file.subarray(file.indexOf(Buffer.from('ffdb', 'hex')), file.indexOf(Buffer.from('ffd9', 'hex')));
    expect(scan(content).equals(scan(taken))).toBe(true);
    expect(cleanJpeg(content)!.place).toBeUndefined();
  });

  test('that is to be turned stays so, and cleaning twice is cleaning once', () => {
    const { content } = cleanJpeg(photo({ ...CHENGDU, orientation: 6 }))!;
    const exif = content.subarray(content.indexOf('Exif\0\0') + 6);
    expect(readExif(exif)).toEqual({ orientation: 6, place: undefined });
    expect(cleanJpeg(content)!.content.equals(content)).toBe(true);
    expect(cleanJpeg(photo(CHENGDU))!.content.includes('Exif')).toBe(false);
  });

  test('that says 0,0, or nothing, was taken nowhere', () => {
    expect(cleanJpeg(photo({ latitude: 0, longitude: 0 }))!.place).toBeUndefined();
    expect(cleanJpeg(photo())!.place).toBeUndefined();
  });

  test('that breaks off in the picture is closed there; one without a picture is damaged', () => {
    const whole = photo(CHENGDU);
    const torn = whole.subarray(0, whole.indexOf(Buffer.from('fbd0', 'hex')) + 1);
    expect(cleanJpeg(torn)!.content.subarray(-2).toString('hex')).toBe('ffd9');
    expect(admit(whole.subarray(0, 40))).toBe('damaged');
    expect(admit(Buffer.from('\xff\xd8\xff<script>', 'latin1'))).toBe('damaged');
  });

  test('of any bytes at all comes to an end, and never to an error', () => {
    const whole = photo(CHENGDU);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), fc.nat(whole.length), (changes, length) => {
        const file = Buffer.from(whole);
        for (const [at, byte] of changes) file[at] = byte;
        const clean = cleanJpeg(file.subarray(0, length));
        if (clean !== undefined) expect(cleanJpeg(clean.content)?.content.equals(clean.content)).toBe(true);
      }),
      { numRuns: 500 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void readExif(Buffer.from(bytes))));
  });
});

test('files are what their bytes say; what nobody knows is kept unopened', () => {
  expect(admit(pixel())).toMatchObject({ type: 'image/png', place: undefined });
  expect(admit(Buffer.from('<svg onload="alert(1)"/>'))).toMatchObject({ type: 'application/octet-stream' });
  expect(admit(Buffer.alloc(0))).toBe('empty');
  expect(admit(Buffer.alloc(20 * 1024 * 1024 + 1))).toBe('tooLarge');
});
