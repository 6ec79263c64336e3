const WAYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** What lies off the way counts as so much further; less when the two stand side by side, however long each is. */
const ASIDE = 3;
const ALONGSIDE = 0.5;

/** The button that lies nearest to the focused one in the direction of an arrow key; without a focus, the first. */
export function towards(within: HTMLElement, key: string): HTMLElement | undefined {
  const way = WAYS[key];
  if (way === undefined) return undefined;
  const all = [...within.querySelectorAll<HTMLElement>('button')];
  const from = document.activeElement;
  if (from === null || !within.contains(from)) return all[0];
  const here = from.getBoundingClientRect();
  const [right, down] = way;
  let best: { readonly button: HTMLElement; readonly far: number } | undefined;
  for (const button of all) {
    const there = button.getBoundingClientRect();
    const [x, y] = [middleOf(there, 'x') - middleOf(here, 'x'), middleOf(there, 'y') - middleOf(here, 'y')];
    const along = x * right + y * down;
    const aside = Math.abs(right === 0 ? x : y);
    if (along <= 1 || aside > along * ASIDE) continue;
    const far = along + aside * (overlap(here, there, right === 0 ? 'x' : 'y') ? ALONGSIDE : ASIDE);
    if (best === undefined || far < best.far) best = { button, far };
  }
  return best?.button;
}

type Axis = 'x' | 'y';

function middleOf(box: DOMRect, axis: Axis): number {
  return axis === 'x' ? box.left + box.width / 2 : box.top + box.height / 2;
}

function overlap(one: DOMRect, other: DOMRect, axis: Axis): boolean {
  const [half, otherHalf] = axis === 'x' ? [one.width / 2, other.width / 2] : [one.height / 2, other.height / 2];
  return Math.abs(middleOf(one, axis) - middleOf(other, axis)) < half + otherHalf;
}
