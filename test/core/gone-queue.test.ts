import { expect, test } from 'vitest';
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
