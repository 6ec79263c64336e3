import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { browserStore, pageModule } from './browser-store.ts';

interface Form {
  readonly submittedAtMs: number | undefined;
  readonly submitKey: string | undefined;
  readonly unsaved: boolean;
  readonly gaveWay: boolean;
  readonly by: string | undefined;
  readonly text: { content: string; title: string; place: string; type: string; resolution: string };
}
interface Forms {
  followOtherPages(): void;
  openForms(user: string): void;
  formOf(contact: string): Form;
  submit(form: Form): void;
  takeBack(form: Form): void;
  letGo(form: Form): void;
  saveNow(form: Form): void;
  hearStored(all: readonly { contact: string; revision: number; base?: number; submitted: boolean }[]): void;
  readAgain(): void;
  displacedOf(form: Form): readonly { readonly field: string; readonly value: string | boolean }[];
}
interface Stored {
  readonly by?: string;
  readonly revision: number;
  readonly content: string;
  readonly title?: string;
  readonly submittedAtMs: number | null;
}
type Heard = (event: { key: string; newValue: string | null }) => void;

const CONTACT = 'C0000000012-4f1c9a';
const KEPT = ['form', 'words'].map((name) => `minhu.${name}.ana.${CONTACT}`);
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
/** What is read of it is on its way for so long. */
let readingMs = 0;
/** The answer to what is written. */
let answeringMs = 0;
let writes: string[] = [];
let reads = 0;
let keys: Set<string>;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0);
  store = browserStore();
  [stored, answersAreLost, readingMs, answeringMs, reads] = [undefined, false, 0, 0, 0];
  [writes, keys] = [[], new Set()];
  vi.stubGlobal('localStorage', store);
  vi.stubGlobal('fetch', async (url: string, { method, body, headers }: RequestInit) => {
    const answer = method === 'GET' ? read() : write(url, JSON.parse(String(body)), headers as Record<string, string>);
    const onItsWayMs = method === 'GET' ? readingMs : answeringMs;
    if (onItsWayMs > 0) await new Promise((resolve) => setTimeout(resolve, onItsWayMs));
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

function read(): Response {
  reads += 1;
  return standing();
}
const standing = () => (stored === undefined ? new Response(null, { status: 204 }) : Response.json(stored));
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
  stored = { ...words, by: 'ana', savedAtMs: 1, submittedAtMs: isSubmission ? 1 : null } as Stored;
  return standing();
}

const pages: Forms[] = [];

/** A page of this browser: a module by itself. `heard`: it learns what another one keeps or drops. */
async function openPage(): Promise<Forms & { heard(): void }> {
  const listeners: Heard[] = [];
  vi.stubGlobal('window', { addEventListener: (_type: string, listener: Heard) => listeners.push(listener) });
  vi.resetModules();
  const forms = await pageModule<Forms>('work/forms.ts');
  pages.push(forms);
  forms.followOtherPages();
  forms.openForms('ana');
  const tell = (key: string) => {
    for (const listener of listeners) listener({ key, newValue: store[key] ?? null });
  };
  return { ...forms, heard: () => KEPT.forEach(tell) };
}

async function openForm(page: Forms): Promise<Form> {
  const form = page.formOf(CONTACT);
  await vi.advanceTimersByTimeAsync(0);
  return form;
}

/** Words that the page shows as standing nowhere, as `field: words`. */
const box = (page: Forms, form: Form) => page.displacedOf(form).map(({ field, value }) => `${field}: ${value}`);

const later = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('a form whose answer was lost goes on from its own words', () => {
  test('the page types on: nothing gives way, nobody is asked', async () => {
    const page = await openPage();
    const form = await openForm(page);
    form.text.content = 'one';
    answersAreLost = true;
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'one', revision: 1 });
    form.text.content = 'one, two';
    answersAreLost = false;
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'one, two' });
    expect(form.unsaved).toBe(false);
    expect(box(page, form)).toEqual([]);
    expect(store).not.toHaveProperty([KEPT[0]!]);
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
    expect(now.formOf(CONTACT).unsaved).toBe(false);
    expect(box(now, now.formOf(CONTACT))).toEqual([]);
  });

  test('and is submitted under one key', async () => {
    const page = await openPage();
    const form = await openForm(page);
    answersAreLost = true;
    Object.assign(form.text, { content: 'one', type: 'CONSULT' });
    await later(SAVED_WITHIN_MS);
    form.text.resolution = 'DIRECT_ANSWER';
    answersAreLost = false;
    page.submit(form);
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'one', resolution: 'DIRECT_ANSWER', submittedAtMs: 1 });
    expect(keys.size).toBe(1);
    expect(form.submittedAtMs).toBe(1);
    expect(box(page, form)).toEqual([]);
  });
});

