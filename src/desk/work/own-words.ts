import { differing, type FormText, LENGTH_MAX } from './form-text.ts';

/** What somebody wrote into one field: words, a choice by its name, or a tick. */
export interface OwnWords {
  readonly field: keyof FormText;
  readonly value: string | boolean;
}

/** Whether a form has these words. Who goes on from somebody's content takes nothing of it away. */
function hasWords(text: FormText, { field, value }: OwnWords): boolean {
  return text[field] === value || (field === 'content' && text.content.startsWith(String(value)));
}

/** What of somebody's own words the form has no more: others took its place. */
export function displacedIn(text: FormText, own: readonly OwnWords[]): readonly OwnWords[] {
  return own.filter((words) => !hasWords(text, words));
}

/** The rest: what it still has. */
export function standingIn(text: FormText, own: readonly OwnWords[]): readonly OwnWords[] {
  return own.filter((words) => hasWords(text, words));
}

/** Somebody's own words, once they have made `after` of a form that read `before`. What had been displaced by then still is. */
export function rewritten(own: readonly OwnWords[], before: FormText, after: FormText): readonly OwnWords[] {
  const fields = differing(before, after);
  const left = own.filter((words) => !fields.includes(words.field) || !hasWords(before, words));
  return withWords(left, wordsOf(after, fields));
}

/**
 * The last displaced words of each field that the form takes stand again. What they replace is displaced in turn, so that the same once
 * more undoes it.
 */
export function takenBack(
  own: readonly OwnWords[],
  text: FormText,
): { readonly text: FormText; readonly own: readonly OwnWords[] } {
  const fitting = displacedIn(text, own).filter(fits);
  const back = new Map(fitting.map(({ field, value }) => [field, value]));
  return { text: { ...text, ...Object.fromEntries(back) }, own: withWords(own, wordsOf(text, [...back.keys()])) };
}

/** Whether the form takes words as long as these. */
export function fits({ field, value }: OwnWords): boolean {
  const max = (LENGTH_MAX as Readonly<Record<string, number>>)[field];
  return max === undefined || String(value).length <= max;
}

/** What is empty is nobody's. */
export function wordsOf(text: FormText, fields: readonly (keyof FormText)[]): readonly OwnWords[] {
  return fields.map((field) => ({ field, value: text[field] })).filter(({ value }) => value !== '');
}

function withWords(own: readonly OwnWords[], later: readonly OwnWords[]): readonly OwnWords[] {
  const isAgain = ({ field, value }: OwnWords) => later.some((one) => one.field === field && one.value === value);
  return [...own.filter((words) => !isAgain(words)), ...later];
}
