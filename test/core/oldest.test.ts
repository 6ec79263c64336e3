import { describe, expect, test } from 'vitest';
import type { ContactId } from '../../src/core/ids.ts';
import { nodeId } from '../../src/core/ids.ts';
import type { Settings } from '../../src/core/settings.ts';
import { nextDeadlineMs, step } from '../../src/core/step.ts';
import { agent, always, Hotline, queue, rules, until } from './routing-day.ts';

const NODE = nodeId('switch');
const LAW = { skill: 'law', level: 1 };
const ANYBODY = { all: [] };
const SKIPPED_AFTER_MS = 20_000;
/** Nobody is told a place, so that nothing but the oldest wait touches who waits. */
const QUIET = { positionFirstMs: 1_000_000, returnMs: 10_000 };
const PLANS = { p: [until(600_000, LAW, { skipIf: SKIPPED_AFTER_MS }), always(ANYBODY)] };
const STAFF = [
  agent('ana', { personal: 1 }),
  agent('bob', { personal: 1 }),
  agent('leo', { law: 1 }, { profile: [{ queue: 'personal', rank: 1, delayMs: 0 }] }),
];

/** Callers of the line `vip` count as having waited for ten minutes already. */
const city = (more: Partial<Settings> = {}) =>
  rules([queue('personal', { plan: 'p', ...QUIET })], STAFF, {
    plans: PLANS,
    lines: { personal: 'personal', vip: 'vip' },
    flows: Object.fromEntries(
      [0, 600_000].map((headStartMs) => [
        headStartMs === 0 ? 'personal' : 'vip',
        { start: 'in', steps: { in: { kind: 'queue', queue: 'personal', prompts: [], headStartMs } } },
      ]),
    ),
    ...more,
  });

/** One who came 15 s after another, with idle agents who may have neither yet. */
function two(...idle: string[]): { hotline: Hotline; old: ContactId; young: ContactId } {
  const hotline = new Hotline(city());
  hotline.ready(...idle);
  const old = hotline.call('personal', '1');
  hotline.pass(15_000);
  return { hotline, old, young: hotline.call('personal', '2') };
}

const rung = (hotline: Hotline, ...contacts: ContactId[]) => contacts.map((each) => hotline.ringing(each));

