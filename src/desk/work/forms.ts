import { reactive, watch } from 'vue';
import { ask, Refused } from '../request.ts';
import { differing, emptyForm, type FormText, filled, makePlain, tooLongIn } from './form-text.ts';
import { forgetForm, hearKept, type Kept, keepForm, keptForms } from './kept-forms.ts';
import { dropOldWords, forgetWords, hearWords, keepWords, keptWords } from './kept-words.ts';
import { newKey } from './new-key.ts';
import { displacedIn, type OwnWords, rewritten, standingIn, takenBack, wordsOf } from './own-words.ts';
import { beginSending, forgetSentBefore, rememberSent, wasSentBy } from './sent-forms.ts';

/** One contact's form in this page. */
export interface Form {
  readonly contact: string;
  text: FormText;
  /** As this page knows it, up to the last stroke. */
  known: FormText;
  /** What this person wrote in this browser, wherever it stands now. */
  own: readonly OwnWords[];
  revision: number;
  /** The last one of the server's that this page knows, 0: none; undefined: kept by a page that did not count them. */
  base: number | undefined;
  /** What was there before, in this browser or at the server, is known: what is written goes on from it. */
  begun: boolean;
  /** Written since it was last saved at the server. */
  unsaved: boolean;
  /** At the server, by its clock. */
  savedAtMs: number | undefined;
  submittedAtMs: number | undefined;
  /** It is to be submitted under this key, however often it takes. */
  submitKey: string | undefined;
  away: boolean;
  refusal: string;
  /** Account that wrote what stands at the server. */
  by: string | undefined;
  /** What was to be submitted had to give way to what `by` wrote. */
  gaveWay: boolean;
  /** Since other words than it showed stand in it, by this page's clock. */
  replacedAtMs: number | undefined;
}

interface Answer extends FormText {
  readonly by: string;
  readonly revision: number;
  readonly savedAtMs: number;
  readonly submittedAtMs: number | null;
}

/** At the server: it is what this page goes on with. */
const THERE_IS_ANOTHER = new Set(['FORM_SUBMITTED', 'KEY_REUSED']);
/** In a row: more is another page of this browser that never stops. */
const GONE_ON_MAX = 5;
const SAVE_EVERY_MS = 5_000;
const RETRY_LAST_MS = 30_000;
/** After the server was away the last ones opened are read again. */
const READ_AGAIN_MAX = 20;
/** Nobody has read sooner what has taken the place of their words: a key that was on its way does not submit it. */
const READ_MS_MIN = 2_000;

const forms = reactive(new Map<string, Form>());
/** Being sent now. */
const busy = new Map<string, Promise<void>>();
let user = '';

/** Takes up what an earlier page of this person kept here. */
export function openForms(person: string): void {
  user = person;
  beginSending();
  dropOldWords();
  for (const timer of timers.values()) clearTimeout(timer);
  timers.clear();
  forms.clear();
  told.clear();
  for (const [contact, kept] of keptForms(person)) adopt(contact, kept);
}

/** Once, by the page. */
export function followOtherPages(): void {
  hearKept((isOf, kept) => {
    for (const form of forms.values()) if (isOf(user, form.contact)) follow(form, kept);
  });
  hearWords((isOf, own) => {
    for (const form of forms.values()) if (isOf(user, form.contact)) form.own = own;
  });
}

/** Whether it is of who sits here now: what somebody before them wrote waits for its own writer. */
function isOpen(form: Form): boolean {
  return forms.get(form.contact) === form;
}

/** The form of a contact: what this page knows, brought up to date by what the server has. */
export function formOf(contact: string): Form {
  return forms.get(contact) ?? adopt(contact);
}

function adopt(contact: string, kept?: Kept): Form {
  const text = { ...emptyForm(), ...kept?.text };
  makePlain(text);
  // A page of before kept no words by themselves: all that it kept is its writer's.
  const own = keptWords(user, contact) ?? wordsOf(text, differing(emptyForm(), text));
  const form: Form = reactive({
    ...{ contact, text, known: { ...text }, own, revision: kept?.revision ?? 0 },
    ...{ base: kept === undefined ? 0 : kept.base, begun: kept !== undefined },
    ...{ unsaved: kept !== undefined, savedAtMs: undefined, submittedAtMs: undefined },
    ...{ submitKey: kept?.submitKey, away: false, refusal: '', by: undefined, gaveWay: false },
    replacedAtMs: undefined,
  });
  forms.set(contact, form);
  // Synchronous: what was typed is kept before anything else can happen to the page.
  watch(
    () => form.text,
    () => written(form),
    { deep: true, flush: 'sync' },
  );
  if (kept === undefined) void load(form);
  else schedule(form, 0);
  return form;
}

