import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { browserStore, pageModule } from './browser-store.ts';

interface Shortcuts {
  deedOf(pressed: { key: string; ctrlKey: boolean; shiftKey: boolean }): string | undefined;
}
interface AgentState {
  goReady(): void;
  goNotReady(): void;
}
interface Live {
  startLive(user: string): void;
  stopLive(): void;
}

const asked: string[] = [];
let say: (message: object) => void;

class Wire {
  addEventListener(type: string, listener: (event: object) => void): void {
    if (type === 'message') say = (message) => listener({ data: JSON.stringify(message) });
  }
  send(): void {}
  close(): void {}
}

beforeAll(() => {
  vi.stubGlobal('localStorage', browserStore());
  vi.stubGlobal('document', { documentElement: {}, title: '', createElement: () => ({}) });
  vi.stubGlobal('location', { protocol: 'http:', host: '127.0.0.1' });
  vi.stubGlobal('WebSocket', Wire);
  vi.stubGlobal('fetch', async (path: string, { body }: { body?: string }) => {
    if (path.endsWith('/agents/me/state')) asked.push(JSON.parse(body!).state);
    return Response.json({ ticket: 'one' });
  });
});
afterAll(() => vi.unstubAllGlobals());

test('the key for ready is not the one for not ready, and neither is one with another key held', async () => {
  const { deedOf } = await pageModule<Shortcuts>('work/shortcuts.ts');
  const pressed = (key: string, ctrlKey = false, shiftKey = false) => deedOf({ key, ctrlKey, shiftKey });
  expect([pressed('F8'), pressed('F8', false, true), pressed('F8', true), pressed('s'), pressed('s', true)]).toEqual([
    ...['ready', 'notReady', undefined, undefined, 'save'],
  ]);
});

test('a key that is pressed twice does what it does once', async () => {
  const { goReady, goNotReady } = await pageModule<AgentState>('work/agent-state.ts');
  const { startLive, stopLive } = await pageModule<Live>('live/live.ts');
  startLive('ana');
  await vi.waitUntil(() => say);
  say({ type: 'welcome', epoch: 'e', nowMs: Date.now(), user: 'ana', streams: ['me'] });
  const become = (state: string, next: string) =>
    say({ type: 'snapshot', stream: 'me', seq: 1, items: [{ key: 'self', kind: 'self', state, next }] });
  const then = (...keys: (() => void)[]) => {
    asked.splice(0);
    for (const key of keys) key();
    return [...asked];
  };
  become('notReady', 'notReady');
  // The second comes before the first has been heard of.
  expect(then(goReady, goReady)).toEqual(['ready', 'ready']);
  become('ready', 'ready');
  expect(then(goReady, goReady)).toEqual([]);
  expect(then(goNotReady)).toEqual(['notReady']);
  become('notReady', 'notReady');
  expect(then(goNotReady)).toEqual([]);
  become('wrapUp', 'ready');
  expect(then(goReady)).toEqual(['ready']);
  become('talking', 'ready');
  expect([then(goReady), then(goNotReady)]).toEqual([[], ['notReady']]);
  become('talking', 'notReady');
  expect([then(goNotReady), then(goReady)]).toEqual([[], ['ready']]);
  stopLive();
});
