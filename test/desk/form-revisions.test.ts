import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { browserStore, pageModule } from './browser-store.ts';

interface Form {
  readonly submittedAtMs: number | undefined;
  readonly submitKey: string | undefined;
  readonly unsaved: boolean;
  readonly text: { content: string; type: string; resolution: string };
  readonly displaced: { content: string } | undefined;
}
interface Forms {
  followOtherPages(): void;
  openForms(user: string): void;
  formOf(contact: string): Form;
  submit(form: Form): void;
}
interface Stored {
  readonly revision: number;
  readonly content: string;
  readonly submittedAtMs: number | null;
}
type Heard = (event: { key: string; newValue: string | null }) => void;

const CONTACT = 'C0000000012-4f1c9a';
const KEPT = `minhu.form.ana.${CONTACT}`;
const SAVED_WITHIN_MS = 5_000;
const BLANK = {
  ...{ type: '', urgency: 'NORMAL', category: '', title: '', place: '', occurred: '', content: '', resolution: '' },
  ...{ wantsCallback: true, confidential: false, anonymous: false },
};

let store: Record<string, string>;
/** What the server has. */
let stored: Stored | undefined;
/** What is asked of it arrives; what it answers does not. */
let answersAreLost = false;
let writes: string[] = [];
let keys: Set<string>;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0);
  store = browserStore();
  [stored, answersAreLost, writes, keys] = [undefined, false, [], new Set()];
  vi.stubGlobal('localStorage', store);
  vi.stubGlobal('fetch', async (url: string, { method, body, headers }: RequestInit) => {
    const answer = method === 'GET' ? read() : write(url, JSON.parse(String(body)), headers as Record<string, string>);
    if (answersAreLost) throw new TypeError('Failed to fetch');
    return answer;
  });
});
afterEach(async () => {
  for (const page of pages.splice(0)) page.openForms('nobody');
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const read = () => (stored === undefined ? new Response(null, { status: 204 }) : Response.json(stored));
const refuse = (code: string) => Response.json({ code, title: code }, { status: 409 });

/** As the API does it. */
function write(url: string, wish: Stored & { base: number }, headers: Record<string, string>): Response {
  const isSubmission = url.endsWith('/submit');
  writes.push(wish.content);
  if (isSubmission) keys.add(headers['idempotency-key']!);
  if (stored !== undefined && stored.submittedAtMs !== null) return refuse('FORM_SUBMITTED');
  const isAgain = stored?.revision === wish.revision && stored.content === wish.content;
  if (stored !== undefined && !isAgain && (stored.revision !== wish.base || wish.revision <= stored.revision))
    return refuse('FORM_NEWER');
  const { base: _base, ...words } = wish;
  stored = { ...words, savedAtMs: 1, submittedAtMs: isSubmission ? 1 : null } as Stored;
  return read();
}

const pages: Forms[] = [];

/** A page of this browser: a module by itself. `heard`: it learns what another one keeps or drops. */
async function openPage(): Promise<Forms & { heard(): void }> {
  let hear: Heard = () => {};
  vi.stubGlobal('window', { addEventListener: (_type: string, listener: Heard) => (hear = listener) });
  vi.resetModules();
  const forms = await pageModule<Forms>('work/forms.ts');
  pages.push(forms);
  forms.followOtherPages();
  forms.openForms('ana');
  return { ...forms, heard: () => hear({ key: KEPT, newValue: store[KEPT] ?? null }) };
}

async function openForm(page: Forms): Promise<Form> {
  const form = page.formOf(CONTACT);
  await vi.advanceTimersByTimeAsync(0);
  return form;
}

const later = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('a form whose answer was lost goes on from its own words', () => {
  test('the page types on: nothing gives way, nobody is asked', async () => {
    const form = await openForm(await openPage());
    form.text.content = 'one';
    answersAreLost = true;
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'one', revision: 1 });
    form.text.content = 'one, two';
    answersAreLost = false;
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'one, two' });
    expect(form).toMatchObject({ unsaved: false, displaced: undefined });
    expect(Object.keys(store).filter((name) => !name.startsWith('minhu.sent.'))).toEqual([]);
  });

  test('so does a page that was opened anew meanwhile', async () => {
    const before = await openPage();
    const form = await openForm(before);
    form.text.content = 'one';
    answersAreLost = true;
    await later(SAVED_WITHIN_MS);
    form.text.content = 'one, two';
    before.openForms('nobody');
    const now = await openPage();
    answersAreLost = false;
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'one, two' });
    expect(now.formOf(CONTACT)).toMatchObject({ unsaved: false, displaced: undefined });
  });

  test('and is submitted under one key', async () => {
    const { formOf, submit } = await openPage();
    const form = formOf(CONTACT);
    await later(0);
    answersAreLost = true;
    Object.assign(form.text, { content: 'one', type: 'CONSULT' });
    await later(SAVED_WITHIN_MS);
    form.text.resolution = 'DIRECT_ANSWER';
    answersAreLost = false;
    submit(form);
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'one', resolution: 'DIRECT_ANSWER', submittedAtMs: 1 });
    expect(keys.size).toBe(1);
    expect(form).toMatchObject({ submittedAtMs: 1, displaced: undefined });
  });
});

