import type { Language } from './settings.ts';
import type { Contact, State } from './state.ts';

export const NO_PROMPTS: readonly string[] = [];
const NUMBER_MAX = 9_999;
const PLACES = [
  { value: 1_000, prompt: 'NUM-1000' },
  { value: 100, prompt: 'NUM-100' },
  { value: 10, prompt: 'NUM-10' },
] as const;

/** A number as it is read in a language, from its own words: 0..9999, more is read as 9999. */
export function numberPrompts(n: number, language?: Language): string[] {
  const whole = Math.min(Math.max(0, Math.trunc(n)), NUMBER_MAX);
  return language === 'en' ? inEnglish(whole) : inChinese(whole);
}

/** One hundred twenty three: thousands, hundreds, tens and what is below twenty have words of their own. */
function inEnglish(n: number): string[] {
  if (n >= 1_000) return [`NUM-${Math.floor(n / 1_000)}`, 'NUM-1000', ...rest(n % 1_000)];
  if (n >= 100) return [`NUM-${Math.floor(n / 100)}`, 'NUM-100', ...rest(n % 100)];
  if (n > 20) return [`NUM-${n - (n % 10)}`, ...rest(n % 10)];
  return [`NUM-${n}`];
}

function rest(n: number): string[] {
  return n === 0 ? [] : inEnglish(n);
}

/**
 * A number as it is read in Chinese before a measure word:
 * 两 alone and before 千, else 二; 十 without 一 at the front; one 零 for a gap.
 */
function inChinese(n: number): string[] {
  let rest = n;
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
export function positionPrompts(ahead: number, language?: Language): string[] {
  return ahead === 0 ? ['QUE-02'] : ['QUE-03a', ...numberPrompts(ahead, language), 'QUE-03b'];
}

/** F5, F10: prompts by id, in the caller's language where they are recorded in it; one that the city has not recorded is skipped, never fatal. */
export function promptFiles(
  state: State,
  { language }: Pick<Contact, 'language'>,
  ids: readonly string[],
  andThen = NO_PROMPTS,
): string[] {
  const prompts = state.settings?.prompts ?? {};
  const files: string[] = [];
  addFiles(files, prompts, ids, language);
  addFiles(files, prompts, andThen, language);
  return files;
}

function addFiles(
  files: string[],
  prompts: Readonly<Record<string, string>>,
  ids: readonly string[],
  language: Language | undefined,
): void {
  for (const id of ids) {
    const file = recordingOf(prompts, id, language);
    if (file !== undefined) files.push(file);
  }
}

/** The file of a prompt; in the language if it is recorded in it, else in Chinese. */
export function recordingOf(
  prompts: Readonly<Record<string, string>>,
  id: string,
  language: Language | undefined,
): string | undefined {
  if (language !== undefined && Object.hasOwn(prompts, `${id}.${language}`)) return prompts[`${id}.${language}`];
  return Object.hasOwn(prompts, id) ? prompts[id] : undefined;
}
