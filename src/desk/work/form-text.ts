import { plainText } from './plain-text.ts';

/** 登记单 as the API takes it. */
export interface FormText {
  type: string;
  urgency: string;
  category: string;
  title: string;
  place: string;
  occurred: string;
  content: string;
  resolution: string;
  wantsCallback: boolean;
  confidential: boolean;
  anonymous: boolean;
}

export const LENGTH_MAX = { title: 80, place: 200, occurred: 80, content: 4_000 } as const;

export function emptyForm(): FormText {
  return {
    ...{ type: '', urgency: 'NORMAL', category: '', title: '', place: '', occurred: '', content: '' },
    ...{ resolution: '', wantsCallback: true, confidential: false, anonymous: false },
  };
}

/** Of which fields the two are not the same. */
export function differing(one: FormText, other: FormText): readonly (keyof FormText)[] {
  return (Object.keys(emptyForm()) as (keyof FormText)[]).filter((name) => one[name] !== other[name]);
}

/** A form with what `other` has in the fields in which nothing was written yet. */
export function filled(text: FormText, other: FormText): FormText {
  const untouched = (Object.keys(emptyForm()) as (keyof FormText)[]).filter((name) => text[name] === emptyForm()[name]);
  return { ...text, ...Object.fromEntries(untouched.map((name) => [name, other[name]])) };
}

export type Needed = 'type' | 'resolution' | 'content';

export function missingIn(text: FormText): readonly Needed[] {
  const needed: readonly Needed[] = ['type', 'content', 'resolution'];
  return needed.filter((name) => text[name].trim() === '');
}

/** Which fields have more than the server takes. */
export function tooLongIn(text: FormText): readonly (keyof typeof LENGTH_MAX)[] {
  return (Object.keys(LENGTH_MAX) as (keyof typeof LENGTH_MAX)[]).filter(
    (name) => text[name].length > LENGTH_MAX[name],
  );
}

/** In place: without what the server would refuse for ever, wherever it came from. */
export function makePlain(text: FormText): void {
  for (const name of ['title', 'place', 'occurred', 'content'] as const) {
    const plain = plainText(text[name]);
    if (plain !== text[name]) text[name] = plain;
  }
}
