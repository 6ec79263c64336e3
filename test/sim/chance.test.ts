import { expect, test } from 'vitest';
import { Chance } from '../../src/sim/chance.ts';

test('a seed and a name draw the numbers that they always drew', () => {
  const of = (seed: number, name: string) => {
    const chance = new Chance(seed, name);
    return [chance.below(1_000_000), chance.below(1_000_000), chance.below(1_000_000)];
  };
  expect(of(1, 'talk')).toEqual([895_718, 195_985, 680_884]);
  expect(of(1, 'patience')).toEqual([716_836, 923_455, 164_063]);
  expect(of(2, 'talk')).toEqual([897_280, 152_553, 494_774]);
  expect(of(2 ** 32 + 1, 'talk')).toEqual([15_082, 996_938, 924_563]);
});

test('a spread has one number in each of as many equal parts, in an order that the seed draws', () => {
  const parts = (seed: number) => [...new Chance(seed, 'talk').spread(50)].map((u) => Math.floor(u * 50));
  const all = Array.from({ length: 50 }, (_, part) => part);
  expect(parts(1)).not.toEqual(all);
  expect(parts(1)).not.toEqual(parts(2));
  expect(parts(1).toSorted((a, b) => a - b)).toEqual(all);
});
