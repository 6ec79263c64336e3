/** Digits that stay readable: enough to tell two callers apart, too little to call one back. */
const HEAD_SHOWN = 3;
const TAIL_SHOWN = 2;
/** Of a shorter number the head is left out too: three and two of eight would leave a thousand to try. */
const HEAD_SHOWN_FROM_LENGTH = 11;
/** Public short codes of the Chinese numbering plan (110, 12345, 10086, 95598, 961234…): services, nobody's own number. */
const SHORT_CODE = /^(1[012]\d|1[012]\d{3}|9[56]\d{3,4})$/;

/** `13800138000` → `138****00`, `87654321` → `****21`; `12345`, and words such as `anonymous`, stay. */
export function maskNumber(number: string): string {
  if (SHORT_CODE.test(number) || number.replace(/\D/g, '').length < 3) return number;
  const tail = number.slice(-TAIL_SHOWN);
  return number.length < HEAD_SHOWN_FROM_LENGTH ? `****${tail}` : `${number.slice(0, HEAD_SHOWN)}****${tail}`;
}

/** What a citizen is known by on a digital channel: a number as above, an openid or an address by its ends, a short one not at all. */
export function maskKey(key: string): string {
  if (/^\+?\d+$/.test(key)) return maskNumber(key);
  return key.length < HEAD_SHOWN_FROM_LENGTH ? '****' : `${key.slice(0, HEAD_SHOWN)}****${key.slice(-TAIL_SHOWN)}`;
}
