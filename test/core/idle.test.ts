import { describe, expect, test } from 'vitest';
import { remindersOf } from '../../src/core/idle.ts';
import type { ContactId } from '../../src/core/ids.ts';
import type { MediumSetting, Settings } from '../../src/core/settings.ts';
import { agent, always, Hotline, queue, rules, until } from './routing-day.ts';

const MEDIUM: MediumSetting = { offerMs: 30_000, boundMs: 600_000, wrapUpMs: 60_000, waitingMax: 5 };
const IDLE = { remindMs: 300_000, closeMs: 600_000, answerMs: 180_000 };
const STAFF = [agent('ana', { personal: 1 }), agent('ben', { personal: 1 })];

function cityOf(
  chat: Partial<MediumSetting>,
  more: Partial<Settings> = {},
  mail: Partial<MediumSetting> = {},
): Settings {
  const media = { chat: { ...MEDIUM, ...chat }, mail: { ...MEDIUM, ...mail } };
  return rules([queue('personal')], STAFF, { slots: { each: { chat: 3, mail: 3 }, beside: {}, media }, ...more });
}

/** With a conversation that ana has. */
function talking(chat: Partial<MediumSetting> = IDLE, medium: 'chat' | 'mail' = 'chat') {
  const hotline = new Hotline(cityOf(chat));
  hotline.ready('ana');
  const contact = hotline.open(medium, 'personal', '', { reference: 'wx-1' })!;
  hotline.reply(contact);
  return { hotline, contact };
}

const TOLD = ['citizenReminded', 'talkEnded', 'contactClosed', 'alertRaised', 'alertEnded'];
const told = (hotline: Hotline, contact: ContactId) =>
  hotline.commands.flatMap((one) => {
    if (one.do !== 'record-fact' || !('contact' in one) || one.contact !== contact) return [];
    if (!TOLD.includes(one.fact)) return [];
    if (one.fact === 'talkEnded') return [`${one.fact} ${one.endedBy}`];
    return [one.fact === 'contactClosed' ? `${one.fact} ${one.outcome}` : one.fact];
  });
const CLOSED = ['citizenReminded', 'talkEnded idle', 'contactClosed answered'];

describe('a citizen who does not write on', () => {
  test('[W16][W17] is reminded once, then the conversation is closed and says so; the agent has room again', () => {
    const { hotline, contact } = talking();
    const message = hotline.replied(contact);
    hotline.pass(299_999);
    expect(told(hotline, contact)).toEqual([]);
    expect(remindersOf(hotline.state)).toEqual([]);
    hotline.pass(1);
    hotline.restart();
    expect(remindersOf(hotline.state)).toEqual([{ contact, message }]);
    expect(hotline.commands).toContainEqual({ do: 'record-fact', fact: 'citizenReminded', contact, message });
    hotline.pass(299_999);
    expect(told(hotline, contact)).toEqual(['citizenReminded']);
    hotline.pass(1);
    expect(told(hotline, contact)).toEqual(CLOSED);
    expect(hotline.state.contacts.size).toBe(0);
    expect([...hotline.state.agents.values()].flatMap(({ conversations }) => conversations)).toEqual([]);
    expect(hotline.open('chat', 'personal', '', { reference: 'wx-1' })).not.toBe(contact);
  });

  test('[W16][W17] who writes again, or has another reply, begins anew and may be reminded again', () => {
    const { hotline, contact } = talking({ ...IDLE, answerMs: 10_000_000 });
    hotline.replied(contact);
    hotline.pass(599_999);
    hotline.wrote(contact);
    hotline.pass(3_600_000);
    expect(told(hotline, contact)).toEqual(['citizenReminded']);
    hotline.replied(contact);
    hotline.pass(299_999);
    hotline.replied(contact);
    hotline.pass(299_999);
    expect(told(hotline, contact)).toEqual(['citizenReminded']);
    hotline.pass(1);
    expect(told(hotline, contact)).toEqual(['citizenReminded', 'citizenReminded']);
  });

  test('[W16] the same reply told twice is one', () => {
    const { hotline, contact } = talking();
    const message = hotline.replied(contact);
    hotline.pass(200_000);
    hotline.hear({ type: 'messageReplied', contact, message });
    hotline.pass(100_000);
    expect(told(hotline, contact)).toEqual(['citizenReminded']);
  });

  test('[W16][W17] a process that dies keeps the times, and new rules meet who is idle already', () => {
    const { hotline, contact } = talking({});
    hotline.replied(contact);
    hotline.pass(200_000);
    hotline.restart();
    hotline.hear({ type: 'settingsLoaded', settings: cityOf(IDLE) });
    hotline.pass(99_999);
    expect(told(hotline, contact)).toEqual([]);
    hotline.pass(1);
    hotline.restart();
    expect(told(hotline, contact)).toEqual(['citizenReminded']);
    hotline.pass(300_000);
    expect(told(hotline, contact)).toEqual(CLOSED);
  });

  test('[W18] after a start there is a minute for what was written meanwhile, and after a late reminder as much time as after another', () => {
    const { hotline, contact } = talking();
    hotline.replied(contact);
    hotline.pass(290_000);
    hotline.hear({ type: 'started' });
    hotline.pass(59_999);
    expect(told(hotline, contact)).toEqual([]);
    hotline.pass(1);
    hotline.pass(299_999);
    expect(told(hotline, contact)).toEqual(['citizenReminded']);
    hotline.pass(1);
    expect(told(hotline, contact)).toEqual(CLOSED);
  });

  test('[W18] a conversation that waits in a queue, or whose citizen has left, is not closed for it', () => {
    const given = talking();
    given.hotline.replied(given.contact);
    given.hotline.ask('ana', 'notReady');
    given.hotline.give(given.contact, 'personal');
    given.hotline.pass(3_600_000);
    expect(told(given.hotline, given.contact)).toEqual(['talkEnded returned']);
    given.hotline.ready('ben');
    given.hotline.reply(given.contact);
    given.hotline.pass(170_000);
    expect(given.hotline.holder(given.contact)).toBe('ben');
    const left = talking({ ...IDLE, wrapUpMs: 3_000_000 });
    left.hotline.replied(left.contact);
    left.hotline.end(left.contact, 'citizen');
    left.hotline.pass(2_999_999);
    expect(told(left.hotline, left.contact)).toEqual([]);
  });

  test('[W18][W15] nobody is reminded, given up or missed while a call is part of it; its end begins anew', () => {
    const { hotline, contact } = talking();
    hotline.replied(contact);
    hotline.pass(299_000);
    const call = hotline.call('personal', '', contact);
    hotline.pass(3_600_000);
    expect(told(hotline, contact)).toEqual([]);
    hotline.restart();
    hotline.hangUp(call);
    hotline.pass(299_999);
    expect(told(hotline, contact)).toEqual([]);
    hotline.pass(1);
    expect(told(hotline, contact)).toEqual(['citizenReminded']);
  });

  test('[W16][W17] without times, and by mail, nobody is reminded or given up', () => {
    for (const { hotline, contact } of [talking({}), talking(IDLE, 'mail')]) {
      hotline.replied(contact);
      hotline.pass(86_400_000);
      expect(told(hotline, contact)).toEqual([]);
      expect(hotline.holder(contact)).toBe('ana');
    }
  });

  test('[W17] closed without a reminder where the city wants none', () => {
    const { hotline, contact } = talking({ closeMs: 60_000 });
    hotline.replied(contact);
    hotline.pass(60_000);
    expect(told(hotline, contact)).toEqual(CLOSED.slice(1));
  });
});

