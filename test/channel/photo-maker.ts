import { crc32, deflateSync } from 'node:zlib';

export interface PhotoTold {
  readonly latitude?: number;
  readonly longitude?: number;
  readonly orientation?: number;
  readonly little?: boolean;
}

/** A grey square of 8 × 8 points, baseline (ITU-T T.81): what every decoder shows. */
const PICTURE = Buffer.from(
  [
    'ffdb004300100b0c0e0c0a100e0d0e1211101318281a181616183123251d283a333d3c3933383740485c4e404457453738506d51575f626768673e4d71797064785c656763',
    'ffc0000b080008000801011100',
    'ffc4001f0000010501010101010100000000000000000102030405060708090a0b',
    'ffc400b5100002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa',
    'ffda0008010100003f00',
    'fbd0ff00',
  ].join(''),
  'hex',
);
const JFIF = Buffer.from('ffe000104a46494600010101004800480000', 'hex');

/** A JPEG as a telephone makes it: with place, camera, comment and something hung on behind its end. */
export function photo(told: PhotoTold = {}): Buffer {
  const parts = [
    Buffer.from('ffd8', 'hex'),
    JFIF,
    segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exif(told)])),
    segment(0xe1, Buffer.from('http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>SECRET-XMP</x:xmpmeta>', 'latin1')),
    segment(0xfe, Buffer.from('SECRET-COMMENT')),
    PICTURE,
    Buffer.from('ffd9', 'hex'),
    Buffer.from('PK\x03\x04SECRET-ARCHIVE', 'latin1'),
  ];
  return Buffer.concat(parts);
}

