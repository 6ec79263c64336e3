import { expect, test } from 'vitest';
import { withOne, without } from '../../src/core/short-list.ts';

test('short lists say what a spread and a filter would, at every length and for whoever is not in them', () => {
  const all = ['a', 'b', 'c', 'd'];
  for (let length = 0; length <= all.length; length += 1) {
    const list = all.slice(0, length);
    expect(withOne(list, 'e')).toEqual([...list, 'e']);
    for (const gone of [...all, 'e']) expect(without(list, gone)).toEqual(list.filter((each) => each !== gone));
    expect(list).toEqual(all.slice(0, length));
  }
});
