import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { browserStore, pageModule } from './browser-store.ts';

interface KeptForms {
  keepForm(user: string, form: object): void;
  keptForms(user: string): ReadonlyMap<string, { readonly text: { readonly content: string } }>;
}
interface Form {
  readonly submitKey: string | undefined;
  readonly text: { content: string };
}
interface Forms {
  followOtherPages(): void;
  takeBack(form: Form): void;
  letGo(form: Form): void;
  displacedOf(form: Form): readonly { readonly value: string | boolean }[];
  openForms(user: string): void;
  formOf(contact: string): Form;
  saveAll(): Promise<void>;
  submit(form: Form): void;
  sendWaiting(): void;
}

const CONTACT = 'C0000000012-4f1c9a';
const SECOND = 'C0000000012.1-4f1c9a';
const asked: string[] = [];
let store: Record<string, string>;

beforeEach(() => {
  vi.useFakeTimers();
  asked.splice(0);
  store = browserStore();
  vi.stubGlobal('localStorage', store);
  vi.stubGlobal('fetch', async (url: string, { method, body }: { method: string; body?: string }) => {
    const text = JSON.parse(body ?? '{}') as { content?: string };
    const { content = '' } = text;
    asked.push(content === 'the last words' ? `${method} ${url} ${content}` : `${method} ${url}`);
    if (method === 'GET') return new Response(null, { status: 204 });
    return Response.json({ ...text, savedAtMs: 1, submittedAtMs: null });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const written = (content: string) => ({ text: { content }, revision: 1, submitKey: undefined });

describe('forms kept in a browser that several people use', () => {
  test('are found by who wrote them, not by who has the beginning of their name', async () => {
    const { keepForm, keptForms } = await pageModule<KeptForms>('work/kept-forms.ts');
    keepForm('li.na', { contact: CONTACT, ...written('hers') });
    keepForm('li.na', { contact: SECOND, ...written('hers, too') });
    keepForm('li', { contact: CONTACT, ...written('his') });
    expect([...keptForms('li')].map(([contact, { text }]) => [contact, text.content])).toEqual([[CONTACT, 'his']]);
    expect([...keptForms('li.na').keys()]).toEqual([CONTACT, SECOND]);
  });

  test('are gone after a week, also when who wrote them never comes back', async () => {
    const { keepForm, keptForms } = await pageModule<KeptForms>('work/kept-forms.ts');
    keepForm('ana', { contact: CONTACT, ...written('hers') });
    for (const broken of ['{', 'null', '"hers"']) store[`minhu.form.ana.${broken}`] = broken;
    vi.advanceTimersByTime(6 * 86_400_000);
    keptForms('ben');
    expect(Object.keys(store)).toHaveLength(1);
    vi.advanceTimersByTime(2 * 86_400_000);
    keptForms('ben');
    expect(Object.keys(store)).toEqual([]);
  });

  test('are sent by their own writer alone, whoever sits down before they were', async () => {
    const { openForms, formOf } = await pageModule<Forms>('work/forms.ts');
    openForms('ana');
    const form = formOf(CONTACT);
    await vi.advanceTimersByTimeAsync(0);
    form.text.content = 'what ana was told';
    openForms('ben');
    form.text.content = 'what ana was told at last';
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked.filter((each) => !each.startsWith('GET'))).toEqual([]);
    expect(Object.keys(store)).toEqual(['form', 'words'].map((name) => `minhu.${name}.ana.${CONTACT}`));
    openForms('ana');
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.filter((each) => !each.startsWith('GET'))).toEqual([`PUT /api/v1/contacts/${CONTACT}/form`]);
    openForms('nobody');
  });

  test('are at the server every five seconds, also while somebody writes on and on', async () => {
    const { openForms, formOf } = await pageModule<Forms>('work/forms.ts');
    openForms('ana');
    const form = formOf(CONTACT);
    await vi.advanceTimersByTimeAsync(0);
    asked.splice(0);
    for (let seconds = 0; seconds < 15; seconds += 0.5) {
      form.text.content += '字';
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(asked).toHaveLength(3);
    openForms('nobody');
  });

  test('are submitted under one key for one text: other words go under another', async () => {
    const { openForms, formOf, submit } = await pageModule<Forms>('work/forms.ts');
    const sent: [string, string][] = [];
    vi.stubGlobal(
      'fetch',
      async (_url: string, { body, headers }: { body?: string; headers: Record<string, string> }) => {
        const key = headers['idempotency-key'];
        if (key !== undefined) sent.push([key, (JSON.parse(body!) as { content: string }).content]);
        throw new TypeError('the network is down');
      },
    );
    openForms('ana');
    const form = formOf(CONTACT);
    form.text.content = 'one';
    submit(form);
    await vi.advanceTimersByTimeAsync(60_000);
    form.text.content = 'two';
    await vi.advanceTimersByTimeAsync(120_000);
    expect(new Set(sent.map(([, content]) => content))).toEqual(new Set(['one', 'two']));
    const textsOf = new Map<string, Set<string>>();
    for (const [key, content] of sent) textsOf.set(key, (textsOf.get(key) ?? new Set()).add(content));
    expect([...textsOf.values()].map(({ size }) => size)).toEqual([1, 1]);
    openForms('nobody');
  });

  test('carry nothing that the server refuses for ever: what is pasted beside the words is left out, now and from before', async () => {
    const bodies: { title: string; content: string }[] = [];
    vi.stubGlobal('fetch', async (_url: string, { method, body }: { method: string; body?: string }) => {
      if (method === 'GET') return new Response(null, { status: 204 });
      bodies.push(JSON.parse(body!));
      return Response.json({ ...bodies.at(-1), savedAtMs: 1, submittedAtMs: null });
    });
    const { keepForm } = await pageModule<KeptForms>('work/kept-forms.ts');
    const before = { title: '路灯\u0000', place: '', occurred: '', content: '一\u0007' };
    keepForm('ana', { contact: SECOND, text: before, revision: 1, submitKey: undefined });
    const { openForms, formOf } = await pageModule<Forms>('work/forms.ts');
    openForms('ana');
    await vi.advanceTimersByTimeAsync(0);
    expect(bodies).toMatchObject([{ title: '路灯', content: '一' }]);
    const form = formOf(CONTACT);
    await vi.advanceTimersByTimeAsync(0);
    form.text.content = '一\u0000\t二\n\u001b三\ud83d😀';
    expect(form.text.content).toBe('一\t二\n三😀');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(bodies.at(-1)).toMatchObject({ content: '一\t二\n三😀' });
    openForms('nobody');
  });

  test('are at the server before their writer has signed out, to the last word', async () => {
    const { openForms, formOf, saveAll } = await pageModule<Forms>('work/forms.ts');
    openForms('ana');
    const [form, untouched] = [formOf(CONTACT), formOf(SECOND)];
    await vi.advanceTimersByTimeAsync(0);
    expect(untouched.text.content).toBe('');
    form.text.content = 'the last words';
    asked.splice(0);
    // No time passes: nothing waits for the next five seconds.
    await saveAll();
    expect(asked).toEqual([`PUT /api/v1/contacts/${CONTACT}/form the last words`]);
    expect(Object.keys(store).filter((name) => name.startsWith('minhu.form.'))).toEqual([]);
    openForms('nobody');
  });

  test('are at the server as soon as it is back, not when the pause between two tries is over', async () => {
    const { openForms, formOf, sendWaiting } = await pageModule<Forms>('work/forms.ts');
    openForms('ana');
    const form = formOf(CONTACT);
    await vi.advanceTimersByTimeAsync(0);
    const answering = globalThis.fetch;
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('Failed to fetch');
    });
    form.text.content = 'the last words';
    // Whatever is drawn, the next pause is by now far longer than what passes below.
    vi.spyOn(Math, 'random').mockReturnValue(1);
    await vi.advanceTimersByTimeAsync(60_000);
    vi.stubGlobal('fetch', answering);
    asked.splice(0);
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toEqual([]);
    sendWaiting();
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toEqual([`PUT /api/v1/contacts/${CONTACT}/form the last words`]);
    vi.restoreAllMocks();
    openForms('nobody');
  });

  test('show what another page of the same person writes, and send it when that page does not', async () => {
    const { openForms, formOf, followOtherPages } = await pageModule<Forms>('work/forms.ts');
    const listeners: ((event: { key: string | null; newValue: string | null }) => void)[] = [];
    vi.stubGlobal('window', {
      addEventListener: (_type: string, listener: (typeof listeners)[number]) => listeners.push(listener),
    });
    const stored: (typeof listeners)[number] = (event) => {
      for (const listener of listeners) listener(event);
    };
    followOtherPages();
    openForms('ana');
    const form = formOf(CONTACT);
    await vi.advanceTimersByTimeAsync(0);
    const told = (user: string, content: string, revision: number) =>
      stored({
        key: `minhu.form.${user}.${CONTACT}`,
        newValue: JSON.stringify({ text: { content }, revision, atMs: 1 }),
      });
    told('ben', 'of somebody else', 9);
    expect(form.text.content).toBe('');
    told('ana', 'the last words', 2);
    expect(form.text.content).toBe('the last words');
    told('ana', 'what came before', 1);
    stored({ key: null, newValue: null });
    expect(form.text.content).toBe('the last words');
    asked.splice(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toEqual([`PUT /api/v1/contacts/${CONTACT}/form the last words`]);
    openForms('nobody');
  });

  test('that give way to a later one at the server stay to be read, and to be put back', async () => {
    const { openForms, formOf, takeBack, letGo, displacedOf } = await pageModule<Forms>('work/forms.ts');
    openForms('ana');
    const form = formOf(CONTACT);
    await vi.advanceTimersByTimeAsync(0);
    const answering = globalThis.fetch;
    const blank = { type: '', urgency: '', category: '', title: '', place: '', occurred: '', resolution: '' };
    vi.stubGlobal('fetch', async (_url: string, { method }: { method: string }) =>
      method === 'GET'
        ? Response.json({ ...blank, content: 'of the lead', revision: 50, savedAtMs: 1, submittedAtMs: null })
        : Response.json({ code: 'FORM_NEWER', message: 'newer' }, { status: 409 }),
    );
    form.text.content = 'the last words';
    await vi.advanceTimersByTimeAsync(5_000);
    expect(form.text.content).toBe('of the lead');
    const displaced = () => displacedOf(formOf(CONTACT)).map(({ value }) => value);
    expect(displaced()).toEqual(['the last words']);
    // Again, and by a page that is opened anew: all of it is still there.
    form.text.content = 'of somebody who types on';
    await vi.advanceTimersByTimeAsync(5_000);
    openForms('ana');
    formOf(CONTACT);
    await vi.advanceTimersByTimeAsync(0);
    expect(displaced()).toEqual(['the last words', 'of somebody who types on']);
    vi.stubGlobal('fetch', answering);
    asked.splice(0);
    takeBack(formOf(CONTACT));
    expect(formOf(CONTACT).text.content).toBe('of somebody who types on');
    expect(displaced()).toEqual(['the last words', 'of the lead']);
    takeBack(formOf(CONTACT));
    takeBack(formOf(CONTACT));
    expect(displaced()).toEqual(['the last words', 'of the lead']);
    letGo(formOf(CONTACT));
    expect(displaced()).toEqual([]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked).toEqual([`PUT /api/v1/contacts/${CONTACT}/form`]);
    openForms('nobody');
  });
});
