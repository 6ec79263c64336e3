/** Masked, of a telephone: `138****8000`, `028****3210`, `+4477****0123`, 12345. */
const NUMBER = /^\+?((00)?86 )?\d+(\*+\d+)?$/;

/** Whether who is known by this can be dialled: no visitor of the web chat, no openid and no address has a number. */
export function hasNumber(from: string | undefined): boolean {
  return from !== undefined && NUMBER.test(from);
}