function segment(marker: number, body: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

/** TIFF of three entries (camera, orientation, place), and behind them what they point to. */
function exif({ latitude, longitude, orientation = 1, little = false }: PhotoTold): Buffer {
  const tiff = Buffer.alloc(260);
  const u16 = (value: number, at: number) => (little ? tiff.writeUInt16LE(value, at) : tiff.writeUInt16BE(value, at));
  const u32 = (value: number, at: number) => (little ? tiff.writeUInt32LE(value, at) : tiff.writeUInt32BE(value, at));
  const entry = (at: number, tag: number, type: number, count: number) => {
    u16(tag, at);
    u16(type, at + 2);
    u32(count, at + 4);
    return at + 8;
  };
  const angle = (value: number, at: number) => {
    const [whole, rest] = [Math.trunc(Math.abs(value)), Math.abs(value) % 1];
    const minutes = Math.trunc(rest * 60);
    const numbers = [whole, 1, minutes, 1, Math.round((rest * 3_600 - minutes * 60) * 10_000), 10_000];
    for (const [index, number] of numbers.entries()) u32(number, at + index * 4);
  };
  tiff.write(little ? 'II' : 'MM', 0, 'latin1');
  u16(42, 2);
  u32(8, 4);
  u16(3, 8);
  u32(200, entry(10, 0x010f, 2, 13));
  tiff.write('SECRET-CAMERA', 200, 'latin1');
  u16(orientation, entry(22, 0x0112, 3, 1));
  u32(60, entry(34, 0x8825, 4, 1));
  if (latitude === undefined || longitude === undefined) return tiff;
  u16(4, 60);
  tiff.write(latitude < 0 ? 'S' : 'N', entry(62, 1, 2, 2), 'latin1');
  u32(120, entry(74, 2, 5, 3));
  tiff.write(longitude < 0 ? 'W' : 'E', entry(86, 3, 2, 2), 'latin1');
  u32(150, entry(98, 4, 5, 3));
  angle(latitude, 120);
  angle(longitude, 150);
  return tiff;
}

/** A whole PNG of one grey point; `bytes` of noise behind it make it larger. */
export function pixel(noise: Buffer = Buffer.alloc(0)): Buffer {
  return png([['IDAT', Buffer.concat([deflateSync(Buffer.from([0, 0x80])), noise])]]);
}

/** A PNG as a telephone's screen or a picture program makes it: with place, texts, time, and something hung on behind its end. */
export function toldPng(told: PhotoTold = {}): Buffer {
  const picture = png([
    ['eXIf', exif(told)],
    ['gAMA', Buffer.from('0000b18f', 'hex')],
    ['tEXt', Buffer.from('Comment\0SECRET-TEXT', 'latin1')],
    ['iTXt', Buffer.from('XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta>SECRET-XMP</x:xmpmeta>', 'latin1')],
    ['tIME', Buffer.from('07ea0101000000', 'hex')],
    ['IDAT', deflateSync(Buffer.from([0, 0x80]))],
    ['prVt', Buffer.from('SECRET-PRIVATE')],
  ]);
  return Buffer.concat([picture, Buffer.from('PK\x03\x04SECRET-ARCHIVE', 'latin1')]);
}

function png(chunks: readonly (readonly [string, Buffer])[]): Buffer {
  const chunk = (name: string, body: Buffer) => {
    const named = Buffer.concat([Buffer.from(name, 'latin1'), body]);
    const frame = Buffer.alloc(named.length + 8);
    frame.writeUInt32BE(body.length, 0);
    named.copy(frame, 4);
    frame.writeUInt32BE(crc32(named), named.length + 4);
    return frame;
  };
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', Buffer.from('00000001000000010800000000', 'hex')),
    ...chunks.map(([name, body]) => chunk(name, body)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** An extended WebP of one point, with Exif and XMP (RFC 9649 §2.7), and something hung on behind its end. */
export function toldWebp(told: PhotoTold = {}): Buffer {
  const chunk = (name: string, body: Buffer) => {
    const head = Buffer.alloc(8);
    head.write(name, 0, 'latin1');
    head.writeUInt32LE(body.length, 4);
    return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
  };
  const whole = Buffer.concat([
    chunk('VP8X', Buffer.from('0c000000000000000000', 'hex')),
    chunk('VP8L', Buffer.from('2f00000000078888fe070010', 'hex').subarray(0, 11)),
    chunk('EXIF', exif(told)),
    chunk('XMP ', Buffer.from('<x:xmpmeta>SECRET-XMP</x:xmpmeta>')),
    chunk('PRVT', Buffer.from('SECRET-PRIVATE')),
  ]);
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  head.writeUInt32LE(whole.length + 4, 4);
  return Buffer.concat([head, whole, Buffer.from('SECRET-BEHIND')]);
}

function box(name: string, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8, 0);
  head.write(name, 4, 'latin1');
  return Buffer.concat([head, body]);
}

/** A HEIC as far as its boxes go (ISO 23008-12): a picture item, an Exif and an XMP item, whose bytes stand in `mdat`. */
export function toldHeic(told: PhotoTold = {}): Buffer {
  const data = [
    Buffer.from('PICTURE-OF-HEVC'),
    Buffer.concat([Buffer.from('00000006457869660000', 'hex'), exif(told)]),
    Buffer.from('<x:xmpmeta>SECRET-XMP</x:xmpmeta>'),
  ];
  const type = Buffer.concat([box('ftyp', Buffer.from('heic\0\0\0\0mif1heic', 'latin1'))]);
  const entries = ['hvc1', 'Exif', 'mime'].map((name, at) =>
    box('infe', `02000000000${at + 1}0000`, Buffer.from(`${name}\0`, 'latin1')),
  );
  const metaOf = (start: number) => {
    let from = start;
    const places = data.map(({ length }, at) => {
      const place = Buffer.from(`000${at + 1}00000001${'00'.repeat(8)}`, 'hex');
      place.writeUInt32BE(from, 6);
      place.writeUInt32BE(length, 10);
      from += length;
      return place;
    });
    return box(
      'meta',
      '00000000',
      box('hdlr', '00000000', Buffer.from('\0\0\0\0pict', 'latin1'), '00'.repeat(13)),
      box('iinf', '000000000003', ...entries),
      box('iloc', '00000000', '44000003', ...places),
    );
  };
  const start = type.length + metaOf(0).length + 8;
  const film = box('mpvd', Buffer.from('SECRET-FILM-BEHIND-THE-PICTURE'));
  return Buffer.concat([type, metaOf(start), box('mdat', ...data), film]);
}

/** An MP4 as far as its boxes go: a place as QuickTime, Apple and XMP tell it, and a track of measurements beside the film's. */
export function toldFilm(): Buffer {
  const track = (handler: string, ...more: readonly Buffer[]) =>
    box('trak', box('mdia', box('hdlr', '0000000000000000', Buffer.from(handler), '00'.repeat(13))), ...more);
  const words = (text: string) => Buffer.from(text, 'latin1');
  const moov = box(
    'moov',
    box('mvhd', '00'.repeat(100)),
    track('vide', box('udta', words('SECRET-NAME'))),
    track('meta', box('stts', words('SECRET-MOVEMENT'))),
    box('udta', box('\xa9xyz', '001715c7', words('+30.6574+104.0657/SECRET'))),
    box('meta', box('keys', words('com.apple.quicktime.location.ISO6709 SECRET-PLACE'))),
  );
  const type = box('ftyp', words('isom\0\0\0\0isommp42'));
  return Buffer.concat([type, box('mdat', words('FILM-AND-SOUND')), moov, box('uuid', words('SECRET-XMP'))]);
}
