import { plainNumber } from '../lib/phone-number.ts';

/** Mobile: eleven digits, 1 and 3 to 9. */
const MOBILE = /^1[3-9]\d{9}$/;
/** Area code and seven or eight digits. */
const LANDLINE = /^0[1-9]\d{8,10}$/;
/** Without the area code. */
const LOCAL = /^[2-8]\d{6,7}$/;

/**
 * K3: what may be dialled for a call-back: a mobile or fixed-line number of the country. Emergency and service numbers (110, 12345, 95588),
 * shared-cost and premium ones (400…, 16…, 168…) and other countries' have none of these forms.
 */
export function mayCallBack(number: string): boolean {
  const plain = plainNumber(number);
  return MOBILE.test(plain) || LANDLINE.test(plain) || LOCAL.test(plain);
}