describe('words of another machine of the same person', () => {
  test('stand, and those of here stay to be read: also when both counted to the same revision', async () => {
    const form = await openForm(await openPage());
    form.text.content = 'of this machine';
    stored = { ...BLANK, content: 'of the other machine', revision: 1, submittedAtMs: null };
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'of the other machine' });
    expect(form).toMatchObject({ text: { content: 'of the other machine' }, unsaved: false });
    expect(form.displaced?.content).toBe('of this machine');
  });

  test('are not submitted in place of those of here: who wanted to submit reads first', async () => {
    const { formOf, submit } = await openPage();
    const form = formOf(CONTACT);
    await later(0);
    form.text.content = 'of this machine';
    await later(SAVED_WITHIN_MS);
    stored = { ...BLANK, content: 'of the other machine', revision: 7, submittedAtMs: null };
    submit(form);
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'of the other machine', submittedAtMs: null });
    expect(form).toMatchObject({ submitKey: undefined, displaced: { content: 'of this machine' } });
  });

  test('that are the same displace nothing, and are submitted', async () => {
    const { formOf, submit } = await openPage();
    const form = formOf(CONTACT);
    await later(0);
    form.text.content = 'the same';
    stored = { ...BLANK, content: 'the same', revision: 7, submittedAtMs: null };
    submit(form);
    await later(1);
    expect(stored).toMatchObject({ content: 'the same', submittedAtMs: 1 });
    expect(form).toMatchObject({ submittedAtMs: 1, displaced: undefined });
  });

  test('are not taken for those of here, when a page that has not read them is typed into', async () => {
    const before = await openPage();
    const form = await openForm(before);
    form.text.content = 'all that was written in this browser';
    await later(SAVED_WITHIN_MS);
    before.openForms('nobody');
    const now = (await openPage()).formOf(CONTACT);
    // Before the server has answered.
    now.text.content = 'x';
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'all that was written in this browser' });
    expect(now.displaced?.content).toBe('x');
  });
});

test('what a page of the same browser has sent displaces nothing in another one', async () => {
  const [one, two] = [await openPage(), await openPage()];
  const [ones, twos] = [await openForm(one), await openForm(two)];
  ones.text.content = 'one';
  two.heard();
  await later(SAVED_WITHIN_MS);
  two.heard();
  await later(0);
  // At one moment, before either has heard of the other.
  ones.text.content = 'one, and of the first page';
  twos.text.content = 'one, and of the second page';
  await later(SAVED_WITHIN_MS);
  two.heard();
  await later(4 * SAVED_WITHIN_MS);
  one.heard();
  await later(0);
  for (const form of [ones, twos]) {
    expect(form.displaced).toBeUndefined();
    expect(form.text.content).toBe(stored?.content);
  }
});

test('what was sent is forgotten once the form is submitted, or after a week', async () => {
  const { formOf, submit, openForms } = await openPage();
  const form = formOf(CONTACT);
  await later(0);
  form.text.content = 'one';
  await later(SAVED_WITHIN_MS);
  expect(Object.keys(store)).toHaveLength(1);
  await later(8 * 86_400_000);
  openForms('ben');
  expect(Object.keys(store)).toEqual([]);
  openForms('ana');
  const again = formOf(CONTACT);
  await later(0);
  again.text.content = 'one, two';
  await later(SAVED_WITHIN_MS);
  submit(again);
  await later(1);
  expect(again.submittedAtMs).toBe(1);
  expect(Object.keys(store)).toEqual([]);
});

test('a page that is told again and again of its own words gives up, and keeps what it could not save', async () => {
  const form = await openForm(await openPage());
  form.text.content = 'one';
  await later(SAVED_WITHIN_MS);
  const answering = globalThis.fetch;
  vi.stubGlobal('fetch', async (url: string, options: RequestInit) => {
    if (options.method === 'GET') return await answering(url, options);
    writes.push('refused');
    return refuse('FORM_NEWER');
  });
  writes = [];
  form.text.content = 'two';
  await later(10 * SAVED_WITHIN_MS);
  expect(writes).toHaveLength(6);
  expect(form).toMatchObject({ text: { content: 'one' }, displaced: { content: 'two' } });
});
