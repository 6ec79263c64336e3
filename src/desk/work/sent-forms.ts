import { emptyForm, type FormText } from './form-text.ts';
import { forgetItem, forgetOldItems, keepItem, keptItem, keptNames } from './kept-items.ts';

const PREFIX = 'minhu.sent.';
/** Of one form, unanswered. Beyond that an answer that was lost may be taken for somebody else's words: they stay to be read. */
const SENT_MAX = 200;

/** One way to the server: words under their revision. Each has a name of its own, so that two pages never write over each other's. */
interface Sent {
  readonly user: string;
  readonly contact: string;
  readonly revision: number;
  readonly text: FormText;
}

/** Since its writer sat down. */
const inThisPage = new Set<string>();

/** What goes out is remembered first: whether it arrived, its answer alone can tell, and that may be lost. */
export function rememberSent(sent: Sent): void {
  const before = namesOf(sent);
  if (before.length >= SENT_MAX) forget(before.sort((one, other) => revisionIn(one) - revisionIn(other))[0]!);
  inThisPage.add(nameOf(sent));
  keepItem(nameOf(sent), {});
}

/** Whether this page, or (`browser`) any of this browser's, an earlier one, too, sent these words under this revision. */
export function wasSentBy(by: 'page' | 'browser', sent: Sent): boolean {
  const name = nameOf(sent);
  return inThisPage.has(name) || (by === 'browser' && keptItem(name) !== undefined);
}

/** The server has `revision`, so nothing before it stands there. That itself stays known: another page of this browser may not know yet. */
export function forgetSentBefore(user: string, contact: string, revision: number): void {
  for (const name of namesOf({ user, contact })) if (revisionIn(name) < revision) forget(name);
}

/** Somebody sits down: this page has sent nothing of theirs yet, and what is older than a week is dropped, whoever sent it. */
export function beginSending(): void {
  inThisPage.clear();
  forgetOldItems(PREFIX);
}

function forget(name: string): void {
  inThisPage.delete(name);
  forgetItem(name);
}

function nameOf(sent: Sent): string {
  return `${beginningOf(sent)}${sent.revision}.${digestOf(sent.text)}`;
}

function beginningOf({ user, contact }: Pick<Sent, 'user' | 'contact'>): string {
  return `${PREFIX}${user}.${contact}.`;
}

function namesOf(form: Pick<Sent, 'user' | 'contact'>): string[] {
  const beginning = beginningOf(form);
  const ofThisPage = [...inThisPage].filter((name) => name.startsWith(beginning));
  return [...new Set([...ofThisPage, ...keptNames(beginning)])];
}

function revisionIn(name: string): number {
  return Number(name.split('.').at(-2));
}

/** FNV-1a of 64 bits, over UTF-16 code units: short, and there at once. */
function digestOf(text: FormText): string {
  const words = JSON.stringify(Object.keys(emptyForm()).map((name) => text[name as keyof FormText]));
  let hash = 0xcbf29ce484222325n;
  for (let at = 0; at < words.length; at++)
    hash = BigInt.asUintN(64, (hash ^ BigInt(words.charCodeAt(at))) * 0x100000001b3n);
  return hash.toString(36);
}
