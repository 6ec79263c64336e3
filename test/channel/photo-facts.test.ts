import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admit } from '../../src/channel/media/admit.ts';
import { readExif } from '../../src/channel/media/exif.ts';
import { cleanJpeg } from '../../src/channel/media/jpeg.ts';
import { photo, pixel, toldFilm, toldHeic, toldPng, toldWebp } from './photo-maker.ts';

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

describe('a picture or a film of another format', () => {
  const cleaned = (file: Buffer) => {
    const admitted = admit(file);
    if (typeof admitted === 'string') throw new Error(admitted);
    return admitted;
  };

  test.each([
    ['PNG', toldPng],
    ['WebP', toldWebp],
    ['HEIC', toldHeic],
  ])('%s tells where it was taken, once, and is kept without it', (_name, make) => {
    const taken = make({ ...CHENGDU, orientation: 6 });
    expect(taken.includes('SECRET')).toBe(true);
    const { content, place } = cleaned(taken);
    expect([place!.latitude.toFixed(4), place!.longitude.toFixed(4)]).toEqual(['30.6574', '104.0657']);
    expect(content.includes('SECRET')).toBe(false);
    const again = cleaned(content);
    expect(again.place).toBeUndefined();
    expect(again.content.equals(content)).toBe(true);
  });

  test('PNG and WebP that are to be turned stay so; upright ones tell nothing at all', () => {
    for (const make of [toldPng, toldWebp]) {
      const { content } = cleaned(make({ ...CHENGDU, orientation: 6 }));
      const at = Math.max(content.indexOf('MM\0*'), content.indexOf('II*\0'));
      expect(readExif(content.subarray(at))).toEqual({ orientation: 6, place: undefined });
      const upright = cleaned(make(CHENGDU)).content;
      expect(['eXIf', 'EXIF'].some((name) => upright.includes(name))).toBe(false);
    }
  });

  test('PNG keeps the picture and its colours to the letter, and ends where it ends', () => {
    const { content } = cleaned(toldPng(CHENGDU));
    expect(content.includes(Buffer.from('gAMA\0\0\xb1\x8f', 'latin1'))).toBe(true);
    expect(content.subarray(-12).toString('latin1', 4, 8)).toBe('IEND');
    expect(cleaned(pixel()).content.equals(pixel())).toBe(true);
  });

  test('WebP says no longer that an Exif or XMP follows, and how long it is', () => {
    const { content } = cleaned(toldWebp(CHENGDU));
    expect(content[20]! & 0x0c).toBe(0);
    expect(content.readUInt32LE(4)).toBe(content.length - 8);
  });

  test('HEIC and MP4 keep every byte of picture and sound where it was', () => {
    for (const [taken, data] of [
      [toldHeic(CHENGDU), 'PICTURE-OF-HEVC'],
      [toldFilm(), 'FILM-AND-SOUND'],
    ] as const) {
      const { content } = cleaned(taken);
      expect(content.length).toBe(taken.length);
      expect(content.indexOf(data)).toBe(taken.indexOf(data));
      expect(content.includes('SECRET')).toBe(false);
    }
  });

  test('that no program could follow is damaged', () => {
    const torn = toldHeic(CHENGDU);
    torn.writeUInt32BE(3, torn.indexOf('iloc') - 4);
    expect(admit(torn)).toBe('damaged');
    expect(admit(Buffer.from('\x89PNG\r\n\x1a\n<script>alert(1)</script>', 'latin1'))).toBe('damaged');
    expect(admit(Buffer.from('RIFF\x0a\0\0\0WEBPEXIF\0\0\0\0', 'latin1'))).toBe('damaged');
  });

  test('whose items are the whole file, each of them, is damaged', () => {
    const file = toldHeic(CHENGDU);
    const entries = file.indexOf('iloc') + 12;
    for (let item = 0; item < 3; item += 1) {
      file.writeUInt32BE(0, entries + item * 14 + 6);
      file.writeUInt32BE(0, entries + item * 14 + 10);
    }
    expect(admit(file)).toBe('damaged');
  });

  test('of twenty megabytes of crumbs is refused at once', () => {
    const crumbs = (head: Buffer, crumb: Buffer) => Buffer.concat([head, Buffer.alloc(19_000_000, crumb)]);
    const files = [
      crumbs(Buffer.from([0xff, 0xd8]), Buffer.from([0xff, 0xfe, 0, 2])),
      crumbs(pixel().subarray(0, 33), Buffer.from('\0\0\0\0tEXt\0\0\0\0', 'latin1')),
      crumbs(Buffer.from('RIFF\xff\xff\xff\x7fWEBP', 'latin1'), Buffer.from('XMP \0\0\0\0', 'latin1')),
      crumbs(toldFilm(), Buffer.from('\0\0\0\x08free', 'latin1')),
    ];
    for (const file of files) expect(admit(file)).toBe('damaged');
  });

  test('of any bytes at all comes to an end, and never to an error', () => {
    for (const whole of [toldPng(CHENGDU), toldWebp(CHENGDU), toldHeic(CHENGDU), toldFilm()]) {
      const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
      fc.assert(
        fc.property(fc.array(change, { maxLength: 20 }), fc.nat(whole.length), (changes, length) => {
          const file = Buffer.from(whole);
          for (const [at, byte] of changes) file[at] = byte;
          const first = admit(file.subarray(0, length));
          if (typeof first !== 'string') admit(first.content);
        }),
        { numRuns: 300 },
      );
    }
  });
});

test('files are what their bytes say; what nobody knows is kept unopened', () => {
  expect(admit(pixel())).toMatchObject({ type: 'image/png', place: undefined });
  expect(admit(Buffer.from('<svg onload="alert(1)"/>'))).toMatchObject({ type: 'application/octet-stream' });
  expect(admit(Buffer.alloc(0))).toBe('empty');
  expect(admit(Buffer.alloc(20 * 1024 * 1024 + 1))).toBe('tooLarge');
});