test('[W17][C1][Q18] who writes again after the close has a new contact, and by a step for it the same agent', () => {
  const plans = {
    again: [until(10_000, { all: [] }, { lastAgent: true, skipIf: 'noneAvailable' }), always({ all: [] })],
  };
  const media = { chat: { ...MEDIUM, ...IDLE }, mail: MEDIUM };
  const slots = { each: { chat: 3, mail: 3 }, beside: {}, media };
  const hotline = new Hotline(rules([queue('personal', { plan: 'again' })], STAFF, { plans, slots }));
  hotline.ready('ana');
  const first = hotline.open('chat', 'personal', 'openid-7', { reference: 'wx-1' })!;
  hotline.reply(first);
  hotline.ready('ben');
  hotline.replied(first);
  hotline.pass(600_000);
  expect(hotline.state.contacts.size).toBe(0);
  // Ben has been idle for longer.
  const name = { medium: 'chat', queue: 'personal', from: 'openid-7', reference: 'wx-1' } as const;
  hotline.hear({ type: 'messageArrived', message: 99, ...name });
  const [again] = [...hotline.state.contacts.keys()];
  expect(again).not.toBe(first);
  expect(hotline.ringing(again!)).toBe('ana');
});

describe('an agent who does not answer', () => {
  test('[U6] from the first word on: who leads is told, until there is a reply', () => {
    const { hotline, contact } = talking();
    hotline.pass(100_000);
    hotline.replied(contact);
    hotline.pass(10_000);
    hotline.wrote(contact);
    hotline.pass(100_000);
    hotline.wrote(contact);
    hotline.restart();
    hotline.pass(79_999);
    expect(told(hotline, contact)).toEqual([]);
    hotline.pass(1);
    expect(told(hotline, contact)).toEqual(['alertRaised']);
    expect([...hotline.state.alerts]).toEqual([
      [`longAnswer/${contact}`, { alert: 'longAnswer', contact, sinceMs: hotline.state.nowMs - 180_000 }],
    ]);
    hotline.restart();
    hotline.replied(contact);
    expect(told(hotline, contact)).toEqual(['alertRaised', 'alertEnded']);
    expect(hotline.state.alerts.size).toBe(0);
  });

  test('[U6] a mail that was taken is answered within its own time, or who leads is told', () => {
    const hotline = new Hotline(cityOf({}, {}, { answerMs: 86_400_000 }));
    hotline.ready('ana');
    const contact = hotline.open('mail', 'personal', '', { reference: 'letter-1' })!;
    hotline.reply(contact);
    hotline.pass(86_399_999);
    expect(told(hotline, contact)).toEqual([]);
    hotline.pass(1);
    expect(told(hotline, contact)).toEqual(['alertRaised']);
    hotline.replied(contact);
    expect(told(hotline, contact)).toEqual(['alertRaised', 'alertEnded']);
  });

  test('[U6] from the taking on, and over when it is given back or ended', () => {
    const { hotline, contact } = talking();
    hotline.pass(180_000);
    expect(told(hotline, contact)).toEqual(['alertRaised']);
    hotline.ask('ana', 'notReady');
    hotline.give(contact, 'personal');
    expect(told(hotline, contact)).toEqual(['alertRaised', 'talkEnded returned', 'alertEnded']);
    hotline.ready('ben');
    hotline.reply(contact);
    hotline.pass(180_000);
    hotline.end(contact, 'agent');
    expect(told(hotline, contact).slice(3)).toEqual([
      'alertRaised',
      'talkEnded agent',
      'alertEnded',
      'contactClosed answered',
    ]);
    expect(hotline.state.alerts.size).toBe(0);
  });
});
