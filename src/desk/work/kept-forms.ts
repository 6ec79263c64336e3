import type { FormText } from './form-text.ts';
import { forgetItem, forgetOldItems, hearItems, keepItem, keptItem, keptNames } from './kept-items.ts';

/** What is kept in this browser until the server has it. */
export interface Kept {
  readonly text: FormText;
  readonly revision: number;
  /** Revision of the server's that it goes on from. */
  readonly base?: number;
  readonly submitKey?: string;
}

const PREFIX = 'minhu.form.';
/** Names of people have dots, too: behind that of `li` nothing of `li.na` counts. */
const CONTACT = /^C\d+(\.\d+)?-[^.]*$/;
const FORMS_MAX = 200;

function nameOf(user: string, contact: string): string {
  return `${PREFIX}${user}.${contact}`;
}

interface Source {
  readonly contact: string;
  readonly text: FormText;
  readonly revision: number;
  readonly base: number | undefined;
  readonly submitKey: string | undefined;
}

/** Tells of each form that another page of this browser keeps, or (undefined) keeps no longer. */
export function hearKept(
  heard: (isOf: (user: string, contact: string) => boolean, kept: Kept | undefined) => void,
): void {
  hearItems<Kept>(PREFIX, (name, kept) => heard((user, contact) => name === nameOf(user, contact), kept));
}

export function keepForm(user: string, { contact, text, revision, base, submitKey }: Source): void {
  keepItem(nameOf(user, contact), { text, revision, base, submitKey });
}

/** Unless another page keeps a later one by now. */
export function forgetForm(user: string, contact: string, upTo: number): void {
  const name = nameOf(user, contact);
  if ((keptItem<Kept>(name)?.revision ?? 0) <= upTo) forgetItem(name);
}

/** This person's, oldest first; what is older than a week is dropped, whoever wrote it. */
export function keptForms(user: string): ReadonlyMap<string, Kept> {
  forgetOldItems(PREFIX);
  const own = `${PREFIX}${user}.`;
  const found = keptNames(own).flatMap((name) => {
    const [contact, kept] = [name.slice(own.length), keptItem<Kept>(name)];
    return kept !== undefined && CONTACT.test(contact) ? [[contact, kept] as const] : [];
  });
  return new Map(found.sort(([, a], [, b]) => a.atMs - b.atMs).slice(-FORMS_MAX));
}
