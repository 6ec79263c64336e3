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

test('B1, C1, G5: a number is the same caller however a carrier writes it; what is no number stays as it came', () => {
  const call = { type: 'callArrived' as const, node, leg: legId('a'), dialled: '12345' };
  const cameFrom = (from: string) => withKnown(books, new Set(), { ...call, from });
  for (const from of ['+8613800138000', '008613800138000', '8613800138000', '013800138000', '86013800138000'])
    expect(cameFrom(from)).toEqual({ ...call, from: '13800138000', known: elder });
  expect(cameFrom('+8637165588888')).toEqual({ ...call, from: '037165588888' });
  for (const from of ['anonymous', '+12125588888', '110', '']) expect(cameFrom(from)).toEqual({ ...call, from });
});

test('and in the survey that finds a call which nobody heard of, of no other leg', () => {
  const legs = [
    leg('new', 'inbound'),
    leg('ours', 'inbound'),
    leg('phone', 'outbound'),
    leg('stranger', 'inbound', '139'),
    leg('abroad', 'inbound', '+8613800138000'),
  ];
  const survey = { bootId: 'boot', legs, devices: [], ended: [] };
  const told = withKnown(books, new Set([legId('ours')]), { type: 'surveyed', node, survey });
  expect(told).toEqual({
    type: 'surveyed',
    node,
    survey: {
      ...survey,
      legs: [{ ...legs[0]!, known: elder }, ...legs.slice(1, 4), { ...legs[4]!, from: '13800138000', known: elder }],
    },
  });
});