const timers = new Map<string, ReturnType<typeof setTimeout>>();
let loading = false;

function written(form: Form): void {
  if (loading || !isOpen(form)) return;
  loading = true;
  makePlain(form.text);
  loading = false;
  const own = rewritten(form.own, form.known, form.text);
  form.known = { ...form.text };
  changed(form, own);
}

function changed(form: Form, own: readonly OwnWords[]): void {
  form.own = own;
  form.revision += 1;
  // What went under a key is what is submitted under it: other words are another try.
  if (form.submitKey !== undefined) form.submitKey = newKey();
  form.unsaved = true;
  form.refusal = '';
  // In this order: a page that follows shows the words before it is told whose they are.
  keepForm(user, form);
  keepWords(user, form.contact, own);
  schedule(form, SAVE_EVERY_MS);
}

/** What the live socket tells of a form at the server. */
export interface Stored {
  readonly contact: string;
  readonly revision: number;
  readonly base?: number;
  readonly submitted: boolean;
}

/** By contact: each is read once. */
const told = new Map<string, string>();

/** Forms are stored anew, by this page or any other: what is shown here is brought up to date at once. */
export function hearStored(all: readonly Stored[]): void {
  for (const stored of all) {
    const [form, news] = [forms.get(stored.contact), `${stored.revision} ${stored.submitted}`];
    if (form === undefined || told.get(stored.contact) === news) continue;
    told.set(stored.contact, news);
    void catchUp(form, stored);
  }
}

async function catchUp(form: Form, stored: Stored): Promise<void> {
  // It may be what this page is sending.
  await busy.get(form.contact);
  const isKnown = form.submittedAtMs !== undefined || (!stored.submitted && stored.revision <= (form.base ?? 0));
  if (!isKnown) await load(form, { sendInMs: SAVE_EVERY_MS, stored });
}

/** What was stored while the server could not tell this page. */
export function readAgain(): void {
  const open = [...forms.values()].filter((form) => form.begun && form.submittedAtMs === undefined);
  for (const form of open.slice(-READ_AGAIN_MAX)) if (!isWaiting(form)) void load(form, { sendInMs: SAVE_EVERY_MS });
}

interface Reading {
  /** What was written here and goes on from what stands is sent then: two pages that tell each other of every save take turns, and no more. */
  readonly sendInMs?: number;
  /** Why it is read. */
  readonly stored?: Stored;
  readonly attempt?: number;
}

async function load(form: Form, reading: Reading = {}): Promise<void> {
  const { sendInMs = 0, stored, attempt = 0 } = reading;
  if (!isOpen(form)) return;
  try {
    const answer = await ask<Answer | undefined>(`/contacts/${form.contact}/form`);
    if (!isOpen(form)) return;
    form.away = false;
    if (answer === undefined) form.begun = true;
    else if (isStale(form, answer)) return;
    else if (goesOnFrom(form, answer)) {
      goOnFrom(form, answer);
      schedule(form, sendInMs);
    } else {
      if (stored !== undefined && isOwnDoing(form, answer, stored))
        keepOwn(form, rewritten(form.own, form.known, textOf(answer)));
      take(form, answer);
    }
  } catch (error) {
    if (error instanceof Refused) return;
    form.away = true;
    setTimeout(() => void load(form, { ...reading, attempt: attempt + 1 }), pauseMs(attempt));
  }
}

/** It was read before what this page knows by now. */
function isStale({ base, submittedAtMs }: Form, answer: Answer): boolean {
  return submittedAtMs !== undefined || (base !== undefined && answer.revision < base);
}

/** Who sits here has made this of what this page shows, elsewhere: nothing of it had to give way. */
function isOwnDoing(form: Form, answer: Answer, stored: Stored): boolean {
  const isNext = stored.base === form.base && stored.revision === answer.revision;
  return isNext && answer.by === user && form.begun && !isWaiting(form);
}

/** Another page of this person types: this one shows it, too, and sees to it if that one goes. */
function follow(form: Form, kept: Kept | undefined): void {
  if (kept === undefined) {
    void load(form);
    return;
  }
  if (kept.revision < form.revision || form.submittedAtMs !== undefined) return;
  const text = { ...emptyForm(), ...kept.text };
  form.own = rewritten(form.own, form.known, text);
  put(form, text);
  Object.assign(form, { revision: kept.revision, base: kept.base ?? form.base, submitKey: kept.submitKey });
  Object.assign(form, { unsaved: true, refusal: '', begun: true });
  schedule(form, 2 * SAVE_EVERY_MS);
}

