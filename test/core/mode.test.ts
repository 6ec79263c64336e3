import { expect, test } from 'vitest';
import { nodeId } from '../../src/core/ids.ts';
import type { ModeRule } from '../../src/core/settings.ts';
import { modeView } from '../../src/core/view.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

const city = () =>
  rules([queue('personal'), queue('enterprise')], [agent('ana', { personal: 1 }), agent('eva', { enterprise: 1 })], {
    plans: { anybody: [{ untilMs: null, needs: { all: [] } }] },
    modes: {
      emergency: { queues: { personal: { plan: 'anybody', wrapUpMs: 5_000 } }, lines: { '12345': 'enterprise' } },
    },
    modeRules: [
      { mode: 'emergency', waitingOver: 2, forMs: 60_000 },
      { mode: 'normal', waitingUnder: 1, forMs: 120_000 },
    ],
  });

const facts = (hotline: Hotline, name: string) =>
  hotline.commands.filter((command) => command.do === 'record-fact' && command.fact === name);

test("[M1][M2] a mode holds from a named person's word, for those who wait already too, and is taken back the same way", () => {
  const hotline = new Hotline(city());
  hotline.ready('eva');
  const call = hotline.call('personal');
  expect(hotline.ringing(call)).toBeUndefined();
  hotline.hear({ type: 'modeAsked', mode: 'emergency', by: 'lead', reason: '燃气泄漏' });
  expect(hotline.ringing(call)).toBe('eva');
  expect(hotline.state.settings?.lines['12345']).toBe('enterprise');
  expect(facts(hotline, 'modeChanged')).toMatchObject([
    { mode: 'emergency', from: 'normal', by: 'lead', proposed: false },
  ]);
  hotline.restart();
  expect(hotline.state.settings?.queues['personal']).toMatchObject({
    plan: 'anybody',
    wrapUpMs: 5_000,
    ringMs: 20_000,
  });
  hotline.hear({ type: 'modeAsked', mode: 'normal', by: 'lead', reason: '解除' });
  expect(hotline.state.settings).toEqual(hotline.state.base);
  expect(hotline.ringing(call)).toBe('eva');
});

test('[M1] who changed the mode, and why, is recorded as it was said, cut to its length, and of each change', () => {
  const hotline = new Hotline(city());
  const said = (by: string, reason: string, mode: 'emergency' | 'normal') =>
    hotline.hear({ type: 'modeAsked', mode, by, reason });
  said('lead', '燃气泄漏', 'emergency');
  expect(modeView(hotline.state)).toMatchObject({ mode: 'emergency', by: 'lead', sinceMs: hotline.state.nowMs });
  said('eva', '解除', 'normal');
  said('x'.repeat(65), '长'.repeat(41), 'emergency');
  said('ben', '再次', 'emergency');
  const fact = { do: 'record-fact', fact: 'modeChanged', proposed: false };
  expect(facts(hotline, 'modeChanged')).toMatchObject([
    { ...fact, mode: 'emergency', from: 'normal', by: 'lead', reason: '燃气泄漏' },
    { ...fact, mode: 'normal', from: 'emergency', by: 'eva', reason: '解除' },
    { ...fact, mode: 'emergency', from: 'normal', by: 'x'.repeat(64), reason: '长'.repeat(40) },
  ]);
  expect(modeView(hotline.state).by).toBe('x'.repeat(64));
});

test('[M3] a crowd that lasts proposes a mode once, changes nothing by itself, and its end proposes the return', () => {
  const hotline = new Hotline(city());
  const calls = [1, 2, 3].map(() => hotline.call('personal'));
  hotline.pass(59_999);
  expect(facts(hotline, 'modeProposed')).toEqual([]);
  hotline.restart();
  hotline.pass(1);
  hotline.pass(300_000);
  expect(facts(hotline, 'modeProposed')).toMatchObject([{ mode: 'emergency' }]);
  expect(hotline.state.mode.name).toBe('normal');
  hotline.hear({ type: 'modeAsked', mode: 'emergency', by: 'lead', reason: '确认' });
  expect(facts(hotline, 'modeChanged')).toMatchObject([{ proposed: true }]);
  for (const call of calls.slice(1)) hotline.hangUp(call);
  hotline.pass(300_000);
  // One waits, which is not fewer than one.
  expect(facts(hotline, 'modeProposed')).toHaveLength(1);
  hotline.hangUp(calls[0]!);
  hotline.pass(120_000);
  expect(facts(hotline, 'modeProposed')).toHaveLength(2);
  expect(hotline.state.mode).toMatchObject({ name: 'emergency', proposed: { mode: 'normal' } });
});

