import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { emptyState, userAgentOn } from '../../../src/softswitch/sip/create-user-agent.ts';
import { answerOffer, readAnswer } from '../../../src/softswitch/sip/sdp.ts';
import type { State } from '../../../src/softswitch/sip/state.ts';
import type { Flow, SipHappening, UserAgent } from '../../../src/softswitch/sip/user-agent.ts';
import { mutate } from './mutate.ts';
import { anyMessage } from './plausible.ts';
import { type Chance, leftovers, optionsOf, pick, SDP, seeded } from './virtual-wire.ts';

const MUTATIONS = 100_000;
const ROUND = 2_000;
const CALLS_MAX = 40;
const FLOWS: readonly Flow[] = [
  { transport: 'udp', remoteIp: '127.0.0.9', remotePort: 5070 },
  { transport: 'udp', remoteIp: '127.0.0.8', remotePort: 6000 },
  { transport: 'udp', remoteIp: '198.51.100.7', remotePort: 5060 },
  { transport: 'tcp', remoteIp: '127.0.0.9', remotePort: 5071, connection: 1 },
  { transport: 'tcp', remoteIp: '198.51.100.8', remotePort: 40_000, connection: 2 },
];

interface Target {
  readonly agent: UserAgent;
  readonly state: State;
  readonly chance: Chance;
  nowMs: number;
  serial: number;
  /** How often each kind of happening was told. */
  readonly told: Map<string, number>;
}

/** An owner who does anything that an owner may do. */
function react({ agent, chance, nowMs, told }: Target, happening: SipHappening): void {
  told.set(happening.kind, (told.get(happening.kind) ?? 0) + 1);
  const fate = chance();
  switch (happening.kind) {
    case 'incoming':
      if (fate < 0.5) agent.ring(happening.call, chance() < 0.5 ? SDP : undefined, chance() < 0.7, nowMs);
      if (fate > 0.3 && fate < 0.8) agent.accept(happening.call, SDP, nowMs);
      if (fate > 0.9) agent.reject(happening.call, 486, 'Q.850;cause=17', nowMs);
      return;
    case 'offer':
      return fate < 0.7 ? agent.acceptOffer(happening.call, SDP, nowMs) : agent.rejectOffer(happening.call, 488, nowMs);
    case 'answered':
    case 'confirmed':
      if (fate < 0.3) agent.offer(happening.call, SDP, nowMs);
      else if (fate < 0.5) agent.ping(happening.call, nowMs);
      else if (fate < 0.6) agent.acceptOffer(happening.call, SDP, nowMs);
      return;
    default:
      return;
  }
}

function drain(target: Target): void {
  const { agent, chance } = target;
  for (let outputs = agent.takeOutputs(); outputs.length > 0; outputs = agent.takeOutputs()) {
    for (const output of outputs) {
      if (output.kind === 'close') agent.connectionClosed(output.flow.connection ?? 0, target.nowMs);
      else if (output.kind !== 'send') react(target, output);
      else if (chance() < 0.0002) agent.unreachable(output.flow, target.nowMs);
    }
  }
}

function callOut(target: Target): void {
  if (target.agent.callCount() >= CALLS_MAX) return;
  const { chance } = target;
  const flow = pick(chance, FLOWS);
  target.agent.invite(
    {
      call: `out-${target.serial++}`,
      target: `sip:1001@127.0.0.9:5070${flow.transport === 'tcp' ? ';transport=tcp' : ''}`,
      flow: chance() < 0.5 ? flow : undefined,
      fromUser: '12345',
      fromName: '民呼',
      sdp: chance() < 0.7 ? SDP : undefined,
      headers: [],
      credentials: { user: '1001', password: 'x' },
    },
    target.nowMs,
  );
}

function deliver(target: Target, faulty: boolean): void {
  const { agent, state, chance } = target;
  const flow = pick(chance, FLOWS);
  const whole = Buffer.from(anyMessage(state, chance, target.serial++, flow.transport), 'latin1');
  const data = faulty ? mutate(whole, chance) : whole;
  const cut = flow.transport === 'tcp' && chance() < 0.5 ? Math.floor(chance() * data.length) : data.length;
  agent.receive(flow, data.subarray(0, cut), target.nowMs);
  if (cut < data.length) agent.receive(flow, data.subarray(cut), target.nowMs);
  drain(target);
}

/** A mutated message among good ones, after which the agent must be as sane as before. */
function throwOne(target: Target): void {
  const { agent, state, chance } = target;
  if (chance() < 0.6) deliver(target, false);
  deliver(target, true);
  if (chance() < 0.04) callOut(target);
  if (chance() < 0.03) agent.ping(pick(chance, [...state.calls.keys(), '']), target.nowMs);
  if (chance() < 0.05) agent.offer(pick(chance, [...state.calls.keys(), '']), SDP, target.nowMs);
  if (chance() < 0.02) agent.end(pick(chance, [...state.calls.keys(), '']), undefined, target.nowMs);
  if (chance() < 0.01) agent.connectionClosed(1 + Math.floor(chance() * 2), target.nowMs);
  if (chance() < 0.2) target.nowMs += Math.floor(chance() * 300);
  agent.advance(target.nowMs);
  drain(target);
}

