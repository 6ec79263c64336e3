import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { browserStore, pageModule } from './browser-store.ts';

interface Live {
  startLive(user: string): void;
  stopLive(): void;
}
interface Figure {
  readonly id: string;
  readonly formula: string;
  readonly source: string;
  readonly period: string;
  readonly shown: string;
  readonly tone: string;
  readonly note: string;
  readonly numerator: { readonly label: string; readonly value: string };
  readonly denominator?: { readonly label: string; readonly value: string };
}
interface Wall {
  readonly within15Figure: { readonly value: Figure };
  readonly connectFigure: { readonly value: Figure };
  readonly waitingFigure: { readonly value: Figure };
  readonly longestFigure: { readonly value: Figure };
  readonly agentFigures: { readonly value: readonly Figure[] };
  readonly siteFigures: { readonly value: readonly { readonly connect: Figure; readonly agents: Figure }[] };
  readonly lineFigures: { readonly value: readonly { readonly connect: Figure }[] };
  readonly todayFigure: { readonly value: Figure };
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
  // A page that another file has loaded in this process goes by the clock of that file, or by one that has stopped.
  vi.resetModules();
  vi.useFakeTimers({ now: Date.parse('2026-02-13T12:00:00+08:00') });
  vi.stubGlobal('localStorage', browserStore());
  vi.stubGlobal('document', { documentElement: {}, title: '', createElement: () => ({}) });
  vi.stubGlobal('location', { protocol: 'http:', host: '127.0.0.1' });
  vi.stubGlobal('WebSocket', Wire);
  vi.stubGlobal('fetch', async () => Response.json({ ticket: 'one' }));
});
afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.resetModules();
});

const quarter = (at: string, inbound: number) => {
  const fromMs = Date.parse(`${at}+08:00`);
  return { key: `quarter/${fromMs}`, kind: 'quarter', fromMs, inbound, answered: inbound };
};

test('the day of the wall begins at midnight, whether or not its forecast has been read', async () => {
  const { startLive, stopLive } = await pageModule<Live>('live/live.ts');
  const { todayFigure, curve } = await pageModule<Wall>('work/wall.ts');
  startLive('lead');
  // Each look moves the made-up clock on by as much as it takes. It is set, not moved, so that no socket is given up meanwhile.
  await vi.waitUntil(() => Wire.last, { timeout: 30_000 });
  vi.setSystemTime(Date.parse('2026-02-13T23:59:58+08:00'));
  // The page reads the clock twice a second.
  await vi.advanceTimersByTimeAsync(500);
  const wire = Wire.last!;
  const last = quarter('2026-02-13T23:45:00', 7);
  const dayMs = Date.parse('2026-02-13T00:00:00+08:00');
  const forecast = { key: 'forecast', kind: 'forecast', dayMs, days: ['2026-02-06'], inbound: Array(96).fill(4) };
  wire.say({ type: 'welcome', epoch: 'e', nowMs: Date.now(), user: 'lead', streams: ['board'] });
  wire.say({ type: 'snapshot', stream: 'board', seq: 1, items: [last, forecast] });
  expect([todayFigure.value.shown, curve.value.days]).toEqual(['7', ['2026-02-06']]);
  await vi.advanceTimersByTimeAsync(2_000);
  const first = quarter('2026-02-14T00:00:00', 2);
  wire.say({ type: 'changes', stream: 'board', seq: 2, items: [first], gone: [last.key] });
  expect([todayFigure.value.shown, curve.value.actual, curve.value.days]).toEqual(['2', [2], []]);
  stopLive();
});

test('a share of nothing is no figure, neither 0 nor 100, and neither good nor bad; what it is made of is told as nothing', async () => {
  const { startLive, stopLive } = await pageModule<Live>('live/live.ts');
  const wall = await pageModule<Wall>('work/wall.ts');
  Wire.last = undefined;
  startLive('lead');
  await vi.waitUntil(() => Wire.last, { timeout: 30_000 });
  const wire: Wire = Wire.last!;
  const none = { numerator: 0, denominator: 0, value: null };
  const rates = { connectRate: none, answeredWithin15Rate: none, serviceLevel15: none };
  const calls = { inbound: 0, queued: 0, answered: 0, abandoned: 0, ...rates };
  const day = { fromMs: 1, alarmPercent: 95, targetPercent: 98, ...calls };
  const agents = { ready: 0, ringing: 0, talking: 0, held: 0, wrapUp: 0, notReady: 0, offline: 0 };
  const site = { key: 'site/main', kind: 'site', site: 'main', name: '主平台', status: 'open', agents };
  const streams = ['floor', 'board'];
  wire.say({ type: 'welcome', epoch: 'e', nowMs: Date.now(), user: 'lead', streams });
  const floor = [{ key: 'figures', kind: 'figures', waiting: 0, day }, site];
  wire.say({ type: 'snapshot', stream: 'floor', seq: 1, items: floor });
  const line = { key: 'line/12345', kind: 'calls', by: 'line', of: '12345', ...calls };
  const bySite = { key: 'calls/main', kind: 'calls', by: 'site', of: 'main', ...calls };
  wire.say({ type: 'snapshot', stream: 'board', seq: 1, items: [line, bySite] });
  const shares = [
    ...[wall.within15Figure.value, wall.connectFigure.value],
    ...wall.siteFigures.value.map(({ connect }) => connect),
    ...wall.lineFigures.value.map(({ connect }) => connect),
  ];
  expect(shares).toHaveLength(4);
  for (const { shown, tone, numerator, denominator } of shares)
    expect([shown, tone, numerator.value, denominator?.value]).toEqual(['—', '', '0', '0']);
  for (const figure of [...wall.agentFigures.value, ...wall.siteFigures.value.map((each) => each.agents)])
    expect(figure.denominator?.value).toBe('0');
  const all = [
    ...[wall.waitingFigure.value, wall.longestFigure.value, wall.todayFigure.value],
    ...[...shares, ...wall.agentFigures.value, ...wall.siteFigures.value.map((each) => each.agents)],
  ];
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  for (const { id, formula, source, period, numerator, denominator } of all) {
    const told = [formula, source, period, numerator.label, numerator.value, denominator?.label ?? 'a count', id];
    expect(told.filter((text) => text === '')).toEqual([]);
    // Who waits is counted, and is no share of anything.
    expect([id, denominator === undefined]).toEqual([id, id === 'waiting']);
  }
  expect([wall.longestFigure.value.note, wall.longestFigure.value.denominator?.value]).toEqual(['没有人等候', '0']);
  stopLive();
});