test('[M4] a proposal is withdrawn when its crowd is gone for as long as it had to last, and may come back', () => {
  const hotline = new Hotline(city());
  const withdrawn = () => facts(hotline, 'modeProposalWithdrawn').length;
  const crowd = () => [1, 2, 3].map(() => hotline.call('personal'));
  const [first, ...others] = crowd();
  hotline.pass(60_000);
  expect(modeView(hotline.state).proposed).toEqual({ mode: 'emergency', atMs: 10_060_000 });
  hotline.hangUp(first!);
  hotline.pass(59_000);
  hotline.call('personal');
  hotline.pass(600_000);
  expect([withdrawn(), modeView(hotline.state).proposed?.mode]).toEqual([0, 'emergency']);
  for (const other of others) hotline.hangUp(other);
  hotline.pass(59_999);
  hotline.restart();
  expect([withdrawn(), modeView(hotline.state).proposed?.mode]).toEqual([0, 'emergency']);
  hotline.pass(1);
  expect([withdrawn(), modeView(hotline.state)]).toEqual([1, { mode: 'normal', sinceMs: 0, by: '' }]);
  crowd();
  hotline.pass(60_000);
  expect(facts(hotline, 'modeProposed')).toHaveLength(2);
  expect(facts(hotline, 'modeChanged')).toEqual([]);
});

test('[M4] a proposal of rules that have no condition for it any more is withdrawn at once', () => {
  const hotline = new Hotline(city());
  for (let n = 0; n < 3; n++) hotline.call('personal');
  hotline.pass(60_000);
  const { modeRules: _, ...without } = city();
  hotline.hear({ type: 'settingsLoaded', settings: { ...without, version: 'without' } });
  expect(facts(hotline, 'modeProposalWithdrawn')).toMatchObject([{ mode: 'emergency' }]);
  expect(hotline.state.mode.proposed).toBeNull();
});

test('[M3] a crowd that goes away in time proposes nothing', () => {
  const hotline = new Hotline(city());
  const calls = [1, 2, 3].map(() => hotline.call('personal'));
  hotline.pass(50_000);
  hotline.hangUp(calls[0]!);
  hotline.pass(20_000);
  hotline.call('personal');
  hotline.pass(59_000);
  expect(facts(hotline, 'modeProposed')).toEqual([]);
});

test('[M3] a crowd lasts on while seats change and conditions are added, by its own condition alone', () => {
  const hotline = new Hotline(city());
  for (let n = 0; n < 3; n++) hotline.call('personal');
  const { modeRules = [], agents, ...others } = city();
  const [emergency, normal] = modeRules;
  const load = (version: string, rulesNow: readonly ModeRule[]) =>
    hotline.hear({
      type: 'settingsLoaded',
      settings: { ...others, agents: agents.slice(1), modeRules: rulesNow, version },
    });
  hotline.pass(30_000);
  load('a seat less', modeRules);
  hotline.pass(29_999);
  load('a condition more', [normal!, { mode: 'majorTask', waitingOver: 2, forMs: 60_000 }, emergency!]);
  expect(facts(hotline, 'modeProposed')).toEqual([]);
  hotline.pass(1);
  expect(facts(hotline, 'modeProposed')).toMatchObject([{ mode: 'emergency' }]);
  hotline.pass(59_998);
  expect(facts(hotline, 'modeProposed')).toHaveLength(1);
  hotline.restart();
  hotline.pass(1);
  expect(facts(hotline, 'modeProposed')).toMatchObject([{ mode: 'emergency' }, { mode: 'majorTask' }]);
});

test('[M3] in another mode each condition lasts anew', () => {
  const hotline = new Hotline(city());
  for (let n = 0; n < 3; n++) hotline.call('personal');
  hotline.pass(30_000);
  hotline.hear({ type: 'modeAsked', mode: 'holiday', by: 'lead', reason: '国庆' });
  hotline.pass(59_999);
  expect(facts(hotline, 'modeProposed')).toEqual([]);
  hotline.pass(1);
  expect(facts(hotline, 'modeProposed')).toMatchObject([{ mode: 'emergency' }]);
});

