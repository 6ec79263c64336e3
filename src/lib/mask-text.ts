import { maskKey, maskNumber } from './mask-number.ts';

const ADDRESS = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}/g;
/** Seven digits or more, of whatever script, with the spaces and dashes that people put between; not inside of a word or a contact's number. */
const DIGITS = /(?<![\w\p{Nd}])\+?\p{Nd}(?:[ -]?\p{Nd}){6,}[Xx]?/gu;
const DATE = /^(19|20)\d\d-\d{1,2}-\d{1,2}$/;

/** What somebody wrote, its numbers of phones, papers and accounts and its mail addresses masked; names cannot be told from other words. */
export function maskText(text: string): string {
  return text.replace(ADDRESS, maskKey).replace(DIGITS, (found) => (DATE.test(found) ? found : maskNumber(found)));
}

/** `李强` → `李*`, `Wang Fang` → `W****`. */
export function maskName(name: string): string {
  const [first = '', ...rest] = name.trim();
  return first + '*'.repeat(Math.min(rest.length, 4));
}