function isSane({ agent, state, nowMs }: Target): boolean {
  const next = agent.nextDeadlineMs();
  return !Number.isNaN(next) && next > nowMs && state.calls.size <= CALLS_MAX && state.dialogs.size < 2 * ROUND;
}

/** Every call is ended, every timer runs out: nothing may remain. */
function runDry(target: Target): Record<string, number> {
  const { agent, state } = target;
  for (const connection of [1, 2]) agent.connectionClosed(connection, target.nowMs);
  for (const call of [...state.calls.keys()]) agent.end(call, 'Q.850;cause=16', target.nowMs);
  drain(target);
  const endMs = target.nowMs + 200_000;
  while (agent.nextDeadlineMs() <= endMs) {
    target.nowMs = agent.nextDeadlineMs();
    agent.advance(target.nowMs);
    drain(target);
    for (const call of [...state.calls.keys()]) agent.end(call, undefined, target.nowMs);
  }
  return { ...leftovers(state), registrations: agent.registrations().length, streams: state.streams.size };
}

describe('a user agent with calls in progress', () => {
  test(`withstands ${MUTATIONS} mutated messages over UDP and TCP, and nothing of them remains`, () => {
    let seen = 0;
    let mostCalls = 0;
    const told = new Map<string, number>();
    for (let round = 0; round < MUTATIONS / ROUND; round++) {
      const chance = seeded(4_475 + round);
      const state = emptyState(optionsOf('127.0.0.1', 5060, chance, { callsMax: CALLS_MAX }));
      const target: Target = { agent: userAgentOn(state), state, chance, nowMs: 1_000_000, serial: 0, told };
      for (let index = 0; index < 5; index++) callOut(target);
      for (let thrown = 0; thrown < ROUND; thrown++) {
        throwOne(target);
        seen++;
        mostCalls = Math.max(mostCalls, state.calls.size);
        if (!isSane(target)) throw new Error(`round ${round}, message ${thrown}: ${JSON.stringify(leftovers(state))}`);
      }
      expect({ round, left: runDry(target) }).toEqual({ round, left: { registrations: 0, streams: 0 } });
    }
    expect(seen).toBe(MUTATIONS);
    expect(mostCalls).toBeGreaterThan(10);
    for (const kind of ['incoming', 'ringing', 'answered', 'confirmed', 'offer', 'ended', 'digit', 'pinged'] as const) {
      expect({ kind, often: (told.get(kind) ?? 0) >= 100 }).toEqual({ kind, often: true });
    }
  }, 180_000);

  test('withstands every message of RFC 4475, whole and in pieces', () => {
    const folder = new URL('../../../node_modules/sip/test/messages/', import.meta.url);
    const names = readdirSync(folder).filter((name) => name.endsWith('.dat'));
    expect(names.length).toBeGreaterThanOrEqual(49);
    const chance = seeded(3_261);
    const state = emptyState(optionsOf('127.0.0.1', 5060, chance, { mayDial: () => true }));
    const target: Target = { agent: userAgentOn(state), state, chance, nowMs: 1_000_000, serial: 0, told: new Map() };
    for (const name of names) {
      const data = readFileSync(new URL(name, folder));
      for (const flow of FLOWS) {
        target.agent.receive(flow, data.subarray(0, 100), target.nowMs);
        target.agent.receive(flow, data.subarray(100), target.nowMs);
        if (flow.transport === 'udp') target.agent.receive(flow, data, target.nowMs);
        drain(target);
      }
    }
    expect(runDry(target)).toEqual({ registrations: 0, streams: 0 });
  });
});

test('the reader of descriptions withstands mutated offers and answers', () => {
  const chance = seeded(8_866);
  const offer = `${SDP}a=rtpmap:96 telephone-event/8000\r\na=sendonly\r\nm=video 5000 RTP/AVP 31\r\nc=IN IP6 2001:db8::1\r\n`;
  const local = { ip: '127.0.0.1', port: 4_000, sessionId: 1 };
  for (let count = 0; count < 50_000; count++) {
    const text = mutate(Buffer.from(offer), chance).toString(chance() < 0.5 ? 'latin1' : 'utf8');
    const result = answerOffer(text, { ...local, previous: chance() < 0.5 ? text : undefined }, '127.0.0.2');
    if (result !== undefined) expect(answerOffer(result.answer, local, '127.0.0.1')).toBeDefined();
    readAnswer(text, '127.0.0.2');
  }
});
