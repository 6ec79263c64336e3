/** With the area code, or another country's with its `+`. Shorter ones are services (110, 12345, 95588), which are nobody's. */
const OWN = /^\+?\d{7,15}$/;
/** As people write them: spaces, brackets, dots, every kind of hyphen and dash. */
const BETWEEN = /[\s().·\u2010-\u2015\u2212-]/g;
const WHOLE = /^\+?\d{3,24}$/;
const MOBILE = /^0?(1[3-9]\d{9})$/;
/** Area code without its 0, and the number within it. */
const LANDLINE = /^0?((?:10|2\d|[3-9]\d\d)[2-9]\d{6,7})$/;

/** A calling number without the country's code. */
export function plainNumber(number: string): string {
  return number.replace(/^(?:\+86|0086)/, '');
}

/** The number by which somebody can be told from others, the same however it was written; undefined: withheld, or a service. */
export function ownNumber(number: string): string | undefined {
  const plain = plainNumber(number.replace(/[ -]/g, ''));
  return OWN.test(plain) ? plain : undefined;
}

/**
 * All ways in which a carrier may have told the number that somebody writes: with and without the country's code, and the 0 of long distance.
 * `028-8654 3210` → `02886543210`, `+862886543210`, …; none: it is no number.
 */
export function numberForms(written: string): readonly string[] {
  const dialled = written.normalize('NFKC').replace(BETWEEN, '');
  if (!WHOLE.test(dialled)) return [];
  const plain = plainNumber(dialled).replace(/^86(?=1[3-9]\d{9}$)/, '');
  const [, own] = MOBILE.exec(plain) ?? LANDLINE.exec(plain) ?? [];
  const within = own === undefined ? [plain] : [own, `0${own}`];
  return [...new Set([dialled, ...within.flatMap((number) => [number, `+86${number}`, `0086${number}`])])];
}
