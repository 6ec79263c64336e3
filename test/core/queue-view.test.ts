import { expect, test } from 'vitest';
import { contactCard } from '../../src/core/desk-view.ts';
import { nodeId } from '../../src/core/ids.ts';
import type { QueueView } from '../../src/core/view.ts';
import { queueViews } from '../../src/core/view.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

const AGENTS = [agent('ana', { personal: 1 }), agent('eva', { enterprise: 1 })];
const city = () => rules([queue('personal'), queue('enterprise')], AGENTS, { slots: SLOTS });
const SLOTS = { each: { chat: 1 }, beside: {}, media: {} };
const without = () => rules([queue('personal')], AGENTS, { slots: SLOTS });

const names = (hotline: Hotline) => queueViews(hotline.state).map(({ queue: name }) => name);
const view = (hotline: Hotline, name: string): QueueView | undefined =>
  queueViews(hotline.state).find((each) => each.queue === name);

test('[Q11] a queue that new rules lack is shown while somebody is in it, through a restart, and anybody may have the call', () => {
  const hotline = new Hotline(city());
  const call = hotline.call('enterprise', '13800138000');
  const second = hotline.call('enterprise');
  hotline.hear({ type: 'settingsLoaded', settings: without() });
  hotline.restart();
  expect(names(hotline)).toEqual(['personal', 'enterprise']);
  expect(view(hotline, 'personal')?.gone).toBeUndefined();
  expect(view(hotline, 'enterprise')).toMatchObject({ skill: '', gone: true, idleAgents: 0 });
  expect(view(hotline, 'enterprise')!.waiting).toMatchObject([
    { contact: call, from: '13800138000', place: 1 },
    { contact: second, place: 2 },
  ]);
  hotline.ready('ana');
  expect(hotline.ringing(call)).toBe('ana');
  expect(view(hotline, 'enterprise')!.waiting[0]).toMatchObject({ contact: call, ringing: 'ana' });
  hotline.answer(call);
  expect(view(hotline, 'enterprise')!.waiting).toMatchObject([{ contact: second, place: 1 }]);
  hotline.hangUp(second);
  expect(names(hotline)).toEqual(['personal']);
});

test('[Q11] so is one in which a chat alone is left, and one that comes back is a queue like any other', () => {
  const hotline = new Hotline(city());
  const chat = hotline.open('chat', 'enterprise')!;
  hotline.hear({ type: 'settingsLoaded', settings: without() });
  expect(view(hotline, 'enterprise')).toMatchObject({ gone: true, waiting: [{ contact: chat, medium: 'chat' }] });
  hotline.hear({ type: 'settingsLoaded', settings: city() });
  expect(view(hotline, 'enterprise')).toMatchObject({ skill: 'enterprise', waiting: [{ contact: chat }] });
  expect(view(hotline, 'enterprise')?.gone).toBeUndefined();
});

test('[K6] a place kept for a call-back is shown in the pause between two tries, with when it stands in its queue again', () => {
  const callBack = { afterMs: 15_000, ahead: 10, tries: 2, pauseMs: 60_000, ringMs: 30_000 };
  const prompts = Object.fromEntries(['CBK-01', 'CBK-02', 'CBK-03', 'CBK-04'].map((id) => [id, `/${id}`]));
  const settings = { dialsOut: true, prompts };
  const hotline = new Hotline(rules([queue('personal', { callBack })], AGENTS, settings));
  const call = hotline.call('personal', '13800138000');
  const enqueuedAtMs = hotline.state.nowMs;
  hotline.pass(15_000);
  const node = nodeId('switch');
  const { leg } = hotline.state.contacts.get(call)!;
  for (let n = 0; n < 2; n++) hotline.hear({ type: 'digitPressed', node, leg, digit: '1', durationMs: 100 });
  hotline.hangUp(call);
  hotline.ready('ana');
  hotline.answer(call);
  hotline.hear({ type: 'legEnded', node, leg: hotline.state.contacts.get(call)!.leg, cause: 'USER_BUSY' });
  hotline.ask('ana', 'notReady');
  const later = hotline.call('personal');
  const againAtMs = hotline.state.nowMs + 60_000;
  const kept = { contact: call, from: '13800138000', medium: 'callback', enqueuedAtMs, place: 1 };
  expect(view(hotline, 'personal')!.waiting).toEqual([
    expect.objectContaining({ contact: later, place: 1 }),
    { ...kept, againAtMs },
  ]);
  expect(contactCard(hotline.state, call)).toMatchObject({ waiting: true, medium: 'callback' });
  hotline.hear({ type: 'settingsLoaded', settings: without() });
  hotline.hear({ type: 'settingsLoaded', settings: rules([queue('enterprise')], AGENTS) });
  expect(view(hotline, 'personal')).toMatchObject({ gone: true, waiting: [{ contact: later }, { contact: call }] });
  hotline.pass(60_000);
  expect(view(hotline, 'personal')!.waiting).toMatchObject([kept, { contact: later, place: 2 }]);
  expect(view(hotline, 'personal')!.waiting[0]).not.toHaveProperty('againAtMs');
});
