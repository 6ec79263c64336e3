const CHARS_MAX = 200;

/** A stranger's name of a file as it may stand in a header and on a disk: no controls, no writing direction, no folders. */
export function fileName(given: string, usual: string): string {
  const name = given
    .replace(/[\p{Cc}\p{Cf}/\\]/gu, '_')
    .slice(-CHARS_MAX)
    .replace(/^\p{Surrogate}/u, '')
    .trim();
  return name === '' ? usual : name;
}

const ENDINGS: Readonly<Record<string, string>> = {
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'image/webp': '.webp',
  'image/heic': '.heic',
  'video/mp4': '.mp4',
  'audio/amr': '.amr',
  'audio/mpeg': '.mp3',
  'audio/wav': '.wav',
  'application/pdf': '.pdf',
};

/** A name that its platform did not give has no ending: a disk would not know what opens it. */
export function withEnding(name: string, type: string): string {
  return /\.\w{1,10}$/.test(name) ? name : `${name}${ENDINGS[type] ?? ''}`;
}
