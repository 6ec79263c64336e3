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
