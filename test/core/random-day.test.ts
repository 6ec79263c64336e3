import { expect, test } from 'vitest';
import { bestAgent } from '../../src/core/best-agent.ts';
import type { Command } from '../../src/core/command.ts';
import type { Event, EventBody } from '../../src/core/event.ts';
import { agentId, type LegId } from '../../src/core/ids.ts';
import { initialState, type State } from '../../src/core/state.ts';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import { nextDeadlineMs, step } from '../../src/core/step.ts';
import { knownLegs } from '../../src/core/view.ts';
import { AGENTS, dayRules, LegSwitch, NODE } from './random-day.ts';

const seeds = process.env['SEED'] ? [Number(process.env['SEED'])] : Array.from({ length: 300 }, (_, seed) => seed);
const ROUNDS = 400;

test('[Q1][Q2][O1][O2][O7][R1][S2] random days with crashes, link losses and switch deaths keep every rule', () => {
  for (const seed of seeds) day(seed);
});

function day(seed: number): void {
  const random = mulberry32(seed);
  const pick = (count: number) => Math.floor(random() * count);
  const fake = new LegSwitch();
  const facts = new Ledger();
  const heard: { event: Event; seq: number; commands: Command[] }[] = [];
  let state = initialState('0123456789abcdef');
  let atMs = 1_000_000;
  const hear = (body: EventBody, released = true): void => {
    const event = { ...body, atMs } as Event;
    const seq = heard.length + 1;
    const commands = step(state, event, seq);
    heard.push({ event, seq, commands });
    facts.take(commands, `seed ${seed}, entry ${seq}`);
    if (released) for (const command of commands) fake.execute(command);
    check(state, `seed ${seed}, entry ${seq}, ${event.type}`);
  };
  const survey = () => hear(fake.survey(knownLegs(state, NODE), atMs));
  hear({ type: 'started' });
  hear({ type: 'settingsLoaded', settings: dayRules() });
  survey();
  for (let round = 0; round < ROUNDS; round++) {
    atMs += pick(4_000);
    const dueMs = nextDeadlineMs(state);
    if (dueMs !== undefined && dueMs < atMs) {
      hear({ type: 'tick' });
      continue;
    }
    const told = pick(4) > 0 ? fake.told.shift() : undefined;
    if (told !== undefined) {
      const crash = pick(60) === 0;
      hear(told, !crash);
      if (!crash) continue;
      state = decodeState(encodeState(state)); // The process died between decide and release.
      hear({ type: 'started' });
      survey();
      continue;
    }
    act(fake, pick, hear, survey);
  }
  for (const id of [...fake.legs.keys()])
    if (fake.legs.get(id)?.direction === 'inbound') fake.end(id, 'NORMAL_CLEARING');
  while (fake.told.length > 0) hear(fake.told.shift()!);
  for (let turn = 0; turn < 50 && nextDeadlineMs(state) !== undefined && state.contacts.size > 0; turn++) {
    atMs = Math.max(atMs, nextDeadlineMs(state)!);
    hear({ type: 'tick' });
    while (fake.told.length > 0) hear(fake.told.shift()!);
  }
  expect([...state.contacts.values()], `seed ${seed}: contacts left open`).toEqual([]);
  expect(state.legs.size, `seed ${seed}: legs left`).toBe(0);
  expect(facts.open(), `seed ${seed}: records left open`).toEqual([]);
  const again = initialState('0123456789abcdef');
  for (const { event, seq, commands } of heard) {
    if (JSON.stringify(step(again, event, seq)) !== JSON.stringify(commands))
      throw new Error(`seed ${seed}: entry ${seq} replays otherwise`);
  }
  expect(encodeState(again)).toBe(encodeState(state));
}

