import { expect, test } from 'vitest';
import { contactCard, deskView } from '../../src/core/desk-view.ts';
import { agentId, type ContactId, legId, nodeId } from '../../src/core/ids.ts';
import type { PlanStep, Settings } from '../../src/core/settings.ts';
import { agentView } from '../../src/core/view.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

const NODE = nodeId('switch');
const MEDIUM = { offerMs: 30_000, boundMs: 600_000, wrapUpMs: 60_000, waitingMax: 5 };
const NUMBER = '13800138000';

function hotlineOf(more: Partial<Settings> = {}): Hotline {
  return new Hotline(
    rules([queue('personal')], [agent('ana', { personal: 1 }), agent('ben', { personal: 1 })], {
      slots: { each: { chat: 2, mail: 2 }, beside: {}, media: { chat: MEDIUM, mail: MEDIUM } },
      dialOut: { line: '12345', numbers: ['01088886666'] },
      dialsOut: true,
      ...more,
    }),
  );
}

function chatOf(hotline: Hotline): ContactId {
  const chat = hotline.open('chat', 'personal', 'openid-1')!;
  hotline.reply(chat);
  return chat;
}

const openedOf = (hotline: Hotline) =>
  hotline.commands.flatMap((one) => (one.do === 'record-fact' && one.fact === 'contactOpened' ? [one] : [])).at(-1)!;

/** Both sides take it up. */
function reach(hotline: Hotline, call: ContactId): void {
  for (const role of ['agent', 'citizen']) {
    const [leg] = [...hotline.state.legs.values()].filter((each) => each.contact === call && each.role === role);
    hotline.hear({ type: 'legAnswered', node: NODE, leg: leg!.id });
  }
}

test('[Y6] the citizen of a chat is called beside it: part of the chat, which stays with its agent through the call, a restart and the notes', () => {
  const hotline = hotlineOf();
  hotline.ready('ana');
  const chat = chatOf(hotline);
  hotline.hear({ type: 'callOutAsked', agent: agentId('ana'), number: NUMBER, of: chat, beside: true });
  const opened = openedOf(hotline);
  expect(opened).toMatchObject({ medium: 'callback', from: NUMBER, of: chat, partOf: chat, calledBy: 'ana' });
  const call = opened.contact;
  expect(hotline.commands).toContainEqual(expect.objectContaining({ do: 'ring', sipUser: 'ana' }));
  reach(hotline, call);
  hotline.restart();
  expect(hotline.commands).toContainEqual(expect.objectContaining({ do: 'dial', number: NUMBER }));
  expect(hotline.commands).toContainEqual(expect.objectContaining({ fact: 'talkStarted', contact: call }));
  expect(contactCard(hotline.state, call)).toMatchObject({ partOf: chat, calledBy: 'ana' });
  expect(hotline.holder(chat)).toBe('ana');
  hotline.hangUp(call);
  expect(agentView(hotline.state, agentId('ana'))?.state).toBe('wrapUp');
  hotline.pass(60_000);
  expect(agentView(hotline.state, agentId('ana'))?.state).toBe('ready');
  expect(hotline.holder(chat)).toBe('ana');
  hotline.end(chat, 'agent');
  expect(hotline.state.contacts.size).toBe(0);
});

test('[Y6] a chat that ends during the call leaves the call as it is; a number that may not be dialled is not', () => {
  const hotline = hotlineOf();
  hotline.ready('ana');
  const chat = chatOf(hotline);
  const ask = (number: string) =>
    hotline.hear({ type: 'callOutAsked', agent: agentId('ana'), number, of: chat, beside: true });
  expect(ask('110')).toEqual([]);
  ask(NUMBER);
  const { contact: call } = openedOf(hotline);
  reach(hotline, call);
  hotline.end(chat, 'agent');
  expect(hotline.state.contacts.get(call)?.stage.in).toBe('talk');
  hotline.hangUp(call);
  expect(hotline.commands).toContainEqual(expect.objectContaining({ fact: 'contactClosed', contact: call }));
});

test('[W15] who calls from the page of a chat is offered to the chat’s agent first, and the call is part of the chat', () => {
  const need = { skill: 'personal', level: 1 };
  const plan: PlanStep[] = [
    { needs: need, lastAgent: true, untilMs: 10_000 },
    { needs: need, untilMs: null },
  ];
  const hotline = new Hotline(
    rules([queue('personal', { plan: 'last' })], [agent('ana', { personal: 1 }), agent('ben', { personal: 1 })], {
      slots: { each: { chat: 2, mail: 2 }, beside: {}, media: { chat: MEDIUM, mail: MEDIUM } },
      plans: { last: plan },
    }),
  );
  hotline.ready('ana');
  const chat = chatOf(hotline);
  hotline.ready('ben');
  const leg = legId('from-the-page');
  hotline.hear({ type: 'callArrived', node: NODE, leg, from: 'web', dialled: 'personal', partOf: chat });
  const call = hotline.state.legs.get(leg)!.contact;
  expect(openedOf(hotline)).toMatchObject({ medium: 'voice', partOf: chat });
  // Ben has nothing, and would be first (W4).
  expect(hotline.ringing(call)).toBe('ana');
});

test('[W15] beside a chat that is over, or a call, it is a call like any other', () => {
  const hotline = hotlineOf();
  hotline.ready('ana');
  const chat = chatOf(hotline);
  hotline.end(chat, 'agent');
  const other = hotline.call('personal');
  for (const [nth, partOf] of [chat, other].entries()) {
    const leg = legId(`page-${nth}`);
    hotline.hear({ type: 'callArrived', node: NODE, leg, from: 'web', dialled: 'personal', partOf });
    expect(openedOf(hotline).partOf).toBeUndefined();
  }
});

test('[Y2] while the own phone rings for a call that the agent places, the desk knows until when', () => {
  const hotline = hotlineOf();
  hotline.ask('ana', 'notReady');
  hotline.hear({ type: 'callOutAsked', agent: agentId('ana'), number: '01088886666' });
  const untilMs = hotline.state.nowMs + 20_000;
  expect(deskView(hotline.state, agentId('ana'))).toMatchObject({ state: 'ringing', offerUntilMs: untilMs });
});
