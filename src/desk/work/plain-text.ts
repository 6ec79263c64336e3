/** Control characters but tabs and line breaks, and halves of a character: the server refuses them, nobody means them, and nobody sees them. */
const UNWANTED = /[^\P{Cc}\t\n\r]|\p{Cs}/gu;

export function plainText(text: string): string {
  return text.replace(UNWANTED, '');
}

/** In every field of the page, as soon as it is typed or pasted; passwords are left as they are. */
export function keepFieldsPlain(): void {
  // Before the page's own listeners, which then read what stands there.
  document.addEventListener('input', ({ target }) => isField(target) && clean(target), { capture: true });
}

type Field = HTMLInputElement | HTMLTextAreaElement;

function isField(target: EventTarget | null): target is Field {
  return (
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLInputElement && ['text', 'search'].includes(target.type))
  );
}

function clean(field: Field): void {
  const { value, selectionStart } = field;
  const plain = plainText(value);
  if (plain === value) return;
  const caret = plainText(value.slice(0, selectionStart ?? value.length)).length;
  field.value = plain;
  field.setSelectionRange(caret, caret);
}
