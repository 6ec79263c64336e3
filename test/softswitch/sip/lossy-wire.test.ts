import { describe, expect, test } from 'vitest';
import type { SipHappening } from '../../../src/softswitch/sip/user-agent.ts';
import { type Chance, leftovers, type Party, SDP, seeded, VirtualWire } from './virtual-wire.ts';

const WISHES = ['hangUp', 'cancel', 'refuse', 'reoffer', 'bothReoffer', 'bothHangUp'] as const;
type Wish = (typeof WISHES)[number];

const OVER_MS = 60_000;
const GIVE_UP_MS = 32_000;

const outgoing = (to: Party) => ({
  call: 'out',
  target: `sip:12345@${to.port === 5060 ? '127.0.0.1' : '127.0.0.2'}:${to.port}`,
  flow: undefined,
  fromUser: '13800138000',
  fromName: '',
  sdp: SDP,
  headers: [],
});

/** One call in bad weather: two owners who do their part at times of their own. */
function play(wire: VirtualWire, caller: Party, callee: Party, wish: Wish, chance: Chance): void {
  let later: { atMs: number; act: (nowMs: number) => void }[] = [];
  const at = (afterMs: number, act: (nowMs: number) => void) => later.push({ atMs: wire.nowMs + afterMs, act });
  const some = (ms: number) => Math.floor(chance() * ms);
  const incoming = (call: string) => {
    at(some(300), (nowMs) => callee.agent.ring(call, chance() < 0.3 ? SDP : undefined, chance() < 0.5, nowMs));
    const after = some(4_000);
    if (wish === 'refuse') at(after, (nowMs) => callee.agent.reject(call, 486, 'busy', nowMs));
    else at(after, (nowMs) => callee.agent.accept(call, SDP, nowMs));
    if (wish === 'bothHangUp') at(12_000, (nowMs) => callee.agent.end(call, 'Q.850;cause=16', nowMs));
    if (wish === 'bothReoffer') at(8_000, (nowMs) => callee.agent.offer(call, SDP, nowMs));
  };
  const react = (side: Party) => (happening: SipHappening) => {
    if (happening.kind === 'incoming') incoming(happening.call);
    if (happening.kind === 'offer') at(some(500), (nowMs) => side.agent.acceptOffer(happening.call, SDP, nowMs));
  };
  caller.react = react(caller);
  callee.react = react(callee);
  caller.agent.invite(outgoing(callee), wire.nowMs);
  if (wish === 'cancel') at(some(5_000), (nowMs) => caller.agent.end('out', undefined, nowMs));
  if (wish === 'reoffer' || wish === 'bothReoffer') at(8_000, (nowMs) => caller.agent.offer('out', SDP, nowMs));
  if (wish === 'hangUp' || wish === 'bothHangUp') at(12_000, (nowMs) => caller.agent.end('out', undefined, nowMs));
  at(OVER_MS, (nowMs) => {
    for (const { agent, state } of [caller, callee])
      for (const call of [...state.calls.keys()]) agent.end(call, undefined, nowMs);
  });
  for (let nowMs = 0; nowMs <= OVER_MS; nowMs += 20) {
    wire.run(nowMs);
    const due = later.filter(({ atMs }) => atMs <= nowMs);
    later = later.filter(({ atMs }) => atMs > nowMs);
    for (const { act } of due) act(nowMs);
    wire.settle();
  }
}

const endings = ({ told }: Party) => told.filter(({ kind }) => kind === 'ended').length;
const openings = ({ told }: Party) => told.filter(({ kind }) => kind === 'incoming').length;