describe('words of another machine of the same person', () => {
  test('stand, and those of here stay to be read: also when both counted to the same revision', async () => {
    const page = await openPage();
    const form = await openForm(page);
    form.text.content = 'of this machine';
    stored = { ...BLANK, content: 'of the other machine', revision: 1, submittedAtMs: null };
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'of the other machine' });
    expect(form).toMatchObject({ text: { content: 'of the other machine' }, unsaved: false });
    expect(box(page, form)).toEqual(['content: of this machine']);
  });

  test('are not submitted in place of those of here: who wanted to submit reads first', async () => {
    const page = await openPage();
    const form = await openForm(page);
    form.text.content = 'of this machine';
    await later(SAVED_WITHIN_MS);
    stored = { ...BLANK, content: 'of the other machine', revision: 7, submittedAtMs: null };
    page.submit(form);
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'of the other machine', submittedAtMs: null });
    expect(form).toMatchObject({ submitKey: undefined, gaveWay: true });
    expect(box(page, form)).toEqual(['content: of this machine']);
  });

  test('that are the same displace nothing, and are submitted', async () => {
    const page = await openPage();
    const form = await openForm(page);
    form.text.content = 'the same';
    stored = { ...BLANK, content: 'the same', revision: 7, submittedAtMs: null };
    page.submit(form);
    await later(1);
    expect(stored).toMatchObject({ content: 'the same', submittedAtMs: 1 });
    expect(form).toMatchObject({ submittedAtMs: 1, gaveWay: false });
    expect(box(page, form)).toEqual([]);
  });

  test('are not taken for those of here, when a page that has not read them is typed into', async () => {
    const before = await openPage();
    const form = await openForm(before);
    form.text.content = 'all that was written in this browser';
    await later(SAVED_WITHIN_MS);
    before.openForms('nobody');
    const page = await openPage();
    const now = page.formOf(CONTACT);
    // Before the server has answered.
    now.text.content = 'x';
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'all that was written in this browser' });
    expect(box(page, now)).toEqual(['content: x']);
  });
});

