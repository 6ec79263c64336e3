import { maskKey, maskNumber } from './mask-number.ts';

const ADDRESS = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}/g;
/** A contact's number, which stays; or seven digits or more, of whatever script, with the spaces and dashes that people put between. */
const DIGITS = /\bC\d{10}(?:\.\d+)?-[0-9a-f]{6}\b|\+?\p{Nd}(?:[ \u00a0\u3000\p{Pd}]?\p{Nd}){6,}[Xx]?/gu;
/** A number of a mobile phone as it is grouped, by dots, strokes or several spaces, which between other digits part two things. */
const GROUPED = /(?<!\p{Nd})\p{Nd}{3}[\s.·_/\p{Pd}]{1,3}\p{Nd}{4}[\s.·_/\p{Pd}]{1,3}\p{Nd}{4}(?!\p{Nd})/gu;
const SPACES = /[\u00a0\u3000]/g;
const DASHES = /\p{Pd}/gu;
const DATE = /^(19|20)\d\d-\d{1,2}-\d{1,2}$/;

/** What somebody wrote, its numbers of phones, papers and accounts and its mail addresses masked; names cannot be told from other words. */
export function maskText(text: string): string {
  return text
    .replace(ADDRESS, maskKey)
    .replace(GROUPED, (found) => maskNumber(found.replace(/\P{Nd}+/gu, '')))
    .replace(DIGITS, (found) => (found.startsWith('C') || DATE.test(found) ? found : maskNumber(typed(found))));
}

/** With the space and the dash of a keyboard. */
function typed(number: string): string {
  return number.replace(SPACES, ' ').replace(DASHES, '-');
}

/** `李强` → `李*`, `Wang Fang` → `W****`. */
export function maskName(name: string): string {
  const [first = '', ...rest] = name.trim();
  return first + '*'.repeat(Math.min(rest.length, 4));
}