describe('on a wire that loses, doubles and reorders', () => {
  for (const loss of [0.1, 0.2, 0.3]) {
    test(`(${loss * 100} %) every call ends on both sides, once, and nothing of it remains`, () => {
      for (let seed = 0; seed < 120; seed++) {
        const chance = seeded(seed * 31 + loss * 100);
        const wire = new VirtualWire(seed, { chance, loss, duplicates: 0.1, delayMsMax: 700 });
        const [caller, callee] = seed % 2 === 0 ? [wire.left, wire.right] : [wire.right, wire.left];
        const wish = WISHES[Math.floor(seed / 2) % WISHES.length]!;
        play(wire, caller, callee, wish, chance);
        wire.run(OVER_MS + 2 * GIVE_UP_MS);
        const seen = {
          caller: { calls: caller.state.calls.size, dialogs: caller.state.dialogs.size, ended: endings(caller) },
          callee: { calls: callee.state.calls.size, dialogs: callee.state.dialogs.size, ended: endings(callee) },
        };
        expect({ seed, wish, ...seen }).toEqual({
          ...{ seed, wish },
          caller: { calls: 0, dialogs: 0, ended: 1 },
          callee: { calls: 0, dialogs: 0, ended: openings(callee) },
        });
        expect(openings(callee)).toBeLessThanOrEqual(1);
        wire.run(OVER_MS + 3 * GIVE_UP_MS + 1_000);
        expect({ seed, wish, caller: leftovers(caller.state), callee: leftovers(callee.state) }).toEqual({
          ...{ seed, wish, caller: {}, callee: {} },
        });
      }
    });
  }

  test('reordered re-INVITEs of both sides settle', () => {
    let settled = 0;
    for (let seed = 0; seed < 60; seed++) {
      const chance = seeded(seed);
      const wire = new VirtualWire(seed, { chance, loss: 0.1, delayMsMax: 400 });
      play(wire, wire.left, wire.right, 'bothReoffer', chance);
      const again = [wire.left, wire.right].map(({ told }) => told.some((one) => one.kind === 'answered' && one.again));
      if (again.every(Boolean)) settled++;
    }
    expect(settled).toBe(60);
  });
});

describe('an answer', () => {
  const set = () => {
    const wire = new VirtualWire(1);
    wire.right.react = (happening, nowMs) => {
      if (happening.kind === 'incoming') wire.right.agent.accept(happening.call, SDP, nowMs);
    };
    return wire;
  };
  const count = (side: Party, start: string) => side.sent.filter((text) => text.startsWith(start)).length;

  test('is repeated until its ACK comes', () => {
    const wire = set();
    wire.filter = (text, _, nowMs) => !text.startsWith('ACK ') || nowMs > 5_000;
    wire.left.agent.invite(outgoing(wire.right), 0);
    wire.run(60_000);
    // At 0, 0.5, 1.5, 3.5 and 7.5 s; the ACK of the last gets through.
    expect(count(wire.right, 'SIP/2.0 200')).toBe(5);
    expect(count(wire.left, 'ACK ')).toBe(5);
    expect(wire.right.told.map(({ kind }) => kind)).toEqual(['incoming', 'confirmed']);
  });

  test('whose ACK never comes ends in a BYE after 64*T1', () => {
    const wire = set();
    wire.filter = (text) => !text.startsWith('ACK ');
    wire.left.agent.invite(outgoing(wire.right), 0);
    wire.run(31_999);
    expect(count(wire.right, 'BYE ')).toBe(0);
    wire.run(32_000);
    expect(count(wire.right, 'BYE ')).toBe(1);
    expect(wire.right.told.at(-1)).toMatchObject({ kind: 'ended', by: 'timeout' });
    expect(wire.left.told.at(-1)).toMatchObject({ kind: 'ended', by: 'peer' });
    wire.run(32_000 + 64_000);
    expect([leftovers(wire.left.state), leftovers(wire.right.state)]).toEqual([{}, {}]);
  });

  test('to a caller who vanished can be taken back at once, and leaves nothing', () => {
    const wire = set();
    wire.filter = (_, from) => from === wire.left && wire.nowMs === 0 && count(wire.left, '') <= 1;
    wire.left.agent.invite(outgoing(wire.right), 0);
    wire.settle();
    const [call] = wire.right.state.calls.keys();
    wire.run(1_000);
    wire.right.agent.end(call!, undefined, wire.nowMs);
    expect(wire.right.told.at(-1)?.kind).toBe('incoming');
    wire.settle();
    expect(wire.right.told.at(-1)).toMatchObject({ kind: 'ended', by: 'us' });
    wire.run(32_000 + 64_000);
    expect(leftovers(wire.right.state)).toEqual({});
  });
});
