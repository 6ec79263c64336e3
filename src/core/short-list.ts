/** Lists of hardly ever more than two, made anew with each change and no longer than they are: a spread or a filter leaves room for sixteen. */

export function withOne<Item>(list: readonly Item[], item: Item): Item[] {
  if (list.length === 0) return [item];
  return list.length === 1 ? [list[0]!, item] : [...list, item];
}

export function without<Item>(list: readonly Item[], gone: Item): Item[] {
  if (list.length === 1 && list[0] === gone) return [];
  if (list.length === 2 && list[1] === gone) return [list[0]!];
  if (list.length === 2 && list[0] === gone) return [list[1]!];
  return list.filter((item) => item !== gone);
}