describe('a step for a queue that is not long', () => {
  test('[Q6][Q11] is over for all in the moment in which the oldest has waited longer, the oldest is offered first', () => {
    const { hotline, old, young } = two('ana');
    hotline.pass(5_000);
    expect(rung(hotline, old, young)).toEqual([undefined, undefined]);
    hotline.pass(1);
    expect(rung(hotline, old, young)).toEqual(['ana', undefined]);
    hotline.ready('bob');
    expect(rung(hotline, old, young)).toEqual(['ana', 'bob']);
  });

  test('[Q11][Q17] is not held by a younger caller with a head start, nor ended by the head start', () => {
    const hotline = new Hotline(city());
    hotline.ready('ana', 'bob');
    const old = hotline.call('personal', '1');
    hotline.pass(15_000);
    const vip = hotline.call('vip', '2');
    hotline.pass(5_000);
    expect(rung(hotline, old, vip)).toEqual([undefined, undefined]);
    hotline.pass(1);
    expect(rung(hotline, old, vip)).toEqual(['bob', 'ana']);
  });

  test('[Q11] lasts for the next oldest when the oldest is gone just before', () => {
    const { hotline, old, young } = two('ana');
    hotline.pass(5_000);
    hotline.hangUp(old);
    const dueMs = nextDeadlineMs(hotline.state);
    hotline.restart();
    expect(nextDeadlineMs(hotline.state)).toBe(dueMs);
    hotline.pass(15_000);
    expect(hotline.ringing(young)).toBeUndefined();
    hotline.pass(1);
    expect(hotline.ringing(young)).toBe('ana');
  });

  test('[Q11][E2] is over for the next oldest when the oldest hangs up later than it was to be over, and the tick later still', () => {
    const hotline = new Hotline(city());
    hotline.ready('ana');
    const [old, next] = [hotline.call('personal', '1'), hotline.call('personal', '2')];
    const { state } = hotline;
    const { leg } = state.contacts.get(old)!;
    const atMs = state.nowMs + SKIPPED_AFTER_MS + 2;
    step(state, { type: 'legEnded', node: NODE, leg, cause: 'NORMAL_CLEARING', atMs }, state.seq + 1);
    expect(hotline.ringing(next)).toBe('ana');
  });

  test.each<[string, (hotline: Hotline) => void]>([
    ['restart', (hotline) => hotline.restart()],
    [
      'change of the settings',
      (hotline) => hotline.hear({ type: 'settingsLoaded', settings: { ...city(), version: 'other' } }),
    ],
  ])('[Q11][P6] is over in the same moment after a %s', (_, between) => {
    const { hotline, old, young } = two('ana', 'bob');
    between(hotline);
    hotline.pass(5_000);
    expect(rung(hotline, old, young)).toEqual([undefined, undefined]);
    between(hotline);
    hotline.pass(1);
    expect(rung(hotline, old, young)).toEqual(['ana', 'bob']);
  });

  test('[Q11][P6] begins anew with other settings: a longer wait than they allow is found at once, a shorter one in time', () => {
    const { hotline, old, young } = two('ana', 'bob');
    const load = (skipIf: number) =>
      hotline.hear({
        type: 'settingsLoaded',
        settings: city({ plans: { p: [until(600_000, LAW, { skipIf }), always(ANYBODY)] } }),
      });
    load(60_000);
    hotline.pass(40_000);
    expect(rung(hotline, old, young)).toEqual([undefined, undefined]);
    load(55_000);
    expect(rung(hotline, old, young)).toEqual([undefined, undefined]);
    load(54_999);
    expect(rung(hotline, old, young)).toEqual(['ana', 'bob']);
  });

  test('[Q11][T10] is over at once when somebody comes back who has waited longer', () => {
    const hotline = new Hotline(city());
    const back = hotline.call('personal', '1');
    hotline.ready('leo');
    hotline.answer(back);
    const { stage } = hotline.state.contacts.get(back)!;
    if (stage.in !== 'talk') throw new Error(stage.in);
    hotline.ask('leo', 'notReady');
    hotline.ready('ana', 'bob');
    hotline.pass(30_000);
    const other = hotline.call('personal', '2');
    hotline.hear({ type: 'legEnded', node: NODE, leg: stage.agentLeg, cause: 'MEDIA_TIMEOUT' });
    hotline.pass(9_999);
    expect(hotline.ringing(other)).toBeUndefined();
    hotline.pass(1);
    expect(rung(hotline, back, other)).toEqual(['ana', 'bob']);
  });

  test('[Q11][B3] does not end by a call-back of ours, however long it stands', () => {
    const missedCalls = { calendar: 'always', withinMs: 7_200_000, afterOpeningMs: 5_400_000, standingMax: 2 };
    const hotline = new Hotline(city({ missedCalls, dialsOut: true }));
    hotline.hangUp(hotline.call('personal', '13800138000'));
    hotline.ready('ana');
    const ours = hotline.state.missed.get('13800138000')!.by!;
    hotline.pass(100_000);
    hotline.restart();
    const call = hotline.call('personal', '2');
    hotline.pass(SKIPPED_AFTER_MS);
    expect(rung(hotline, ours, call)).toEqual([undefined, undefined]);
    hotline.pass(1);
    expect(rung(hotline, ours, call)).toEqual([undefined, 'ana']);
  });

  test('[Q11][B3] ends by the citizen of a call-back who is there and waits like any other', () => {
    const missedCalls = { calendar: 'always', withinMs: 7_200_000, afterOpeningMs: 5_400_000, standingMax: 2 };
    const hotline = new Hotline(city({ missedCalls, dialsOut: true }));
    hotline.hangUp(hotline.call('personal', '13800138000'));
    const ours = hotline.state.contacts.get(hotline.state.missed.get('13800138000')!.by!)!;
    hotline.ready('leo');
    hotline.answer(ours.id);
    hotline.bridges = false;
    hotline.hear({ type: 'legAnswered', node: NODE, leg: ours.leg });
    hotline.pass(10_000);
    hotline.ask('leo', 'notReady');
    hotline.ready('ana', 'bob');
    const call = hotline.call('personal', '2');
    hotline.pass(SKIPPED_AFTER_MS - 10_000);
    expect(rung(hotline, ours.id, call)).toEqual([undefined, undefined]);
    hotline.pass(1);
    expect(rung(hotline, ours.id, call)).toEqual(['ana', 'bob']);
  });

  test('[Q11][W1] is over for the chats by the oldest chat, for the calls by the oldest call', () => {
    const chat = { offerMs: 30_000, boundMs: 600_000, wrapUpMs: 0, waitingMax: 5 };
    const slots = { each: { chat: 1 }, beside: { voice: { chat: 1 } }, media: { chat } };
    const hotline = new Hotline(city({ slots }));
    hotline.ready('ana');
    const first = hotline.open('chat', 'personal')!;
    hotline.pass(10_000);
    const call = hotline.call('personal', '1');
    hotline.pass(10_000);
    expect(rung(hotline, first, call)).toEqual([undefined, undefined]);
    hotline.pass(1);
    expect(rung(hotline, first, call)).toEqual(['ana', undefined]);
    hotline.reply(first);
    hotline.pass(9_999);
    expect(hotline.ringing(call)).toBeUndefined();
    hotline.pass(1);
    expect(hotline.ringing(call)).toBe('ana');
  });

  test('[Q11] of several such steps each ends in its own moment', () => {
    const first = until(600_000, { skill: 'none', level: 1 }, { skipIf: SKIPPED_AFTER_MS });
    const plans = { p: [first, until(600_000, LAW, { skipIf: 45_000 }), always(ANYBODY)] };
    const hotline = new Hotline(city({ plans }));
    hotline.ready('ana', 'leo');
    const old = hotline.call('personal', '1');
    const young = hotline.call('personal', '2');
    hotline.pass(SKIPPED_AFTER_MS + 1);
    expect(rung(hotline, old, young)).toEqual(['leo', undefined]);
    hotline.pass(45_000 - SKIPPED_AFTER_MS - 1);
    expect(hotline.ringing(young)).toBeUndefined();
    hotline.pass(1);
    expect(rung(hotline, old, young)).toContain('ana');
  });
});
