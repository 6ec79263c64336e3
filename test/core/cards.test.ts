import { expect, test } from 'vitest';
import { contactCard, deskView } from '../../src/core/desk-view.ts';
import { agentId, legId, nodeId } from '../../src/core/ids.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

const NODE = nodeId('switch');
const ANA = agentId('ana');

test('a card tells of a call what is known of it, and leaves out what is not', () => {
  const grades = { expert: { headStartMs: 60_000 } };
  const hotline = new Hotline(rules([queue('personal')], [agent('ana', { personal: 1 })], { grades }));
  const { nowMs } = hotline.state;
  const plain = hotline.call('personal', '13800138000');
  const card = {
    ...{ contact: plain, medium: 'voice', line: 'personal', from: '13800138000', fromName: '' },
    ...{ arrivedAtMs: nowMs, wait: { queue: 'personal', enqueuedAtMs: nowMs, orderMs: nowMs }, waiting: true },
  };
  expect(contactCard(hotline.state, plain)).toStrictEqual(card);
  const known = { elder: true as const };
  const leg = legId('known');
  const arrived = { type: 'callArrived', node: NODE, leg, from: '139', fromName: '王', dialled: 'personal' } as const;
  hotline.hear({ ...arrived, known });
  const { contact } = hotline.state.legs.get(leg)!;
  hotline.hear({ type: 'contactRegraded', contact, grade: 'expert', by: 'lead' });
  hotline.hear({ type: 'contactMarked', contact, sensitive: true, by: 'lead' });
  hotline.ready('ana');
  expect(contactCard(hotline.state, contact)).toStrictEqual({
    ...{ ...card, contact, from: '139', fromName: '王', known, grade: 'expert', agent: ANA, sensitive: true },
    wait: { ...card.wait, orderMs: nowMs - 60_000 },
  });
  hotline.answer(contact);
  hotline.hear({ type: 'contactMarked', contact, sensitive: false, by: 'lead' });
  expect(contactCard(hotline.state, contact)).toMatchObject({ agent: ANA, waiting: false, unmarkAskedBy: 'lead' });
  hotline.pass(10_000);
  expect(deskView(hotline.state, ANA)).toMatchObject({ state: 'talking', contact, talkSinceMs: nowMs });
  hotline.hangUp(contact);
  expect(contactCard(hotline.state, contact)).toBeUndefined();
  const wait = { ...card.wait, orderMs: nowMs };
  expect(deskView(hotline.state, ANA)).toMatchObject({
    ...{ state: 'wrapUp', wrapUpUntilMs: nowMs + 40_000, talkSinceMs: nowMs },
    card: { contact, from: '139', fromName: '王', wait, waiting: false },
  });
});