describe('words that were saved', () => {
  const ofLead = (text: object, revision = 50) => {
    stored = { ...BLANK, content: '', ...text, by: 'lead', revision, savedAtMs: 2, submittedAtMs: null } as Stored;
  };

  test('are not replaced by what is typed before they are read: where nothing was written, that stands beside them', async () => {
    const before = await openPage();
    (await openForm(before)).text.content = 'what was pasted';
    await later(SAVED_WITHIN_MS);
    before.openForms('nobody');
    const page = await openPage();
    readingMs = 6_000;
    const form = page.formOf(CONTACT);
    for (const stroke of 'a new title, stroke by stroke') {
      form.text.title += stroke;
      await later(300);
    }
    readingMs = 0;
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'what was pasted', title: 'a new title, stroke by stroke' });
    expect(form).toMatchObject({ unsaved: false, text: { content: 'what was pasted' } });
    expect(box(page, form)).toEqual([]);
  });

  test('are shown to who submits, when somebody else has replaced them: nothing is submitted, and it says so', async () => {
    const page = await openPage();
    const form = await openForm(page);
    Object.assign(form.text, { title: 'title of hers', type: 'CONSULT', content: 'hers', resolution: 'DIRECT_ANSWER' });
    await later(SAVED_WITHIN_MS);
    expect(form.unsaved).toBe(false);
    ofLead({ content: 'hers, and of the lead', type: 'CONSULT', resolution: 'DIRECT_ANSWER' });
    page.submit(form);
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'hers, and of the lead', submittedAtMs: null });
    expect(form).toMatchObject({ submitKey: undefined, gaveWay: true, by: 'lead' });
    expect(box(page, form)).toEqual(['title: title of hers']);
    page.takeBack(form);
    page.submit(form);
    await later(1);
    expect(stored).toMatchObject({ content: 'hers, and of the lead', title: 'title of hers', submittedAtMs: 1 });
    expect(form.gaveWay).toBe(false);
    expect(Object.keys(store)).toEqual([]);
  });

  test('are found by a page that is opened anew, when somebody else has replaced them meanwhile', async () => {
    const before = await openPage();
    (await openForm(before)).text.content = 'hers';
    await later(SAVED_WITHIN_MS);
    before.openForms('nobody');
    ofLead({ content: 'of the lead' });
    for (const _time of [1, 2]) {
      const page = await openPage();
      expect(box(page, await openForm(page))).toEqual(['content: hers']);
      page.openForms('nobody');
    }
    const page = await openPage();
    const form = await openForm(page);
    page.letGo(form);
    page.openForms('nobody');
    const last = await openPage();
    expect(box(last, await openForm(last))).toEqual([]);
  });

  test('and what was typed before that was known: both are there', async () => {
    const before = await openPage();
    (await openForm(before)).text.content = 'hers';
    await later(SAVED_WITHIN_MS);
    before.openForms('nobody');
    ofLead({ content: 'of the lead' });
    const page = await openPage();
    const form = page.formOf(CONTACT);
    form.text.content = 'typed at once';
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'of the lead' });
    expect(box(page, form)).toEqual(['content: hers', 'content: typed at once']);
  });

  test('put back, displace what was typed since, and nothing of what others wrote beside', async () => {
    const page = await openPage();
    const form = await openForm(page);
    form.text.content = 'hers';
    await later(SAVED_WITHIN_MS);
    ofLead({ content: 'of the lead', title: 'title of the lead' });
    form.text.place = 'here';
    await later(SAVED_WITHIN_MS);
    expect(box(page, form)).toEqual(['content: hers', 'place: here']);
    form.text.content = 'of the lead; typed since';
    page.takeBack(form);
    expect(form.text).toMatchObject({ content: 'hers', title: 'title of the lead', place: 'here' });
    expect(box(page, form)).toEqual(['content: of the lead; typed since']);
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'hers', title: 'title of the lead' });
  });

  test('and wiped leave nothing of theirs: a page that is opened anew takes nobody else’s words for theirs', async () => {
    ofLead({ content: 'of the lead' });
    const before = await openPage();
    const form = await openForm(before);
    form.text.title = 'hers';
    await later(SAVED_WITHIN_MS);
    form.text.title = '';
    before.openForms('nobody');
    const page = await openPage();
    ofLead({ content: 'other words' }, 90);
    await later(SAVED_WITHIN_MS);
    const now = await openForm(page);
    expect(now.text.content).toBe('other words');
    expect(box(page, now)).toEqual([]);
    expect(Object.keys(store).filter((name) => name.startsWith('minhu.words'))).toEqual([]);
  });

  test('are still there, when the page goes between the refusal and the reading of what stands', async () => {
    const before = await openPage();
    const form = await openForm(before);
    form.text.content = 'hers';
    stored = { ...BLANK, content: 'submitted by the lead', by: 'lead', revision: 9, submittedAtMs: 1 } as Stored;
    readingMs = 60_000;
    await later(SAVED_WITHIN_MS);
    expect(writes).toEqual(['hers']);
    before.openForms('nobody');
    readingMs = 0;
    const page = await openPage();
    await later(SAVED_WITHIN_MS);
    expect(page.formOf(CONTACT)).toMatchObject({ submittedAtMs: 1, text: { content: 'submitted by the lead' } });
    expect(box(page, page.formOf(CONTACT))).toEqual(['content: hers']);
  });
});