test('[M3] a proposal that a named person has set aside comes back when the condition has lasted for its time anew', () => {
  const hotline = new Hotline(city());
  for (let n = 0; n < 3; n++) hotline.call('personal');
  hotline.pass(60_000);
  expect(facts(hotline, 'modeProposed')).toHaveLength(1);
  hotline.hear({ type: 'modeAsked', mode: 'normal', by: 'lead', reason: '不需要' });
  expect(hotline.state.mode).toMatchObject({ name: 'normal', proposed: null });
  hotline.restart();
  hotline.pass(59_999);
  expect(hotline.state.mode.proposed).toBeNull();
  hotline.pass(1);
  expect(facts(hotline, 'modeProposed')).toHaveLength(2);
  expect(facts(hotline, 'modeChanged')).toEqual([]);
});

/** Whoever gives up, or finds the queue full, is called back; who waits may have the place kept. */
const callingBack = (modeRules: readonly ModeRule[]) =>
  rules(
    [queue('personal', { callBack: { afterMs: 15_000, ahead: 10, tries: 2, pauseMs: 60_000, ringMs: 30_000 } })],
    [agent('ana', { personal: 1 })],
    {
      missedCalls: { calendar: 'always', withinMs: 7_200_000, afterOpeningMs: 5_400_000, standingMax: 5 },
      dialsOut: true,
      prompts: Object.fromEntries(['CBK-01', 'CBK-02', 'CBK-03', 'CBK-04'].map((id) => [id, `/${id}`])),
      modeRules,
    },
  );

const standing = (hotline: Hotline) =>
  [...hotline.state.contacts.values()].filter(({ medium, stage }) => medium === 'callback' && stage.in === 'queue');

test('[M3][M4][W12] call-backs of missed calls are nobody who waits: a proposal of many goes with the last caller', () => {
  const hotline = new Hotline(callingBack([{ mode: 'emergency', waitingOver: 1, forMs: 5_000 }]));
  const calls = ['13800138001', '13800138002', '13800138003'].map((from) => hotline.call('personal', from));
  hotline.pass(5_000);
  expect(hotline.state.mode.proposed?.mode).toBe('emergency');
  for (const call of calls) hotline.hangUp(call);
  hotline.pass(0);
  expect(standing(hotline)).toHaveLength(3);
  hotline.restart();
  expect(hotline.state.standing.callsWaiting).toBe(0);
  hotline.pass(5_000);
  expect([standing(hotline).length, hotline.state.mode.proposed]).toEqual([3, null]);
  hotline.hear({ type: 'settingsLoaded', settings: { ...callingBack([]), version: 'other' } });
  expect(hotline.state.standing.callsWaiting).toBe(0);
});

test('[M3][K4] a place kept for a call-back is that of a call still; a citizen who was reached waits like any other', () => {
  const hotline = new Hotline(callingBack([{ mode: 'emergency', waitingOver: 0, forMs: 60_000 }]));
  const call = hotline.call('personal', '13800138001');
  hotline.pass(15_000);
  const { leg } = hotline.state.contacts.get(call)!;
  const node = nodeId('switch');
  for (let n = 0; n < 2; n++) hotline.hear({ type: 'digitPressed', node, leg, digit: '1', durationMs: 100 });
  hotline.hangUp(call);
  expect(hotline.state.contacts.get(call)?.callBack?.step).toBe('promised');
  hotline.restart();
  hotline.pass(45_000);
  expect(hotline.state.mode.proposed?.mode).toBe('emergency');
  hotline.ready('ana');
  hotline.answer(call);
  expect(hotline.state.contacts.get(call)?.stage.in).toBe('dialling');
  expect(hotline.state.standing.callsWaiting).toBe(0);
});

test('[M3][B3] the citizen of a call-back counts once there and waiting', () => {
  const hotline = new Hotline(callingBack([]));
  hotline.hangUp(hotline.call('personal', '13800138001'));
  hotline.pass(0);
  const [ours] = standing(hotline);
  hotline.ready('ana');
  hotline.answer(ours!.id);
  hotline.bridges = false;
  hotline.hear({ type: 'legAnswered', node: nodeId('switch'), leg: ours!.leg });
  expect([ours!.stage.in, hotline.state.standing.callsWaiting]).toEqual(['connecting', 1]);
  hotline.pass(5_000);
  expect([ours!.stage.in, hotline.state.standing.callsWaiting]).toEqual(['queue', 1]);
  hotline.hangUp(ours!.id);
  hotline.pass(0);
  expect(hotline.state.standing.callsWaiting).toBe(0);
});
