import { type ContactId, nodeId } from '../../src/core/ids.ts';
import type { SlotRules } from '../../src/core/settings.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

export const MEDIUM = { offerMs: 30_000, boundMs: 600_000, wrapUpMs: 60_000, waitingMax: 5 };
export const SLOTS: SlotRules = {
  each: { chat: 2, mail: 3 },
  beside: {},
  media: { chat: MEDIUM, mail: { ...MEDIUM, boundMs: 86_400_000, wrapUpMs: 0 } },
};
export const NODE = nodeId('switch');

export function hotlineOf(names: readonly string[], slots: SlotRules = SLOTS): Hotline {
  return new Hotline(
    rules(
      [queue('personal'), queue('other')],
      names.map((name) => agent(name, { personal: 1, other: 1 }, { profile: BOTH })),
      { slots },
    ),
  );
}

export const BOTH = [
  { queue: 'personal', rank: 1, delayMs: 0 },
  { queue: 'other', rank: 2, delayMs: 0 },
];

/** Opened and taken. */
export function held(hotline: Hotline, medium: 'chat' | 'mail' = 'chat', from = ''): ContactId {
  const contact = hotline.open(medium, 'personal', from)!;
  hotline.reply(contact);
  return contact;
}

export const stageOf = (hotline: Hotline, contact: ContactId) => hotline.state.contacts.get(contact)?.stage;
export const factsOf = (hotline: Hotline, contact: ContactId) =>
  hotline.commands.flatMap((one) =>
    one.do === 'record-fact' && 'contact' in one && one.contact === contact ? [one] : [],
  );
export const closedAs = (hotline: Hotline, contact: ContactId) =>
  factsOf(hotline, contact).flatMap((one) => (one.fact === 'contactClosed' ? [one.outcome] : []));
