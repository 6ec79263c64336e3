import { expect, test } from 'vitest';
import { neighbourhoodOf, networkOf } from '../../src/lib/network-of.ts';

test.each([
  ['203.0.113.9', ['::ffff:203.0.113.9'], ['203.0.113.10', '203.0.112.9']],
  ['2001:db8:0:7::1', ['2001:0DB8::7:0:0:0:2', '2001:db8:0:0007:ffff::', '2001:db8:0:7:1:2:3:4'], ['2001:db8:0:8::1']],
  ['2001:db8::1', ['2001:db8::ffff:1', '2001:db8:0:0:9::'], ['2001:db8:0:1::1', '2001:db9::1']],
  ['::1', ['::2'], ['1::1']],
])('%s counts with %j, not with %j', (address, same, others) => {
  for (const each of same) expect([each, networkOf(each)]).toEqual([each, networkOf(address)]);
  for (const each of others) expect([each, networkOf(each)]).not.toEqual([each, networkOf(address)]);
});

test.each([
  ['203.0.113.9', ['203.0.113.200', '::ffff:203.0.113.7'], ['203.0.112.9']],
  [
    '2001:db8:0:ff00::1',
    ['2001:0DB8:0:FF77::', '2001:db8:0:ffff:1:2:3:4'],
    ['2001:db8:0:fe00::1', '2001:db8:1:ff00::1'],
  ],
])('the neighbours of %s are %j, not %j', (address, same, others) => {
  for (const each of same) expect([each, neighbourhoodOf(each)]).toEqual([each, neighbourhoodOf(address)]);
  for (const each of others) expect([each, neighbourhoodOf(each)]).not.toEqual([each, neighbourhoodOf(address)]);
});
