import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { browserStore, pageModule } from './browser-store.ts';

interface Live {
  startLive(user: string): void;
  stopLive(): void;
}
interface Wall {
  readonly todayFigure: { readonly value: { readonly shown: string } };
  readonly curve: { readonly value: { readonly actual: readonly number[]; readonly days: readonly string[] } };
}

/** Where the page listens; what a test says there is what the server says. */
class Wire {
  static last: Wire | undefined;
  readonly #listeners = new Map<string, (event: object) => void>();

  constructor() {
    Wire.last = this;
  }
  addEventListener(type: string, listener: (event: object) => void): void {
    this.#listeners.set(type, listener);
  }
  send(): void {}
  close(): void {}
  say(message: object): void {
    this.#listeners.get('message')?.({ data: JSON.stringify(message) });
  }
}

beforeAll(() => {
  vi.useFakeTimers({ now: Date.parse('2026-02-13T23:59:59+08:00') });
  vi.stubGlobal('localStorage', browserStore());
  vi.stubGlobal('document', { documentElement: {}, title: '', createElement: () => ({}) });
  vi.stubGlobal('location', { protocol: 'http:', host: '127.0.0.1' });
  vi.stubGlobal('WebSocket', Wire);
  vi.stubGlobal('fetch', async () => Response.json({ ticket: 'one' }));
});
afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const quarter = (at: string, inbound: number) => {
  const fromMs = Date.parse(`${at}+08:00`);
  return { key: `quarter/${fromMs}`, kind: 'quarter', fromMs, inbound, answered: inbound };
};

test('the day of the wall begins at midnight, whether or not its forecast has been read', async () => {
  const { startLive, stopLive } = await pageModule<Live>('live/live.ts');
  const { todayFigure, curve } = await pageModule<Wall>('work/wall.ts');
  startLive('lead');
  await vi.waitUntil(() => Wire.last);
  const wire = Wire.last!;
  const last = quarter('2026-02-13T23:45:00', 7);
  const dayMs = Date.parse('2026-02-13T00:00:00+08:00');
  const forecast = { key: 'forecast', kind: 'forecast', dayMs, days: ['2026-02-06'], inbound: Array(96).fill(4) };
  wire.say({ type: 'welcome', epoch: 'e', nowMs: Date.now(), user: 'lead', roles: ['lead'], streams: ['board'] });
  wire.say({ type: 'snapshot', stream: 'board', seq: 1, items: [last, forecast] });
  expect([todayFigure.value.shown, curve.value.days]).toEqual(['7', ['2026-02-06']]);
  await vi.advanceTimersByTimeAsync(2_000);
  const first = quarter('2026-02-14T00:00:00', 2);
  wire.say({ type: 'changes', stream: 'board', seq: 2, items: [first], gone: [last.key] });
  expect([todayFigure.value.shown, curve.value.actual, curve.value.days]).toEqual(['2', [2], []]);
  stopLive();
});
