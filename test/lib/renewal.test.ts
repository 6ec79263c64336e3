import { expect, test } from 'vitest';
import { Renewal } from '../../src/lib/renewal.ts';

/** How many are asked for until it is time. */
function turn(renewal: Renewal, size: number): number {
  let asked = 1;
  while (!renewal.isDue(size)) asked += 1;
  return asked;
}

test('a Map is made anew at once, then a small one after the number given, a large one when as many have come as it holds', () => {
  const renewal = new Renewal(1_000);
  expect(turn(renewal, 300)).toBe(1);
  expect(turn(renewal, 300)).toBe(1_000);
  expect(turn(renewal, 20_000)).toBe(1_000);
  expect(turn(renewal, 20_000)).toBe(20_000);
});
