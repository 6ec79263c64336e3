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
  if (starts('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (starts('RIFF') && starts('WEBP', 8)) return 'image/webp';
  if (starts('RIFF') && starts('WAVE', 8)) return 'audio/wav';
  if (starts('ftyp', 4)) return BRANDS[head.toString('latin1', 8, 12).replace(' ', '_')];
  if (starts('#!AMR\n')) return 'audio/amr';
  if (starts('ID3')) return 'audio/mpeg';
  if (head[0] === 0xff && isMpegLayer3(head[1] ?? 0)) return 'audio/mpeg';
  if (starts('%PDF-')) return 'application/pdf';
  return undefined;
}

/** ISO 11172-3 §2.4.2.3: the rest of the sync word, and layer III. */
function isMpegLayer3(byte: number): boolean {
  return (byte & 0xe0) === 0xe0 && (byte & 0x06) === 0x02 && (byte & 0x18) !== 0x08;
}
