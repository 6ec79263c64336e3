import type { State } from './state.ts';

export const NO_PROMPTS: readonly string[] = [];
const NUMBER_MAX = 9_999;
const PLACES = [
  { value: 1_000, prompt: 'NUM-1000' },
  { value: 100, prompt: 'NUM-100' },
  { value: 10, prompt: 'NUM-10' },
] as const;

/**
 * A number as it is read in Chinese before a measure word, from its own words: 0..9999, more is read as 9999.
 * 两 alone and before 千, else 二; 十 without 一 at the front; one 零 for a gap.
 */
export function numberPrompts(n: number): string[] {
  let rest = Math.min(Math.max(0, Math.trunc(n)), NUMBER_MAX);
  if (rest === 0) return ['NUM-0'];
  if (rest === 2) return ['NUM-2L'];
  const words: string[] = [];
  let gap = false;
  for (const { value, prompt } of PLACES) {
    const digit = Math.floor(rest / value);
    rest %= value;
    if (digit === 0) {
      gap = words.length > 0;
      continue;
    }
    if (gap) words.push('NUM-0');
    gap = false;
    if (digit === 2 && value === 1_000) words.push('NUM-2L');
    else if (digit !== 1 || value !== 10 || words.length > 0) words.push(`NUM-${digit}`);
    words.push(prompt);
  }
  if (rest > 0) words.push(...(gap ? ['NUM-0'] : []), `NUM-${rest}`);
  return words;
}

/** Q8: what a waiting caller is told with so many ahead. Nobody ahead: that it will not be long. */
export function positionPrompts(ahead: number): string[] {
  return ahead === 0 ? ['QUE-02'] : ['QUE-03a', ...numberPrompts(ahead), 'QUE-03b'];
}

/** F5: prompts by id; one that the city has not recorded is skipped, never fatal. */
export function promptFiles(state: State, ids: readonly string[], andThen = NO_PROMPTS): string[] {
  const prompts = state.settings?.prompts ?? {};
  const files: string[] = [];
  for (const id of ids) if (Object.hasOwn(prompts, id)) files.push(prompts[id]!);
  for (const id of andThen) if (Object.hasOwn(prompts, id)) files.push(prompts[id]!);
  return files;
}
