/** With the area code, or another country's with its `+`. Shorter ones are services (110, 12345, 95588), which are nobody's. */
const OWN = /^\+?\d{7,15}$/;
/** As people write them: spaces, brackets, dots, every kind of hyphen and dash. */
const BETWEEN = /[\s().·\u2010-\u2015\u2212-]/g;
const WHOLE = /^\+?\d{3,24}$/;
const MOBILE = /^0?(1[3-9]\d{9})$/;
/** Area code without its 0, and the number within it. 400 and 800 are shared-cost services, 950 and 96x numbers of companies: no area. */
const OF_AREA = String.raw`(?:10|2\d|(?!.00|950|96)[3-9]\d\d)[2-9]\d{6,7}`;
const LANDLINE = new RegExp(`^0?(${OF_AREA})$`);
/**
 * The country's code without its `+`, which some carriers tell before a mobile number, or before an area's code, with or without the 0 of long
 * distance: no number of an area is as long.
 */
const BARE_COUNTRY = new RegExp(
  String.raw`^86(?=0?1[3-9]\d{9}$|0${OF_AREA}$|(?:10|2\d)[2-9]\d{7}$|[3-9]\d\d[2-9]\d{6,7}$)`,
);

/** Another country's, as it is written and as it is dialled. */
const ABROAD = /^(?:\+|00)((?!86|0)\d+)$/;

/** RFC 3261 §19.1.6: the user of an address may be a telephone number with parameters of its own. */
export function numberOf(user: string): string {
  return user.split(';', 1)[0]!;
}

/** An area's code without its 0. */
const AREA = String.raw`(?:10|2\d|[3-9]\d\d)`;
const LOCAL_LANDLINE = /^[2-9]\d{6,7}$/;
/** RFC 3966 §5.1.5, of a local number. */
const AREA_CONTEXT = new RegExp(String.raw`;phone-context=\+86(${AREA})(?:;|$)`, 'i');

/** The number of who calls in the user of an address; a landline's with the area that its context says. */
export function callingNumber(user: string): string {
  const number = numberOf(user);
  const area = LOCAL_LANDLINE.test(number) ? AREA_CONTEXT.exec(user)?.[1] : undefined;
  return area === undefined ? number : `0${area}${number}`;
}

/** A service of five digits behind an area's code, the country's, or both: seven digits alone may be somebody's number (`8612315`, `2812315`). */
const SERVICE = new RegExp(String.raw`^(?:(?:\+|00)86(?:0?${AREA})?|860?${AREA}|0${AREA})(1\d{4})$`);

/**
 * A service's number as it is dialled in its area, however a carrier wrote it: `+86-28-12315`, `+8612315`, `02812315` → `12315`. What is none
 * stays as it is.
 */
export function serviceNumber(number: string): string {
  return SERVICE.exec(number.replace(BETWEEN, ''))?.[1] ?? number;
}

/** Whether both are the same service, with or without codes before it, or the same to the digit. */
export function isSameNumber(a: string, b: string): boolean {
  return serviceNumber(a) === serviceNumber(b);
}

/** A calling number without the country's code. */
export function plainNumber(number: string): string {
  return number.replace(/^(?:\+86|0086)/, '');
}

/**
 * A calling number as it is dialled in the country, however a carrier wrote it: without the country's code, a mobile without the 0 of long distance
 * that exchanges of other places put before it, a landline with the 0 of its area code. `+8613800138000`, `013800138000` → `13800138000`,
 * `+8637165588888` → `037165588888`. What is no number of somebody's stays as it is.
 */
export function nationalNumber(number: string): string {
  const plain = plainNumber(number.replace(BETWEEN, '')).replace(BARE_COUNTRY, '');
  const [, mobile] = MOBILE.exec(plain) ?? [];
  if (mobile !== undefined) return mobile;
  const [, landline] = LANDLINE.exec(plain) ?? [];
  if (landline !== undefined) return `0${landline}`;
  return OWN.test(plain) ? plain : number;
}

/**
 * The number by which somebody can be told from others, the same however it was written: a mobile in eleven digits, a landline with the 0 of its
 * area code, as both are dialled in the country. `+86 371 6558 8888`, `0086371…`, `371…` → `037165588888`. Undefined: withheld, or a service.
 */
export function ownNumber(number: string): string | undefined {
  const national = nationalNumber(number);
  return OWN.test(national) ? national : undefined;
}

/**
 * All ways in which a carrier may have told the number that somebody writes: with and without the country's code, and the 0 of long distance.
 * `028-8654 3210` → `02886543210`, `+862886543210`, …; none: it is no number.
 */
export function numberForms(written: string): readonly string[] {
  const dialled = written.normalize('NFKC').replace(BETWEEN, '');
  if (!WHOLE.test(dialled)) return [];
  const abroad = ABROAD.exec(dialled)?.[1];
  if (abroad !== undefined) return [`+${abroad}`, `00${abroad}`];
  const plain = plainNumber(dialled).replace(BARE_COUNTRY, '');
  const [, own] = MOBILE.exec(plain) ?? LANDLINE.exec(plain) ?? [];
  const within = own === undefined ? [plain] : [own, `0${own}`];
  return [...new Set([dialled, ...within.flatMap((number) => [number, `+86${number}`, `0086${number}`])])];
}
