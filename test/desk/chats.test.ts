import { afterEach, expect, test, vi } from 'vitest';
import { pageModule } from './browser-store.ts';

interface Chats {
  reply(contact: string, text: string): void;
  again(contact: string, key: string): void;
  threadOf(contact: string): { readonly unsent: readonly { readonly key: string; readonly failure: string }[] };
}

const CONTACT = 'C0000000012-4f1c9a';
/** Of each reply that was sent. */
const sent: { readonly key: string; readonly text: string }[] = [];
/** What the server says to the next ones; then it takes all. */
const answers: (() => Response)[] = [];
const messages: object[] = [];

const refusal = (code: string) => () => Response.json({ code, title: code }, { status: 409 });

/** @returns the module, over a server that is played here, in a page that came by plain http. */
async function openChats(): Promise<Chats> {
  vi.useFakeTimers();
  sent.splice(0);
  messages.splice(0);
  // Only pages by https, or of this machine, have all of it.
  const { getRandomValues } = crypto;
  vi.stubGlobal('crypto', { getRandomValues: getRandomValues.bind(crypto) });
  vi.stubGlobal('fetch', async (_url: string, { method, body }: { method: string; body?: string }) => {
    if (method === 'GET')
      return Response.json({
        messages,
        window: null,
        files: { kinds: [], bytesMax: 0, countMax: 0 },
        textChars: 2_000,
        templates: [],
      });
    sent.push(JSON.parse(body!));
    return answers.shift()?.() ?? Response.json({ message: 1 }, { status: 201 });
  });
  return await pageModule<Chats>('work/chats.ts');
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a reply whose key is another’s says why it has not gone, and goes under a key of its own when it is sent again', async () => {
  const { reply, again, threadOf } = await openChats();
  answers.push(refusal('KEY_REUSED'));
  reply(CONTACT, '您好');
  await vi.advanceTimersByTimeAsync(0);
  const [one] = threadOf(CONTACT).unsent;
  expect(one!.failure).toBe('KEY_REUSED');
  again(CONTACT, one!.key);
  await vi.advanceTimersByTimeAsync(0);
  expect(sent.map(({ text }) => text)).toEqual(['您好', '您好']);
  expect(sent[1]!.key).not.toBe(sent[0]!.key);
});

test('a reply that is there already, and whose answer was lost, is not told to have failed', async () => {
  const { reply, threadOf } = await openChats();
  const contact = 'C0000000013-4f1c9a';
  answers.push(() => {
    const { key, text } = sent.at(-1)!;
    messages.push({ id: 7, direction: 'out', kind: 'reply', key, text, media: [] });
    return refusal('CONTACT_NOT_HELD')();
  });
  reply(contact, '再见');
  await vi.advanceTimersByTimeAsync(0);
  expect(threadOf(contact).unsent).toEqual([]);
});
