import { KEPT_MS_MAX } from './kept-forms.ts';
import type { OwnWords } from './own-words.ts';

const PREFIX = 'minhu.words.';

/**
 * Outlives the page, and the draft's arrival at the server: what somebody wrote is found again when others replace it there. That nothing in
 * a form is theirs any more is kept, too, or all of it would be taken for theirs.
 */
export function keepWords(user: string, contact: string, own: readonly OwnWords[]): void {
  try {
    localStorage.setItem(nameOf(user, contact), JSON.stringify({ own, atMs: Date.now() }));
  } catch {
    return;
  }
}

export function forgetWords(user: string, contact: string): void {
  localStorage.removeItem(nameOf(user, contact));
}

/** @returns undefined: none are kept. */
export function keptWords(user: string, contact: string): readonly OwnWords[] | undefined {
  return parse(localStorage.getItem(nameOf(user, contact)))?.own;
}

/** Tells what another page of this browser keeps of a form. */
export function hearWords(
  heard: (isOf: (user: string, contact: string) => boolean, own: readonly OwnWords[]) => void,
): void {
  window.addEventListener('storage', ({ key, newValue }) => {
    if (key?.startsWith(PREFIX)) heard((user, contact) => key === nameOf(user, contact), parse(newValue)?.own ?? []);
  });
}

/** What is older than a week, whoever wrote it. */
export function dropOldWords(): void {
  for (const name of Object.keys(localStorage))
    if (name.startsWith(PREFIX) && !(Date.now() - (parse(localStorage.getItem(name))?.atMs ?? 0) <= KEPT_MS_MAX))
      localStorage.removeItem(name);
}

function nameOf(user: string, contact: string): string {
  return `${PREFIX}${user}.${contact}`;
}

function parse(value: string | null): { readonly own: readonly OwnWords[]; readonly atMs: number } | undefined {
  try {
    const kept = JSON.parse(value ?? '') as { readonly own: readonly OwnWords[]; readonly atMs: number };
    return Array.isArray(kept.own) ? kept : undefined;
  } catch {
    return undefined;
  }
}
