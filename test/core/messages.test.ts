import { expect, test } from 'vitest';
import type { ContactId } from '../../src/core/ids.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

const MEDIUM = { offerMs: 30_000, boundMs: 600_000, wrapUpMs: 60_000, waitingMax: 2 };
const BOTH = [
  { queue: 'personal', rank: 1, delayMs: 0 },
  { queue: 'other', rank: 2, delayMs: 0 },
];

function hotline(): Hotline {
  const slots = { each: { chat: 3, mail: 3 }, beside: {}, media: { chat: MEDIUM, mail: MEDIUM } };
  const agents = [agent('ana', { personal: 1, other: 1 }, { profile: BOTH })];
  return new Hotline(rules([queue('personal'), queue('other')], agents, { slots }));
}

let messages = 0;

function arrives(hotline: Hotline, reference: string, queueName = 'personal'): { contact?: ContactId; opened?: true } {
  messages += 1;
  const message = messages;
  const from = `openid-${reference}`;
  const before = hotline.commands.length;
  hotline.hear({ type: 'messageArrived', medium: 'chat', queue: queueName, from, reference, message });
  const facts = hotline.commands.slice(before).filter((one) => one.do === 'record-fact');
  const taken = facts.find((fact) => fact.fact === 'messageTaken');
  if (taken !== undefined) expect(taken.message).toBe(message);
  return taken ?? {};
}

test('[W14] the first message of a conversation opens a contact, the next ones belong to it until it is over', () => {
  const day = hotline();
  const first = arrives(day, 'one');
  expect(first).toMatchObject({ opened: true });
  expect(arrives(day, 'one')).toMatchObject({ contact: first.contact });
  expect(arrives(day, 'one').opened).toBeUndefined();
  expect(arrives(day, 'two').contact).not.toBe(first.contact);
  day.ready('ana');
  day.reply(first.contact!);
  expect(arrives(day, 'one').contact).toBe(first.contact);
  day.end(first.contact!, 'agent');
  const again = arrives(day, 'one');
  expect(again).toMatchObject({ opened: true });
  expect(again.contact).not.toBe(first.contact);
});

test('[W14][W9] a citizen who left and writes while notes are made goes on with the same contact', () => {
  const day = hotline();
  day.ready('ana');
  const { contact } = arrives(day, 'one');
  day.reply(contact!);
  day.end(contact!, 'citizen');
  expect(arrives(day, 'one').contact).toBe(contact);
  day.pass(120_000);
  expect(day.holder(contact!)).toBe('ana');
});

test('[W14][W1] what finds no room, or no queue, is not taken, and is when it comes again to a place that is free', () => {
  const day = hotline();
  const [one, two] = [arrives(day, 'one'), arrives(day, 'two')];
  expect(arrives(day, 'three')).toEqual({});
  expect(arrives(day, 'three', 'nowhere')).toEqual({});
  expect(arrives(day, 'two').contact).toBe(two.contact);
  expect(arrives(day, 'other', 'other')).toMatchObject({ opened: true });
  day.end(one.contact!, 'citizen');
  expect(arrives(day, 'three')).toMatchObject({ opened: true });
});

test('[W14][W9] who leaves right behind the message ends its contact, in the order of both; who left nothing ends nothing', () => {
  const day = hotline();
  const leave = (reference: string) => {
    messages += 1;
    const name = { medium: 'chat', queue: 'personal', from: `openid-${reference}`, reference } as const;
    return day.hear({ type: 'messageArrived', ...name, message: messages, left: true });
  };
  expect(leave('nobody')).toEqual([]);
  const { contact } = arrives(day, 'one');
  expect(leave('one')).toMatchObject([
    { fact: 'messageTaken', contact, message: messages },
    { fact: 'waitEnded', contact, result: 'abandoned' },
    { fact: 'contactClosed', contact, outcome: 'abandonedInQueue' },
  ]);
  day.ready('ana');
  const again = arrives(day, 'one');
  expect(again.contact).not.toBe(contact);
  day.reply(again.contact!);
  leave('one');
  day.pass(60_000);
  expect(day.state.contacts.size).toBe(0);
});