function put(form: Form, text: FormText): void {
  loading = true;
  Object.assign(form.text, text);
  loading = false;
  form.known = { ...text };
}

function textOf(answer: Answer): FormText {
  const names = Object.keys(emptyForm()) as (keyof FormText)[];
  return Object.fromEntries(names.map((name) => [name, answer[name]])) as unknown as FormText;
}

/** What stands at the server is what this page went on from, or this browser's own, whose answer was lost or went to another page. */
function goesOnFrom({ contact, unsaved, begun, base, text: written }: Form, answer: Answer): boolean {
  const { revision } = answer;
  const text = textOf(answer);
  if (!unsaved || answer.submittedAtMs !== null || differing(written, text).length === 0) return false;
  return (begun && revision === base) || wasSentBy(begun ? 'browser' : 'page', { user, contact, revision, text });
}

function goOnFrom(form: Form, { revision, savedAtMs }: Answer): void {
  Object.assign(form, { begun: true, base: revision, revision: Math.max(form.revision, revision + 1), savedAtMs });
  keepForm(user, form);
}

/** What the server has becomes ours; what somebody wrote here and is not in it is displaced. */
function take(form: Form, answer: Answer): void {
  const text = textOf(answer);
  const isOther = differing(form.text, text).length > 0;
  if (isOther && form.begun) form.replacedAtMs = Date.now();
  if (isOther && isWaiting(form)) {
    if (form.submitKey !== undefined) form.gaveWay = true;
    form.submitKey = undefined;
  }
  const early = form.begun ? undefined : { ...form.text };
  const upTo = Math.max(form.revision, answer.revision);
  put(form, text);
  form.revision = answer.revision;
  confirm(form, answer, upTo);
  if (early !== undefined && form.submittedAtMs === undefined) goOnFilling(form, early);
}

/** Written before the server had answered: where it has nothing, that stands, and its writer types on. */
function goOnFilling(form: Form, early: FormText): void {
  const text = filled(form.text, early);
  if (differing(form.text, text).length === 0) return;
  put(form, text);
  changed(form, form.own);
}

/** What this person wrote and the form has no more. Nothing is known of it before the server, or this browser, has said what the form has. */
export function displacedOf(form: Form): readonly OwnWords[] {
  return form.begun ? displacedIn(form.text, form.own) : [];
}

/** What was displaced stands again, as what was written last, and what it replaces is displaced: once more undoes it. */
export function takeBack(form: Form): void {
  if (form.submittedAtMs !== undefined) return;
  form.replacedAtMs = undefined;
  const { text, own } = takenBack(form.own, form.text);
  put(form, text);
  changed(form, own);
}

/** What was displaced has been read. */
export function letGo(form: Form): void {
  form.replacedAtMs = undefined;
  keepOwn(form, standingIn(form.text, form.own));
}

function keepOwn(form: Form, own: readonly OwnWords[]): void {
  form.own = own;
  if (own.length === 0 && !form.unsaved) forgetWords(user, form.contact);
  else keepWords(user, form.contact, own);
}

/** `upTo`: what this browser keeps under a later revision is another page's. */
function confirm(form: Form, answer: Answer, upTo = form.revision): void {
  const { revision, savedAtMs, submittedAtMs } = answer;
  Object.assign(form, { savedAtMs, by: answer.by, base: revision, begun: true });
  forgetSentBefore(user, form.contact, submittedAtMs === null ? revision : Number.POSITIVE_INFINITY);
  form.away = false;
  const isAsHere = revision === form.revision && differing(form.text, textOf(answer)).length === 0;
  if (submittedAtMs === null && !isAsHere) return;
  form.unsaved = false;
  form.submittedAtMs = submittedAtMs ?? undefined;
  forgetForm(user, form.contact, submittedAtMs === null ? upTo : Number.POSITIVE_INFINITY);
  if (form.own.length === 0) forgetWords(user, form.contact);
  if (submittedAtMs === null) return;
  form.submitKey = undefined;
  form.gaveWay = false;
  put(form, textOf(answer));
  // It never changes again: what it has nobody can displace.
  keepOwn(form, displacedIn(form.text, form.own));
}

function schedule(form: Form, inMs: number): void {
  if (timers.has(form.contact) && inMs > 0) return;
  clearTimeout(timers.get(form.contact));
  timers.set(
    form.contact,
    setTimeout(() => void send(form), inMs),
  );
}

/** At once, whatever is unsaved. */
export function saveNow(form: Form): void {
  if (form.unsaved && form.submittedAtMs === undefined) schedule(form, 0);
}

