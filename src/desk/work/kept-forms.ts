import type { FormText } from './form-text.ts';

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
/** For so long this browser keeps what somebody wrote here. */
export const KEPT_MS_MAX = 7 * 86_400_000;
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
  window.addEventListener('storage', ({ key, newValue }) => {
    if (key?.startsWith(PREFIX)) heard((user, contact) => key === nameOf(user, contact), parse(newValue));
  });
}

/** A full or forbidden store changes nothing: the form then lives in the page alone. */
export function keepForm(user: string, { contact, text, revision, base, submitKey }: Source): void {
  try {
    localStorage.setItem(nameOf(user, contact), JSON.stringify({ text, revision, base, submitKey, atMs: Date.now() }));
  } catch {
    return;
  }
}

/** Unless another page keeps a later one by now. */
export function forgetForm(user: string, contact: string, upTo: number): void {
  const name = nameOf(user, contact);
  if ((read(name)?.revision ?? 0) <= upTo) localStorage.removeItem(name);
}

/** This person's, oldest first; what is older than a week is dropped, whoever wrote it. */
export function keptForms(user: string): ReadonlyMap<string, Kept> {
  const found: [string, Kept & { readonly atMs: number }][] = [];
  for (const name of Object.keys(localStorage)) {
    if (!name.startsWith(PREFIX)) continue;
    const kept = read(name);
    if (kept === undefined || Date.now() - kept.atMs > KEPT_MS_MAX) {
      localStorage.removeItem(name);
      continue;
    }
    const own = `${PREFIX}${user}.`;
    const contact = name.slice(own.length);
    if (name.startsWith(own) && CONTACT.test(contact)) found.push([contact, kept]);
  }
  return new Map(found.sort(([, a], [, b]) => a.atMs - b.atMs).slice(-FORMS_MAX));
}

function read(name: string): (Kept & { readonly atMs: number }) | undefined {
  return parse(localStorage.getItem(name));
}

function parse(value: string | null): (Kept & { readonly atMs: number }) | undefined {
  try {
    return JSON.parse(value ?? '') as Kept & { readonly atMs: number };
  } catch {
    return undefined;
  }
}
