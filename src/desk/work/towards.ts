const WAYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** What lies off the way counts as so much further. */
const ASIDE = 3;

/** The button that lies nearest to the focused one in the direction of an arrow key; without a focus, the first. */
export function towards(within: HTMLElement, key: string): HTMLElement | undefined {
  const way = WAYS[key];
  if (way === undefined) return undefined;
  const all = [...within.querySelectorAll<HTMLElement>('button')];
  const from = document.activeElement;
  if (from === null || !within.contains(from)) return all[0];
  const here = centreOf(from);
  const [right, down] = way;
  let best: { readonly button: HTMLElement; readonly far: number } | undefined;
  for (const button of all) {
    const there = centreOf(button);
    const [x, y] = [there.x - here.x, there.y - here.y];
    const along = x * right + y * down;
    const aside = Math.abs(x * down) + Math.abs(y * right);
    if (along <= 1 || aside > along * ASIDE) continue;
    const far = along + aside * ASIDE;
    if (best === undefined || far < best.far) best = { button, far };
  }
  return best?.button;
}

function centreOf(element: Element): { readonly x: number; readonly y: number } {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return { x: (left + right) / 2, y: (top + bottom) / 2 };
}