/** The server is back: what waits for it goes at once, not when its pause is over. */
export function sendWaiting(): void {
  for (const form of forms.values())
    if (form.away && form.submittedAtMs === undefined && isWaiting(form)) schedule(form, 0);
}

function isWaiting({ unsaved, submitKey }: Form): boolean {
  return unsaved || submitKey !== undefined;
}

/** Submits it now, or as soon as the server is back: under one key, so that it is submitted once. */
export function submit(form: Form): void {
  if (form.submittedAtMs !== undefined || form.submitKey !== undefined) return;
  form.gaveWay = form.replacedAtMs !== undefined && Date.now() - form.replacedAtMs < READ_MS_MIN;
  if (form.gaveWay) return;
  form.submitKey = newKey();
  keepForm(user, form);
  schedule(form, 0);
}

/** Whatever was written here and the server does not have, once more and to the end: who wrote it is about to sign out. */
export async function saveAll(): Promise<void> {
  const open = [...forms.values()].filter(({ submittedAtMs }) => submittedAtMs === undefined);
  await Promise.all(
    open.map(async (form) => {
      await busy.get(form.contact);
      clearTimeout(timers.get(form.contact));
      if (isWaiting(form)) await send(form);
    }),
  );
}

async function send(form: Form, attempt = 0): Promise<void> {
  timers.delete(form.contact);
  if (!isWaiting(form)) return;
  if (busy.has(form.contact) || form.submittedAtMs !== undefined) return;
  // The server takes none of it: it stays here until its writer has made it shorter.
  if (tooLongIn(form.text).length > 0) {
    form.submitKey = undefined;
    return;
  }
  const sending = sendOnce(form, attempt).finally(() => busy.delete(form.contact));
  busy.set(form.contact, sending);
  await sending;
}

async function sendOnce(form: Form, attempt: number): Promise<void> {
  const key = form.submitKey;
  try {
    const answer = await deliver(form);
    if (!isOpen(form)) return;
    // Something later may have been read meanwhile.
    if (answer !== undefined && !isStale(form, answer)) confirm(form, answer);
  } catch (error) {
    if (!isOpen(form)) return;
    if (error instanceof Refused) refused(form, error);
    else {
      form.away = true;
      timers.set(
        form.contact,
        setTimeout(() => void send(form, attempt + 1), pauseMs(attempt)),
      );
    }
    return;
  }
  // Written, or submitted, while it was being sent.
  if (form.unsaved || (form.submitKey !== undefined && form.submittedAtMs === undefined))
    schedule(form, key === form.submitKey ? SAVE_EVERY_MS : 0);
}

/** @returns the form as it stands; undefined: these words have given way, or are of somebody who left. @throws as `ask`. */
async function deliver(form: Form, goneOn = 0): Promise<Answer | undefined> {
  const path = `/contacts/${form.contact}/form`;
  try {
    return await post(form, path);
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'FORM_NEWER' || !isOpen(form)) throw error;
  }
  const answer = await ask<Answer | undefined>(path);
  if (!isOpen(form)) return undefined;
  if (answer !== undefined) {
    if (goneOn < GONE_ON_MAX && goesOnFrom(form, answer)) goOnFrom(form, answer);
    else take(form, answer);
  }
  const isOver = goneOn === GONE_ON_MAX || form.submittedAtMs !== undefined || !isWaiting(form);
  return isOver ? undefined : await deliver(form, goneOn + 1);
}

async function post(form: Form, path: string): Promise<Answer> {
  const { contact, base, submitKey: key } = form;
  const [text, revision] = [{ ...form.text }, Math.max(1, form.revision)];
  const body = { ...text, revision, base };
  rememberSent({ user, contact, revision, text });
  return key === undefined
    ? await ask<Answer>(path, { method: 'PUT', body })
    : await ask<Answer>(`${path}/submit`, { method: 'POST', body, headers: { 'idempotency-key': key } });
}

function refused(form: Form, error: Refused): void {
  form.away = false;
  if (THERE_IS_ANOTHER.has(error.code)) {
    // The words stay kept until it is known what stands in their place.
    form.submitKey = undefined;
    void load(form);
    return;
  }
  // Signed out: it stays here, and is sent after the next sign-in.
  if (error.status === 401) return;
  form.submitKey = undefined;
  form.refusal = error.message;
  keepForm(user, form);
}

function pauseMs(attempt: number): number {
  return 500 + Math.random() * Math.min(RETRY_LAST_MS, 1_000 * 2 ** attempt);
}