function act(
  fake: LegSwitch,
  pick: (count: number) => number,
  hear: (body: EventBody) => void,
  survey: () => void,
): void {
  const legs = [...fake.legs.values()];
  const one = legs[pick(legs.length || 1)];
  const agent = agentId(AGENTS[pick(AGENTS.length)]!);
  switch (pick(14)) {
    case 0:
    case 1:
      return fake.arrive(`139${pick(20)}`);
    case 2:
    case 3:
    case 4:
      return one === undefined ? undefined : fake.finish(one.id, ['', '1', '2', '9'][pick(4)]!);
    case 5:
    case 6:
      return one?.direction === 'outbound' ? fake.answer(one.id) : undefined;
    case 7:
      return one === undefined
        ? undefined
        : fake.end(one.id, ['NORMAL_CLEARING', 'USER_BUSY', 'CALL_REJECTED', 'MEDIA_TIMEOUT', 'NO_ANSWER'][pick(5)]!);
    case 8:
    case 9:
    case 10:
      return hear({ type: 'agentStateAsked', agent, state: 'ready' });
    case 11:
      return pick(3) > 0
        ? undefined
        : hear({ type: 'agentStateAsked', agent, state: pick(2) ? 'notReady' : 'offline', reason: 'tea' });
    case 12:
      if (one !== undefined && one.state === 'answered')
        hear({ type: pick(2) ? 'legHeld' : 'legResumed', node: NODE, leg: one.id });
      return;
    default: {
      if (pick(6) > 0) return;
      hear({ type: 'nodeLost', node: NODE });
      if (pick(2)) fake.reboot();
      else for (const leg of [...fake.legs.keys()] as LegId[]) if (pick(4) === 0) fake.end(leg, 'NORMAL_CLEARING');
      survey();
    }
  }
}

/** What must hold after every entry. */
function check(state: State, where: string): void {
  const taken = new Map<string, string>();
  for (const contact of state.contacts.values()) {
    const { stage } = contact;
    const agent =
      stage.in === 'queue'
        ? stage.offer?.agent
        : stage.in === 'connecting' || stage.in === 'talk'
          ? stage.agent
          : undefined;
    if (agent === undefined) continue;
    if (taken.has(agent)) throw new Error(`${where}: ${agent} has ${taken.get(agent)} and ${contact.id}`);
    taken.set(agent, contact.id);
    if (state.agents.get(agent)?.work?.contact !== contact.id)
      throw new Error(`${where}: ${agent} does not know of ${contact.id}`);
  }
  for (const agent of state.agents.values()) {
    if (agent.work !== null && agent.work.in !== 'wrapUp' && !taken.has(agent.id))
      throw new Error(`${where}: ${agent.id} is stuck in ${agent.work.in}`);
  }
  for (const contact of state.contacts.values()) {
    const best = bestAgent(state, contact);
    if (best !== undefined) throw new Error(`${where}: ${contact.id} waits while ${best} is idle`);
  }
  const dueMs = nextDeadlineMs(state);
  if (dueMs !== undefined && dueMs <= state.nowMs) throw new Error(`${where}: a deadline in the past`);
}

const PAIRS = {
  contactOpened: 'contactClosed',
  legOpened: 'legClosed',
  waitStarted: 'waitEnded',
  offerMade: 'offerEnded',
  talkStarted: 'talkEnded',
  holdStarted: 'holdEnded',
  recordingStarted: 'recordingEnded',
} as const;

/** Everything opened is closed once, and nothing else is. */
class Ledger {
  readonly #open = new Set<string>();

  take(commands: readonly Command[], where: string): void {
    for (const command of commands) {
      if (command.do !== 'record-fact') continue;
      for (const [opens, closes] of Object.entries(PAIRS)) {
        if (command.fact !== opens && command.fact !== closes) continue;
        const fact = command as unknown as Record<string, string>;
        const name = [
          opens,
          fact['contact'],
          opens === 'legOpened' ? fact['leg'] : '',
          fact['token'] ?? '',
          fact['file'] ?? '',
        ].join(' ');
        if (command.fact === opens ? this.#open.has(name) : !this.#open.has(name))
          throw new Error(`${where}: ${command.fact} of ${name}`);
        if (command.fact === opens) this.#open.add(name);
        else this.#open.delete(name);
      }
    }
  }

  open(): string[] {
    return [...this.#open];
  }
}

function mulberry32(from: number): () => number {
  let seed = from;
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
