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

/** A whole PNG of one grey point. */
export function pixel(): Buffer {
  const chunk = (name: string, body: Buffer) => {
    const named = Buffer.concat([Buffer.from(name, 'latin1'), body]);
    const frame = Buffer.alloc(named.length + 8);
    frame.writeUInt32BE(body.length, 0);
    named.copy(frame, 4);
    frame.writeUInt32BE(crc32(named), named.length + 4);
    return frame;
  };
  const head = Buffer.from('00000001000000010800000000', 'hex');
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.from([0, 0x80]))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
