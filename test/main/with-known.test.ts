import { expect, test } from 'vitest';
import type { SurveyedLeg } from '../../src/core/event.ts';
import { legId, nodeId } from '../../src/core/ids.ts';
import { createTicketBook } from '../../src/main/ticket-book.ts';
import { withKnown } from '../../src/main/with-known.ts';

const node = nodeId('switch');
const elder = { elder: true } as const;
const books = {
  knownOf: (number: string) => (number === '13800138000' ? elder : undefined),
  tickets: createTicketBook(),
};

function leg(name: string, direction: SurveyedLeg['direction'], from = '13800138000'): SurveyedLeg {
  return { leg: legId(name), direction, state: 'answered', from, dialled: '12345', doing: 'nothing' };
}

test('what is known of a number stands in the event of its call', () => {
  const call = { type: 'callArrived' as const, node, leg: legId('a'), from: '13800138000', dialled: '12345' };
  expect(withKnown(books, new Set(), call)).toEqual({ ...call, known: elder });
  expect(withKnown(books, new Set(), { ...call, from: '139' })).toEqual({ ...call, from: '139' });
});

test('and in the survey that finds a call which nobody heard of, of no other leg', () => {
  const legs = [
    leg('new', 'inbound'),
    leg('ours', 'inbound'),
    leg('phone', 'outbound'),
    leg('stranger', 'inbound', '139'),
  ];
  const survey = { bootId: 'boot', legs, devices: [], ended: [] };
  const told = withKnown(books, new Set([legId('ours')]), { type: 'surveyed', node, survey });
  expect(told).toEqual({
    type: 'surveyed',
    node,
    survey: { ...survey, legs: [{ ...legs[0]!, known: elder }, ...legs.slice(1)] },
  });
});
