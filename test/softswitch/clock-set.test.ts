import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { createUserAgent } from '../../src/softswitch/sip/create-user-agent.ts';
import type { Registration, SipHappening } from '../../src/softswitch/sip/user-agent.ts';
import { driveUserAgent } from '../../src/softswitch/sip-port.ts';
import { openSipSockets, type SipSockets } from '../../src/softswitch/sip-sockets.ts';
import { optionsOf, SDP, seeded } from './sip/virtual-wire.ts';

const HOST = '127.0.0.1';
const HOUR_MS = 3_600_000;
const BINDING_MS = 100_000;

afterEach(() => void vi.useRealTimers());

async function until(satisfied: () => boolean): Promise<void> {
  const endMs = performance.now() + 5_000;
  while (!satisfied()) {
    if (performance.now() > endMs) throw new Error('not in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test.each([
  ['forward', HOUR_MS],
  ['back', -HOUR_MS],
])(
  'with the clock set %s by an hour a call rings on, its INVITE is repeated in time, and phones stay registered',
  async (_way, byMs) => {
    const told: SipHappening[] = [];
    let sockets: SipSockets | undefined;
    const localAddress = () => ({ ip: HOST, port: sockets?.port ?? 0 });
    const agent = createUserAgent({ ...optionsOf(HOST, 5060, seeded(3)), localAddress });
    const sip = driveUserAgent(
      agent,
      () => sockets,
      localAddress,
      (happening) => told.push(happening),
    );
    sockets = await openSipSockets({ host: HOST, port: 0 }, sip, pino({ level: 'silent' }));
    const phone = createSocket('udp4');
    try {
      phone.bind(0, HOST);
      await once(phone, 'listening');
      const { port } = phone.address();
      const invites: number[] = [];
      phone.on('message', (data) => data.toString().startsWith('INVITE') && invites.push(performance.now()));
      const binding: Registration = {
        ...{ user: '1001', contact: `sip:1001@${HOST}:${port}`, callId: 'a', cseq: 1, userAgent: 'phone' },
        ...{ flow: { transport: 'udp', remoteIp: HOST, remotePort: port }, expiresAtMs: Date.now() + BINDING_MS },
      };
      agent.restore([binding], Date.now());
      sip.invite({
        ...{ call: 'c', target: `sip:1001@${HOST}:${port}`, flow: undefined },
        ...{ fromUser: '12345', fromName: '', sdp: SDP, headers: [] },
      });
      await until(() => invites.length === 1);
      vi.useFakeTimers({ toFake: ['Date'] });
      vi.setSystemTime(Date.now() + byMs);
      sip.keepOnly(() => true);
      // RFC 3261 §17.1.1.2: Timer A, T1 = 500 ms.
      await until(() => invites.length === 2);
      expect(invites[1]! - invites[0]!).toBeGreaterThan(400);
      expect(told).toEqual([]);
      const [kept] = sip.registrations();
      const leftMs = kept!.expiresAtMs - Date.now();
      expect(leftMs).toBeGreaterThan(BINDING_MS - 10_000);
      expect(leftMs).toBeLessThanOrEqual(BINDING_MS);
    } finally {
      sip.stop();
      sockets.close();
      phone.close();
    }
  },
);
