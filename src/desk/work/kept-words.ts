import { forgetItem, forgetOldItems, hearItems, keepItem, keptItem } from './kept-items.ts';
import type { OwnWords } from './own-words.ts';

interface Kept {
  readonly own: readonly OwnWords[];
}

const PREFIX = 'minhu.words.';

/**
 * Outlives the page, and the draft's arrival at the server: what somebody wrote is found again when others replace it there. That nothing in
 * a form is theirs any more is kept, too, or all of it would be taken for theirs.
 */
export function keepWords(user: string, contact: string, own: readonly OwnWords[]): void {
  keepItem(nameOf(user, contact), { own });
}

export function forgetWords(user: string, contact: string): void {
  forgetItem(nameOf(user, contact));
}

/** @returns undefined: none are kept. */
export function keptWords(user: string, contact: string): readonly OwnWords[] | undefined {
  return ownIn(keptItem(nameOf(user, contact)));
}

/** Tells what another page of this browser keeps of a form. */
export function hearWords(
  heard: (isOf: (user: string, contact: string) => boolean, own: readonly OwnWords[]) => void,
): void {
  hearItems<Kept>(PREFIX, (name, kept) => heard((user, contact) => name === nameOf(user, contact), ownIn(kept) ?? []));
}

/** What is older than a week, whoever wrote it. */
export function dropOldWords(): void {
  forgetOldItems(PREFIX);
}

function nameOf(user: string, contact: string): string {
  return `${PREFIX}${user}.${contact}`;
}

function ownIn(kept: Partial<Kept> | undefined): readonly OwnWords[] | undefined {
  return Array.isArray(kept?.own) ? kept.own : undefined;
}
