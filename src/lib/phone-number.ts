/** With the area code, or another country's with its `+`. Shorter ones are services (110, 12345, 95588), which are nobody's. */
const OWN = /^\+?\d{7,15}$/;

/** A calling number without the country's code. */
export function plainNumber(number: string): string {
  return number.replace(/^(?:\+86|0086)/, '');
}

/** The number by which somebody can be told from others, the same however it was written; undefined: withheld, or a service. */
export function ownNumber(number: string): string | undefined {
  const plain = plainNumber(number.replace(/[ -]/g, ''));
  return OWN.test(plain) ? plain : undefined;
}
