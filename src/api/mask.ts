/** `138****8000`: enough to tell two callers apart, too little to call one back. Words such as `anonymous` stay. */
export function maskNumber(number: string): string {
  if (!/\d{3}/.test(number)) return number;
  return number.length >= 8 ? `${number.slice(0, 3)}****${number.slice(-4)}` : `${number.slice(0, 1)}****`;
}
