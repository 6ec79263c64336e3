const ZERO = 48;
const NINE = 57;

/** Whether the character there is one of 0–9. A pattern costs several times as much, and there are some for every call. */
export function isDigitAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= ZERO && code <= NINE;
}

export function hasDigit(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (isDigitAt(text, index)) return true;
  return false;
}
