import { afterAll, describe, expect, test } from 'vitest';
import { type Peer, type SippOptions, sipp } from '../../e2e/peers.ts';
import { callerScenario, cancelScenario } from '../../e2e/scenarios.ts';
import { EventSocketClient } from '../engine/event-socket-client.ts';
import { startSwitchProcess } from '../start.ts';

const NEVER_ANSWERED = '13900000000';
const LOOK_MS = 200;
const WAIT_MS_MAX = 75_000;

const cleanups: (() => Promise<void>)[] = [];

afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});

/** A switch that answers its callers, and its legs. */
interface Answering {
  call(options: Omit<SippOptions, 'server'>): Promise<number | null>;
  /** Legs that the switch still has, when it has none or the time is over. */
  legsLeft(): Promise<number>;
  counted(name: string): number;
}

async function openAnswering(): Promise<Answering> {
  const peers: Peer[] = [];
  const started = await startSwitchProcess();
  const client = new EventSocketClient(started.eslPort);
  await client.ask(`auth ${started.password}`);
  await client.ask('event plain CHANNEL_PARK CHANNEL_DESTROY');
  let seen = 0;
  const answering = setInterval(() => {
    for (const event of client.events.slice(seen)) {
      seen++;
      const caller = event['Caller-Caller-ID-Number'];
      if (event['Event-Name'] !== 'CHANNEL_PARK' || caller === NEVER_ANSWERED) continue;
      client.send(`sendmsg ${event['Unique-ID']}`, 'call-command: execute', 'execute-app-name: answer');
    }
  }, LOOK_MS / 4);
  cleanups.push(async () => {
    clearInterval(answering);
    client.close();
    for (const peer of peers) await peer.dispose();
    await started.stop();
  });
  return {
    call(options) {
      const peer = sipp({ ...options, server: `127.0.0.1:${started.sipPort}` });
      peers.push(peer);
      return peer.ended;
    },
    async legsLeft() {
      const endMs = Date.now() + WAIT_MS_MAX;
      for (;;) {
        const { row_count: count } = JSON.parse(await client.ask('api show channels as json')) as { row_count: number };
        if (count === 0 || Date.now() > endMs) return count;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    },
    counted: (name) => client.events.filter((event) => event['Event-Name'] === name).length,
  };
}

const plan = { number: '12345', from: '13800138000', talkMs: 500 };

const refused = callerScenario({ ...plan, codec: 'G729', refused: 488 });
/** A CANCEL waits for a provisional answer (RFC 3261 §9.1). */
const cancelled = cancelScenario({ number: '12345', from: NEVER_ANSWERED });

// Each has a switch of its own; most of the time they wait for a timer of SIP.
describe.concurrent('SIPp against the switch process', () => {
  test('loses every tenth packet of 50 calls, and no leg is left over', async () => {
    const { call, legsLeft, counted } = await openAnswering();
    await call({ scenario: callerScenario(plan), calls: 50, rate: 10, lost: 10, timeoutS: 70 });
    expect(await legsLeft()).toBe(0);
    expect(counted('CHANNEL_PARK')).toBeGreaterThanOrEqual(45);
    expect(counted('CHANNEL_DESTROY')).toBe(counted('CHANNEL_PARK'));
  }, 160_000);

  test('never acknowledges: the switch hangs up after 64*T1', async () => {
    const { call, legsLeft } = await openAnswering();
    const scenario = callerScenario({ ...plan, loseAck: true, talkMs: 45_000 });
    const startedMs = Date.now();
    expect(await call({ scenario, timeoutS: 50 })).toBe(0);
    expect(Date.now() - startedMs).toBeGreaterThan(31_000);
    expect(await legsLeft()).toBe(0);
  }, 160_000);

  test.each(['u1', 't1'] as const)(
    'calls, is refused with 488, cancels (%s), and no leg is left over',
    async (transport) => {
      const { call, legsLeft } = await openAnswering();
      const ended = [
        call({ scenario: callerScenario(plan), calls: 20, rate: 10, transport }),
        call({ scenario: refused, calls: 10, rate: 10, transport }),
        call({ scenario: cancelled, calls: 10, rate: 10, transport }),
      ];
      expect(await Promise.all(ended)).toEqual([0, 0, 0]);
      expect(await legsLeft()).toBe(0);
    },
    90_000,
  );
});
