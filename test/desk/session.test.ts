import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { browserStore, pageModule } from './browser-store.ts';

interface Rights {
  readonly roles: readonly string[];
  readonly team: string | null;
  readonly mayReveal: boolean;
  readonly mayPlay: boolean;
}
interface Session {
  session: {
    person: (Rights & { user: string }) | undefined;
    known(): Promise<void>;
    over(): void;
    heedRights(rights: Rights): Promise<void>;
  };
}

const rights = (...roles: string[]): Rights => ({ roles, team: null, mayReveal: false, mayPlay: false });
/** What waits for an answer, oldest first. */
let waiting: ((answer: Response) => void)[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('localStorage', browserStore());
  vi.stubGlobal('sessionStorage', browserStore());
  waiting = [];
  vi.stubGlobal('fetch', () => new Promise((resolve) => waiting.push(resolve)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const answer = (turn: number, ...roles: string[]) =>
  waiting[turn]!(Response.json({ user: 'ana', ...rights(...roles), seat: null }));

async function signedIn(...roles: string[]): Promise<Session['session']> {
  const { session } = await pageModule<Session>('session.ts');
  session.over();
  const known = session.known();
  answer(0, ...roles);
  await known;
  waiting = [];
  return session;
}

test('rights that are the known ones are not asked about', async () => {
  const session = await signedIn('agent', 'lead');
  await session.heedRights(rights('lead', 'agent'));
  expect(waiting).toHaveLength(0);
});

test('what is granted to an account, and no longer, is asked about as its roles are', async () => {
  const session = await signedIn('auditor');
  const heeded = session.heedRights({ ...rights('auditor'), mayReveal: true });
  waiting[0]!(Response.json({ user: 'ana', ...rights('auditor'), mayReveal: true, seat: null }));
  await heeded;
  expect(session.person?.mayReveal).toBe(true);
});

test('an answer that comes late undoes nothing that was heard after it was asked for', async () => {
  const session = await signedIn('agent', 'lead');
  const taken = session.heedRights(rights('agent'));
  // Given back before the page knows that it was taken: nothing is to be asked, and nothing to be believed.
  const given = session.heedRights(rights('agent', 'lead'));
  answer(0, 'agent');
  await Promise.all([taken, given]);
  expect(session.person?.roles).toEqual(['agent', 'lead']);
  const first = session.heedRights(rights('agent'));
  const second = session.heedRights(rights('auditor'));
  answer(2, 'auditor');
  await second;
  answer(1, 'agent');
  await first;
  expect(session.person?.roles).toEqual(['auditor']);
});

test('what the server cannot say now is asked for again', async () => {
  const session = await signedIn('agent');
  const heeded = session.heedRights(rights('lead'));
  waiting[0]!(new Response(null, { status: 503 }));
  await vi.waitUntil(() => vi.getTimerCount() > 0);
  await vi.advanceTimersByTimeAsync(1_000);
  answer(1, 'lead');
  await heeded;
  expect(session.person?.roles).toEqual(['lead']);
});
