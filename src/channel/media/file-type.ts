/** What files are told apart, by their content. */
export type FileType =
  | 'image/jpeg'
  | 'image/png'
  | 'image/webp'
  | 'image/heic'
  | 'video/mp4'
  | 'audio/amr'
  | 'audio/mpeg'
  | 'audio/wav'
  | 'application/pdf';

/** How many bytes of a file tell its type. */
export const HEAD_BYTES = 32;

/** Of a PNG or a WebP: cameras, which have more, write neither. */
const PIXELS_MAX = 100_000_000;
/** A side of a WebP's frame has 14 bits. */
const SIDE_BITS = 0x3fff;

const BRANDS: Readonly<Record<string, FileType>> = {
  heic: 'image/heic',
  heix: 'image/heic',
  mif1: 'image/heic',
  isom: 'video/mp4',
  iso2: 'video/mp4',
  mp41: 'video/mp4',
  mp42: 'video/mp4',
  avc1: 'video/mp4',
  M4V_: 'video/mp4',
};

/** What a file is by its first bytes; undefined: none of them. */
export function typeOfFile(head: Buffer): FileType | undefined {
  const starts = (text: string, at = 0): boolean => head.toString('latin1', at, at + text.length) === text;
  if (starts('\xff\xd8\xff')) return 'image/jpeg';
  if (starts('\x89PNG\r\n\x1a\n')) return isDrawable(pngPixels(head)) ? 'image/png' : undefined;
  if (starts('RIFF') && starts('WEBP', 8)) return isDrawable(webpPixels(head)) ? 'image/webp' : undefined;
  if (starts('RIFF') && starts('WAVE', 8)) return 'audio/wav';
  if (starts('ftyp', 4)) return BRANDS[head.toString('latin1', 8, 12).replace(' ', '_')];
  if (starts('#!AMR\n')) return 'audio/amr';
  if (starts('ID3')) return 'audio/mpeg';
  if (head[0] === 0xff && isMpegLayer3(head[1] ?? 0)) return 'audio/mpeg';
  if (starts('%PDF-')) return 'application/pdf';
  return undefined;
}

/** A few kilobytes may be gigabytes of picture to whoever opens them. */
function isDrawable(pixels: number): boolean {
  return pixels <= PIXELS_MAX;
}

/** PNG (ISO 15948) §11.2.2. 0: its size does not stand at the beginning. */
function pngPixels(head: Buffer): number {
  if (head.length < 24 || head.toString('latin1', 12, 16) !== 'IHDR') return 0;
  return head.readUInt32BE(16) * head.readUInt32BE(20);
}

/** RFC 9649 §2.5 to §2.7: the canvas of an extended file, else the size of its one frame. 0: it does not stand at the beginning. */
function webpPixels(head: Buffer): number {
  if (head.length < 30) return 0;
  switch (head.toString('latin1', 12, 16)) {
    case 'VP8X':
      return (head.readUIntLE(24, 3) + 1) * (head.readUIntLE(27, 3) + 1);
    case 'VP8L': {
      const bits = head.readUInt32LE(21);
      return ((bits & SIDE_BITS) + 1) * (((bits >>> 14) & SIDE_BITS) + 1);
    }
    case 'VP8 ':
      return (head.readUInt16LE(26) & SIDE_BITS) * (head.readUInt16LE(28) & SIDE_BITS);
    default:
      return 0;
  }
}

/** ISO 11172-3 §2.4.2.3: the rest of the sync word, and layer III. */
function isMpegLayer3(byte: number): boolean {
  return (byte & 0xe0) === 0xe0 && (byte & 0x06) === 0x02 && (byte & 0x18) !== 0x08;
}
