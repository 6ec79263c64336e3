import { hasDigit, isDigitAt } from './digit.ts';

/** Public short codes of the Chinese numbering plan (110, 12345, 10086, 95598, 961234…): services, nobody's own number. */
const SHORT_CODE = /^(1[012]\d|1[012]\d{3}|9[56]\d{3,4})$/;
const MOBILE_DIGITS = 11;
/** As exchanges of other places write it: with the 0 of long distance. */
const FAR_MOBILE = /^01[3-9]\d{9}$/;
/** Beijing and the 02x cities have an area code of three digits, all others one of four. */
const TRUNKED = /^(0(?:10|2\d)|0[3-9]\d\d)(\d{7,8})$/;
const LOCAL = /^[2-9]\d{6,7}$/;
const FOREIGN = /^\+\d{11,15}$/;
const TAIL_SHOWN = 4;
const NOTHING = '***';
/** An openid or an address by three characters of its head and two of its tail; of one shorter than this nothing. */
const KEY_SHOWN_FROM = 11;
/** What the web chat calls a conversation: by chance, so that its end tells two citizens apart and says nothing of either. */
const WEB_VISITOR = /^s_[\w-]{18}([\w-]{4})$/;

/**
 * A phone number as people see it: enough to tell two callers apart, too little to call one back. `13800138000` → `138****8000`,
 * `013800138000` → `0138****8000`, `028 8654 3210` → `028****3210`, `+447700900123` → `+4477****0123`; 110 and 12345 stay; whatever else it is becomes `***`.
 */
export function maskNumber(number: string): string {
  if (isMobile(number)) return maskedAfter(number, 3); // As nearly all come.
  const dialled = number.replace(/[\s().-]/g, '');
  if (SHORT_CODE.test(dialled)) return number;
  const [, country = '', rest = ''] = /^((?:\+|00)?86(?=\d{10,12}$))?(.*)$/.exec(dialled) ?? [];
  if (country === '') return maskNational(rest) ?? (FOREIGN.test(rest) ? maskedAfter(rest, 5) : NOTHING);
  const mobile = maskMobile(rest);
  if (mobile !== undefined) return country + mobile;
  const trunked = maskNational(rest.startsWith('0') ? rest : `0${rest}`);
  return trunked === undefined ? NOTHING : `${country} ${trunked}`;
}

function isMobile(number: string): boolean {
  if (number.length !== MOBILE_DIGITS || number[0] !== '1') return false;
  for (let index = 1; index < MOBILE_DIGITS; index++) if (!isDigitAt(number, index)) return false;
  return true;
}

/** As it is dialled within the country; undefined: it is no such number. */
function maskNational(number: string): string | undefined {
  const mobile = maskMobile(number);
  if (mobile !== undefined) return mobile;
  const [, area = '', local = LOCAL.test(number) ? number : undefined] = TRUNKED.exec(number) ?? [];
  return local && `${area}${'*'.repeat(local.length - TAIL_SHOWN)}${local.slice(-TAIL_SHOWN)}`;
}

function maskMobile(number: string): string | undefined {
  if (isMobile(number)) return maskedAfter(number, 3);
  return FAR_MOBILE.test(number) ? maskedAfter(number, 4) : undefined;
}

function maskedAfter(number: string, shown: number): string {
  return `${number.slice(0, shown)}****${number.slice(-TAIL_SHOWN)}`;
}

/** What a citizen is known by on a digital channel: a number as above, an openid or an address by its ends, a short one not at all; `visitor-x4Ba` of the web chat. */
export function maskKey(key: string): string {
  const visitor = WEB_VISITOR.exec(key)?.[1];
  if (visitor !== undefined) return `visitor-${visitor}`;
  if (/^\+?[\d\s().-]+$/.test(key)) return maskNumber(key);
  return key.length < KEY_SHOWN_FROM ? '****' : `${key.slice(0, 3)}****${key.slice(-2)}`;
}

/** Whom a contact is from. Of a call, a word (withheld, from a page) stays the word it is. */
export function maskFrom(from: string, digital: boolean): string {
  if (digital) return maskKey(from);
  return hasDigit(from) ? maskNumber(from) : from;
}
