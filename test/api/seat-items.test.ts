import { expect, test } from 'vitest';
import { contactItem } from '../../src/api/live/seat-items.ts';
import { contactCard, deskView } from '../../src/core/desk-view.ts';
import type { CallerKnown } from '../../src/core/event.ts';
import { agentId, legId, nodeId } from '../../src/core/ids.ts';
import { agent, Hotline, queue, rules } from '../core/routing-day.ts';

const ANA = agentId('ana');

/** What the page of an agent shows of a call whose phone rings. */
function cardOf(known: CallerKnown, regraded?: 'expert') {
  const hotline = new Hotline(rules([queue('personal')], [agent('ana', { personal: 1 })]));
  hotline.ready('ana');
  const leg = legId('caller');
  const call = { type: 'callArrived' as const, node: nodeId('switch'), leg, from: '13800138000', dialled: 'personal' };
  hotline.hear({ ...call, known });
  const { contact } = hotline.state.legs.get(leg)!;
  if (regraded !== undefined) hotline.hear({ type: 'contactRegraded', contact, grade: regraded, by: 'ana' });
  return contactItem(deskView(hotline.state, ANA)!, contactCard(hotline.state, contact));
}

test.each([
  ['of the records', { grade: 'business' }, 'business'],
  ['of an emergency order', { order: { no: 'G7', urgency: 'emergency' } }, 'emergency'],
  ['of an urgent order', { order: { no: 'G7', urgency: 'urgent' } }, 'business'],
] as const)('an agent whose phone rings sees the grade %s', (_whose, known, grade) => {
  expect(cardOf(known)).toMatchObject({ phase: 'ringing', from: '138****8000', queue: 'personal', grade });
});

test('and the grade given since, the number of the order, and that an elder calls', () => {
  const order = { no: 'G7', urgency: 'normal' } as const;
  expect(cardOf({ elder: true, order }, 'expert')).toMatchObject({ grade: 'expert', order: 'G7', elder: true });
});

test('of a caller of whom nothing is known it says none of these', () => {
  const card = cardOf({})!;
  for (const field of ['grade', 'order', 'elder', 'missed']) expect(card).not.toHaveProperty(field);
});
