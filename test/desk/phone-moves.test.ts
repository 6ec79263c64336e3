import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { browserStore, pageModule } from './browser-store.ts';

interface Telephone {
  readonly phone: { readonly registration: string; readonly line: string };
  startPhone(): Promise<void>;
  stopPhone(): void;
}

const RENEWED_MS = 1_800_000;

/** The switch's end of a page's WebSocket: it registers whoever asks, unless it is told to wait. */
class Line {
  static readonly all: Line[] = [];
  static holdsBack = false;
  readonly OPEN = 1;
  readyState = 0;
  readonly sent: string[] = [];
  onopen?: () => void;
  onclose?: (event: object) => void;
  onmessage?: (event: { readonly data: string }) => void;

  constructor() {
    Line.all.push(this);
    queueMicrotask(() => {
      this.readyState = 1;
      this.onopen?.();
    });
  }

  send(message: string): void {
    this.sent.push(message);
    if (message.startsWith('REGISTER') && !Line.holdsBack) queueMicrotask(() => this.answer(message));
  }

  answer(request: string): void {
    const header = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(request)?.[1]?.trim() ?? '';
    const same = ['Via', 'From', 'Call-ID', 'CSeq'].map((name) => `${name}: ${header(name)}`);
    const more = [`To: ${header('To')};tag=switch`, `Contact: ${header('Contact')}`, 'Content-Length: 0'];
    this.onmessage?.({ data: ['SIP/2.0 200 OK', ...same, ...more, '', ''].join('\r\n') });
  }

  /** In a transaction and a dialog of its own. */
  asks(method: 'INVITE' | 'CANCEL'): void {
    const to = /^Contact: <([^>]*)>/m.exec(this.sent[0]!)![1]!;
    const lines = [
      ...[`${method} ${to} SIP/2.0`, 'Via: SIP/2.0/WS switch.invalid;branch=z9hG4bKcall', 'Max-Forwards: 70'],
      ...['From: <sip:12345@minhu>;tag=switch', `To: <${to}>`, 'Call-ID: call', `CSeq: 1 ${method}`],
      ...['Contact: <sip:switch.invalid;transport=ws>', 'Content-Length: 0', '', ''],
    ];
    this.onmessage?.({ data: lines.join('\r\n') });
  }

  close(): void {
    this.readyState = 3;
    this.onclose?.({ wasClean: true, code: 1000 });
  }

  isLeft(): boolean {
    return this.readyState === 3 || this.sent.some((message) => /^Contact: .*;expires=0/m.test(message));
  }
}

let page: Telephone;
let logins = 0;

/** At FreeSWITCH each login is another address of record. */
const login = () => {
  logins += 1;
  const address = `1001~${logins}`;
  return {
    ...{ sipUser: '1001', address, username: address, realm: 'minhu', ha1: '0'.repeat(32), echoNumber: '9196' },
    ...{ expiresAtMs: 2 * RENEWED_MS, nowMs: 0, ws: { port: 5066, secure: false } },
  };
};

beforeEach(async () => {
  vi.resetModules();
  vi.useFakeTimers();
  Line.all.length = 0;
  Line.holdsBack = false;
  vi.stubGlobal('localStorage', browserStore());
  vi.stubGlobal('sessionStorage', browserStore());
  vi.stubGlobal('location', { hostname: '127.0.0.1' });
  vi.stubGlobal('Audio', class {});
  vi.stubGlobal('WebSocket', Line);
  vi.stubGlobal('window', { RTCPeerConnection: class {}, addEventListener: () => {} });
  vi.stubGlobal('fetch', async () => Response.json(login()));
  page = await pageModule<Telephone>('phone/phone.ts');
  await page.startPhone();
  await registered();
});

afterEach(() => {
  page.stopPhone();
  vi.useRealTimers();
});

afterAll(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

const registered = () => vi.waitFor(() => expect(page.phone.registration).toBe('registered'));

/** Half the time of the login is over: the page goes to the address of the next one. */
async function goesOn(holdsBack = false): Promise<Line> {
  const before = Line.all.length;
  await vi.advanceTimersByTimeAsync(RENEWED_MS - 1_000);
  Line.holdsBack = holdsBack;
  await vi.advanceTimersByTimeAsync(1_000);
  await vi.waitFor(() => expect(Line.all[before]?.sent).toHaveLength(1));
  return Line.all[before]!;
}

test('a telephone that is registered under its next address leaves the one before', async () => {
  await goesOn();
  await vi.waitFor(() => expect(Line.all.map((line) => line.isLeft())).toEqual([true, false]));
});

test('a call that rings while the next telephone is being registered is left alone; the telephone goes when it is over', async () => {
  const next = await goesOn(true);
  const [first] = Line.all;
  first!.asks('INVITE');
  expect(page.phone.line).toBe('ringing');
  next.answer(next.sent[0]!);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([page.phone.line, first!.isLeft()]).toEqual(['ringing', false]);
  Line.holdsBack = false;
  first!.asks('CANCEL');
  await vi.waitFor(() => expect([page.phone.line, first!.isLeft()]).toEqual(['idle', true]));
  expect(next.isLeft()).toBe(false);
});

test('one that never was registered gives way to the next: a page has no more than two', async () => {
  await goesOn(true);
  // None is answered: one login after the other is drawn.
  await vi.advanceTimersByTimeAsync(RENEWED_MS);
  expect(Line.all.length).toBeGreaterThan(3);
  const there = () => Line.all.filter((line) => !line.isLeft());
  expect(there()).toHaveLength(2);
  Line.holdsBack = false;
  // Longer than a request is waited for and than any pause.
  await vi.advanceTimersByTimeAsync(120_000);
  expect(there()).toHaveLength(1);
  expect(Line.all[0]!.isLeft()).toBe(true);
});
