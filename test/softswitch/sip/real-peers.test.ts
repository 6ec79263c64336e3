import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Peer, type SippOptions, sipp } from '../../e2e/peers.ts';
import { callerScenario, cancelScenario } from '../../e2e/scenarios.ts';
import { EventSocketClient } from '../engine/event-socket-client.ts';
import { type StartedSwitch, startSwitchProcess } from '../start.ts';

const NEVER_ANSWERED = '13900000000';
const LOOK_MS = 200;
const WAIT_MS_MAX = 75_000;

let started: StartedSwitch;
let client: EventSocketClient;
let answering: NodeJS.Timeout;
let peers: Peer[];

beforeEach(async () => {
  peers = [];
  started = await startSwitchProcess();
  client = new EventSocketClient(started.eslPort);
  await client.ask(`auth ${started.password}`);
  await client.ask('event plain CHANNEL_PARK CHANNEL_DESTROY');
  let seen = 0;
  answering = setInterval(() => {
    for (const event of client.events.slice(seen)) {
      seen++;
      const caller = event['Caller-Caller-ID-Number'];
      if (event['Event-Name'] !== 'CHANNEL_PARK' || caller === NEVER_ANSWERED) continue;
      client.send(`sendmsg ${event['Unique-ID']}`, 'call-command: execute', 'execute-app-name: answer');
    }
  }, LOOK_MS / 4);
});

afterEach(async () => {
  clearInterval(answering);
  client.close();
  for (const peer of peers) await peer.dispose();
  await started.stop();
});

function call(options: Omit<SippOptions, 'server'>): Promise<number | null> {
  const peer = sipp({ ...options, server: `127.0.0.1:${started.sipPort}` });
  peers.push(peer);
  return peer.ended;
}

/** Legs that the switch still has, when it has none or the time is over. */
async function legsLeft(): Promise<number> {
  const endMs = Date.now() + WAIT_MS_MAX;
  for (;;) {
    const { row_count: count } = JSON.parse(await client.ask('api show channels as json')) as { row_count: number };
    if (count === 0 || Date.now() > endMs) return count;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

const counted = (name: string) => client.events.filter((event) => event['Event-Name'] === name).length;
const plan = { number: '12345', from: '13800138000', talkMs: 500 };

const refused = callerScenario({ ...plan, codec: 'G729', refused: 488 });
/** A CANCEL waits for a provisional answer (RFC 3261 §9.1). */
const cancelled = cancelScenario({ number: '12345', from: NEVER_ANSWERED });

describe('SIPp against the switch process', () => {
  test('loses every tenth packet of 50 calls, and no leg is left over', async () => {
    await call({ scenario: callerScenario(plan), calls: 50, rate: 10, lost: 10, timeoutS: 70 });
    expect(await legsLeft()).toBe(0);
    expect(counted('CHANNEL_PARK')).toBeGreaterThanOrEqual(45);
    expect(counted('CHANNEL_DESTROY')).toBe(counted('CHANNEL_PARK'));
  }, 160_000);

  test('never acknowledges: the switch hangs up after 64*T1', async () => {
    const scenario = callerScenario({ ...plan, loseAck: true, talkMs: 45_000 });
    const startedMs = Date.now();
    expect(await call({ scenario, timeoutS: 50 })).toBe(0);
    expect(Date.now() - startedMs).toBeGreaterThan(31_000);
    expect(await legsLeft()).toBe(0);
  }, 160_000);

  test.each(['u1', 't1'] as const)(
    'calls, is refused with 488, cancels (%s), and no leg is left over',
    async (transport) => {
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
