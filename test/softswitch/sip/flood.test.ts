import { expect, test } from 'vitest';
import { SOURCES_MAX } from '../../../src/softswitch/sip/admission.ts';
import { OFFER, rawPeer, request, statusOf } from './raw-peer.ts';
import { leftovers } from './virtual-wire.ts';

const MESSAGES = 30_000;
const METHODS = ['OPTIONS', 'REGISTER', 'INVITE'];

/** What a scanner sends: every method, extension after extension. */
function probe(serial: number): string {
  const user = String(100 + (serial % 9_900));
  const method = METHODS[serial % METHODS.length]!;
  return request(method, {
    ...{ user, callId: `scan-${serial}`, fromTag: `t${serial}`, branch: `z9hG4bKscan${serial}` },
    headers: { To: `<sip:${user}@127.0.0.1>`, From: `<sip:${user}@127.0.0.1>;tag=t${serial}` },
    body: method === 'INVITE' ? OFFER : '',
  });
}

test('a scan from thousands of forged addresses leaves nothing behind, tells little, and a call in progress goes on', () => {
  const peer = rawPeer();
  const { call } = peer.call();
  const before = peer.heard.length;
  peer.wait(60_000);
  for (let serial = 0; serial < MESSAGES; serial += 1) {
    const remoteIp = `203.${serial % 250}.${Math.floor(serial / 250) % 250}.${Math.floor(serial / 62_500) + 1}`;
    const flow = { transport: 'udp', remoteIp, remotePort: 5060 } as const;
    peer.agent.receive(flow, Buffer.from(probe(serial), 'latin1'), peer.nowMs);
    if (serial % 800 === 799) peer.wait(1_000);
  }
  peer.wait(0);
  expect(peer.state.admission.sources.size).toBeLessThanOrEqual(SOURCES_MAX);
  expect(peer.told.filter(({ kind }) => kind === 'incoming')).toHaveLength(1);
  const answers = peer.heard.slice(before);
  expect(answers.every((text) => text.startsWith('SIP/2.0 4'))).toBe(true);
  // OPTIONS from a stranger is not answered at all.
  expect(answers.length).toBeLessThanOrEqual((MESSAGES * 2) / METHODS.length);
  peer.agent.ping(call, peer.nowMs);
  peer.wait(0);
  expect(peer.count('OPTIONS')).toBe(1);
  peer.agent.end(call, undefined, peer.nowMs);
  peer.wait(120_000);
  expect(leftovers(peer.state)).toEqual({});
});

test('a trunk that floods is told 503 beyond its rate, and what it left open is gone when its time is over', () => {
  const peer = rawPeer({ callsMax: 1_000 });
  for (let serial = 0; serial < 4_000; serial += 1) {
    peer.say(
      request('INVITE', {
        ...{ callId: `flood-${serial}`, fromTag: `f${serial}`, branch: `z9hG4bKflood${serial}`, body: OFFER },
      }),
    );
    if (serial % 800 === 799) peer.wait(1_000);
  }
  const admitted = peer.told.flatMap((happening) => (happening.kind === 'incoming' ? [happening.call] : []));
  expect(admitted.length).toBeGreaterThanOrEqual(100);
  expect(admitted.length).toBeLessThanOrEqual(100 + 50 * 5);
  expect(peer.heard.filter((text) => statusOf(text) === 503)).toHaveLength(4_000 - admitted.length);
  for (const call of admitted) peer.agent.reject(call, 503, '', peer.nowMs);
  peer.wait(120_000);
  expect(leftovers(peer.state)).toEqual({});
});
