import { afterEach, expect, test, vi } from 'vitest';
import { pageModule } from './browser-store.ts';

interface Session {
  sendFile(token: string, file: Blob & { readonly name: string }): Promise<string>;
}

const asked: string[] = [];
/** What the server answers, one after the other. */
const answers: Response[] = [];

const away = () => Response.json({ code: 'FILES_AWAY' }, { status: 503, headers: { 'retry-after': '5' } });
const announced = () => Response.json({ id: 'f1', url: '/there' }, { status: 201 });

/** @returns what came of it. The page's clock is played. */
async function send(...all: Response[]): Promise<string> {
  vi.useFakeTimers();
  asked.splice(0);
  answers.splice(0, answers.length, ...all);
  vi.stubGlobal('fetch', async (url: string, { method }: { method: string }) => {
    asked.push(`${method} ${url}`);
    return answers.shift();
  });
  const { sendFile } = await pageModule<Session>('chat/session.ts');
  const sent = sendFile('token', Object.assign(new Blob(['a photo']), { name: 'a.png' })).catch(String);
  // The digest is made beside the clock.
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0));
  await vi.advanceTimersByTimeAsync(60_000);
  return await sent;
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a file that the server cannot keep now is sent again when it says so', async () => {
  expect(await send(away(), announced(), away(), new Response(null, { status: 204 }))).toBe('f1');
  const [announce, put] = ['POST /api/v1/chat/files', 'PUT /there'];
  expect(asked).toEqual([announce, announce, put, put]);
});

test('a file goes from a page that came by plain http from another machine', async () => {
  vi.stubGlobal('crypto', {});
  expect(await send(announced(), new Response(null, { status: 204 }))).toBe('f1');
});

test('one that it still cannot keep at the third time is said not to have gone', async () => {
  expect(await send(announced(), away(), away(), away())).toContain('fileAway');
  expect(asked).toHaveLength(4);
});
