export const PHOTO_BYTES_MAX = 20 * 1024 * 1024;

/** MIME type → how its files begin: from which byte on, and with what. */
const BEGINNINGS: Readonly<Record<string, readonly (readonly [number, string])[]>> = {
  'image/jpeg': [[0, '\xff\xd8\xff']],
  'image/png': [[0, '\x89PNG\r\n\x1a\n']],
  'image/webp': [
    [0, 'RIFF'],
    [8, 'WEBP'],
  ],
  'image/heic': [[4, 'ftyphei']],
};

export function isPhotoType(type: string): boolean {
  return Object.hasOwn(BEGINNINGS, type);
}

/** By what the bytes are, whatever is said of them; undefined: no photo. */
export function photoTypeOf(content: Buffer): string | undefined {
  const begins = ([at, text]: readonly [number, string]) => content.toString('latin1', at, at + text.length) === text;
  return Object.keys(BEGINNINGS).find((type) => BEGINNINGS[type]!.every(begins));
}
