/** For so long this browser keeps what somebody wrote here. */
const KEPT_MS_MAX = 7 * 86_400_000;

/** What is kept under one name, and since when. Unix time, ms. */
type Kept<Item> = Item & { readonly atMs: number };

/** A full or forbidden store changes nothing: it then lives in the page alone. */
export function keepItem(name: string, item: object): void {
  try {
    localStorage.setItem(name, JSON.stringify({ ...item, atMs: Date.now() }));
  } catch {
    return;
  }
}

/** @returns undefined: nothing that can be read. */
export function keptItem<Item>(name: string): Kept<Item> | undefined {
  return itemIn(localStorage.getItem(name));
}

export function forgetItem(name: string): void {
  localStorage.removeItem(name);
}

export function keptNames(prefix: string): string[] {
  return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
}

/** What cannot be read, too. */
export function forgetOldItems(prefix: string): void {
  for (const name of keptNames(prefix))
    if (!(Date.now() - (keptItem(name)?.atMs ?? 0) <= KEPT_MS_MAX)) forgetItem(name);
}

/** Tells what another page of this browser keeps from now on, or (undefined) keeps no longer. */
export function hearItems<Item>(prefix: string, heard: (name: string, item: Kept<Item> | undefined) => void): void {
  window.addEventListener('storage', ({ key, newValue }) => {
    if (key?.startsWith(prefix)) heard(key, itemIn(newValue));
  });
}

function itemIn<Item>(value: string | null): Kept<Item> | undefined {
  try {
    const found: unknown = JSON.parse(value ?? '');
    // A page of before kept the bare instant of what it had sent.
    if (typeof found === 'number') return { atMs: found } as Kept<Item>;
    return typeof found === 'object' && found !== null ? (found as Kept<Item>) : undefined;
  } catch {
    return undefined;
  }
}