describe('a form that is stored anew', () => {
  const elsewhere = (text: object, more: object = {}) => {
    stored = { ...BLANK, ...text, by: 'lead', revision: 50, savedAtMs: 2, submittedAtMs: null, ...more } as Stored;
  };
  const news = () => [
    { contact: CONTACT, revision: stored!.revision, submitted: stored!.submittedAtMs !== null },
    { contact: 'C0000000099-000000', revision: 1, submitted: false },
  ];

  test('elsewhere is shown at once where nothing is unsent, and each time; one’s own is not read again', async () => {
    const page = await openPage();
    const form = await openForm(page);
    form.text.content = 'hers';
    // The word of it comes before the answer, and after.
    await later(SAVED_WITHIN_MS);
    page.hearStored(news());
    await later(0);
    expect(reads).toBe(1);
    elsewhere({ content: 'hers, and of the lead' });
    page.hearStored(news());
    page.hearStored(news());
    await later(0);
    expect(form).toMatchObject({ text: { content: 'hers, and of the lead' }, unsaved: false });
    expect(box(page, form)).toEqual([]);
    expect(reads).toBe(2);
    elsewhere({ content: 'hers, and of the lead' }, { submittedAtMs: 3 });
    page.hearStored(news());
    await later(0);
    expect(form.submittedAtMs).toBe(3);
  });

  test('elsewhere, beside words that are unsent: they are displaced at once, and not submitted', async () => {
    const page = await openPage();
    const form = await openForm(page);
    form.text.content = 'hers';
    elsewhere({ content: 'of the lead' });
    page.hearStored(news());
    await later(0);
    expect(form).toMatchObject({ text: { content: 'of the lead' }, unsaved: false });
    expect(box(page, form)).toEqual(['content: hers']);
    await later(SAVED_WITHIN_MS);
    expect(writes).toEqual([]);
  });

  test('as its reader presses the key to submit is not submitted unread', async () => {
    const page = await openPage();
    const form = await openForm(page);
    Object.assign(form.text, { content: 'hers', type: 'CONSULT', resolution: 'DIRECT_ANSWER' });
    await later(SAVED_WITHIN_MS);
    elsewhere({ content: 'of the lead', type: 'CONSULT', resolution: 'DIRECT_ANSWER' });
    page.hearStored(news());
    await later(300);
    page.submit(form);
    await later(SAVED_WITHIN_MS);
    expect(stored).toMatchObject({ content: 'of the lead', submittedAtMs: null });
    expect(form).toMatchObject({ gaveWay: true, by: 'lead' });
    page.submit(form);
    await later(1);
    expect(stored).toMatchObject({ content: 'of the lead', submittedAtMs: 1 });
  });

  test('while the server was away is read when it is back', async () => {
    const page = await openPage();
    const form = await openForm(page);
    elsewhere({ content: 'of the lead' });
    page.readAgain();
    await later(0);
    expect(form.text.content).toBe('of the lead');
  });

  test('by one of two pages that show what is typed does not make them send in turns', async () => {
    const [one, two] = [await openPage(), await openPage()];
    const [ones] = [await openForm(one), await openForm(two)];
    let told = 0;
    answeringMs = 150;
    for (const stroke of 'somebody writes on and on. '.repeat(10)) {
      ones.text.content += stroke;
      two.heard();
      if (writes.length > told) for (const page of [one, two]) page.hearStored(news());
      told = writes.length;
      await later(100);
    }
    expect(writes.length).toBeLessThanOrEqual((2 * 27_000) / SAVED_WITHIN_MS);
    await later(2 * SAVED_WITHIN_MS);
    expect(stored?.content).toBe('somebody writes on and on. '.repeat(10));
    expect(box(one, ones)).toEqual([]);
  });

  test('by their own writer at another machine has taken from them what they wiped there, and displaces nothing', async () => {
    const page = await openPage();
    const form = await openForm(page);
    Object.assign(form.text, { content: 'hers', place: 'here', title: 'title' });
    await later(SAVED_WITHIN_MS);
    const { revision: base } = stored!;
    const told = (more: object) => page.hearStored(news().map((each) => ({ ...each, ...more })));
    elsewhere({ content: 'hers', title: 'other title' }, { by: 'ana' });
    told({ base });
    await later(0);
    expect(form.text).toMatchObject({ place: '', title: 'other title' });
    expect(box(page, form)).toEqual([]);
    // Somebody else was in between, or it is somebody else.
    elsewhere({ title: 'other title' }, { by: 'ana', revision: 52 });
    told({ base: 51 });
    await later(0);
    expect(box(page, form)).toEqual(['content: hers']);
    elsewhere({}, { revision: 53 });
    told({ base: 52 });
    await later(0);
    expect(box(page, form)).toEqual(['content: hers', 'title: other title']);
  });

  test('leaves what another page of this browser has kept since', async () => {
    const page = await openPage();
    await openForm(page);
    const kept = { text: { ...BLANK, content: 'later' }, revision: 60, base: 50, atMs: Date.now() };
    store[KEPT[0]!] = JSON.stringify(kept);
    elsewhere({ content: 'now' });
    page.hearStored(news());
    await later(0);
    expect(JSON.parse(store[KEPT[0]!]!)).toMatchObject({ revision: 60 });
  });
});

test('what the server would not take for its length is not sent before its writer has made it shorter', async () => {
  const page = await openPage();
  const form = await openForm(page);
  form.text.content = '字'.repeat(4_001);
  page.submit(form);
  await later(SAVED_WITHIN_MS);
  expect(writes).toEqual([]);
  expect(form).toMatchObject({ submitKey: undefined, unsaved: true });
  form.text.content = '字'.repeat(4_000);
  await later(SAVED_WITHIN_MS);
  expect(writes).toEqual(['字'.repeat(4_000)]);
});

test('of what two pages of one browser send at one moment one stands in both, and the other is displaced in both', async () => {
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
  expect(stored?.content).toBe('one, and of the first page');
  for (const [page, form] of [
    [one, ones],
    [two, twos],
  ] as const) {
    expect(form.text.content).toBe('one, and of the first page');
    expect(box(page, form)).toEqual(['content: one, and of the second page']);
  }
});

test('what was sent, and what was written, is forgotten once the form is submitted, or after a week', async () => {
  const { formOf, submit, openForms } = await openPage();
  const form = formOf(CONTACT);
  await later(0);
  form.text.content = 'one';
  await later(SAVED_WITHIN_MS);
  expect(Object.keys(store)).toHaveLength(2);
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
  const page = await openPage();
  const form = await openForm(page);
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
  expect(form.text.content).toBe('one');
  expect(box(page, form)).toEqual(['content: two']);
});
