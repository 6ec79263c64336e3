import { EventEmitter } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { pageModule } from './browser-store.ts';

interface KeepWay {
  keepWay(session: Call, connection: Connection, reaches: () => boolean): void;
}

const CHROMIUM =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0';

class Call extends EventEmitter {
  restarts = 0;
  #answered: (() => void) | undefined;

  isEstablished = () => true;
  answer = () => this.#answered?.();
  renegotiate(_options: object, answered: () => void): boolean {
    this.restarts += 1;
    this.#answered = answered;
    return true;
  }
}

class Connection extends EventTarget {
  connectionState = 'connected';

  becomes(state: string): void {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }
}

const { keepWay } = await pageModule<KeepWay>('phone/keep-way.ts');
afterEach(() => void vi.unstubAllGlobals());

function talk(userAgent: string, reaches = () => true) {
  const [window, call, connection] = [new EventTarget(), new Call(), new Connection()];
  vi.stubGlobal('window', window);
  vi.stubGlobal('navigator', { userAgent });
  keepWay(call, connection, reaches);
  return { call, connection, networkChanges: () => window.dispatchEvent(new Event('online')) };
}

test('another network, or sound that no longer comes: another way is asked for, one at a time', () => {
  const { call, connection, networkChanges } = talk(CHROMIUM);
  networkChanges();
  connection.becomes('disconnected');
  expect(call.restarts).toBe(1);
  call.answer();
  connection.becomes('failed');
  expect(call.restarts).toBe(2);
});

test('Firefox, whose sound a restart ends at the embedded switch, asks only when it has none', () => {
  const { call, connection, networkChanges } = talk(FIREFOX);
  networkChanges();
  connection.becomes('disconnected');
  expect(call.restarts).toBe(0);
  connection.becomes('failed');
  expect(call.restarts).toBe(1);
});

test('nothing is asked for by a call that is over, or that its signalling does not reach', () => {
  const { call, networkChanges } = talk(CHROMIUM);
  call.emit('ended');
  networkChanges();
  expect(call.restarts).toBe(0);
  const lost = talk(CHROMIUM, () => false);
  lost.networkChanges();
  lost.connection.becomes('failed');
  expect(lost.call.restarts).toBe(0);
});
