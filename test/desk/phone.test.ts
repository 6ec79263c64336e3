import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { browserStore, pageModule } from './browser-store.ts';

interface Telephone {
  readonly phone: { readonly registration: string };
  startPhone(): Promise<void>;
  stopPhone(): void;
}

const opened: string[] = [];
let give: (answer: Response) => void;

beforeAll(() => {
  vi.stubGlobal('localStorage', browserStore());
  vi.stubGlobal('sessionStorage', browserStore());
  vi.stubGlobal('location', { hostname: '127.0.0.1' });
  vi.stubGlobal('Audio', class {});
  vi.stubGlobal(
    'WebSocket',
    class {
      constructor(url: string) {
        opened.push(url);
      }
      close(): void {}
    },
  );
  vi.stubGlobal(
    'fetch',
    () =>
      new Promise<Response>((resolve) => {
        give = resolve;
      }),
  );
});
afterAll(() => vi.unstubAllGlobals());

const login = (nowMs: number) => ({
  ...{ sipUser: '8001', address: '8001', realm: 'minhu', username: 'page-8001', ha1: '0'.repeat(32) },
  ...{ expiresAtMs: nowMs + 3_600_000, nowMs, ws: { port: 5066, secure: false }, echoNumber: '9196' },
});

test('a login that comes when its person has signed out registers no telephone; the next person’s does', async () => {
  const { phone, startPhone, stopPhone } = await pageModule<Telephone>('phone/phone.ts');
  const started = startPhone();
  stopPhone();
  give(Response.json(login(Date.now())));
  await started;
  expect([phone.registration, opened]).toEqual(['off', []]);
  const again = startPhone();
  give(Response.json(login(Date.now())));
  await again;
  expect(opened).toEqual(['ws://127.0.0.1:5066']);
  stopPhone();
});
