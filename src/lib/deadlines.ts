interface Entry<T> {
  readonly key: string;
  readonly atMs: number;
  /** Insertion order breaks ties, so that equal deadlines fire as they were set. */
  readonly order: number;
  readonly value: T;
  index: number;
}

/** Deadlines by key, earliest first: a binary heap with a place for each key. Setting a key again moves it. */
export class Deadlines<T> {
  readonly #heap: Entry<T>[] = [];
  readonly #byKey = new Map<string, Entry<T>>();
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Infinity when there is none. */
  nextMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  set(key: string, atMs: number, value: T): void {
    this.delete(key);
    const entry: Entry<T> = { key, atMs, order: this.#order++, value, index: this.#heap.length };
    this.#heap.push(entry);
    this.#byKey.set(key, entry);
    this.#rise(entry);
  }

  delete(key: string): boolean {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return false;
    this.#byKey.delete(key);
    const last = this.#heap.pop()!;
    if (last !== entry) {
      this.#place(last, entry.index);
      this.#rise(last);
      this.#sink(last);
    }
    return true;
  }

  /** Takes out the earliest entry that is due at `nowMs`, one at a time: what it does may set or delete others. */
  takeDue(nowMs: number): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    this.delete(first.key);
    return first.value;
  }

  #place(entry: Entry<T>, index: number): void {
    this.#heap[index] = entry;
    entry.index = index;
  }

  #rise(entry: Entry<T>): void {
    while (entry.index > 0) {
      const parent = this.#heap[(entry.index - 1) >> 1]!;
      if (!before(entry, parent)) return;
      const index = parent.index;
      this.#place(parent, entry.index);
      this.#place(entry, index);
    }
  }

  #sink(entry: Entry<T>): void {
    for (;;) {
      const left = this.#heap[2 * entry.index + 1];
      const right = this.#heap[2 * entry.index + 2];
      const child = left !== undefined && right !== undefined && before(right, left) ? right : left;
      if (child === undefined || !before(child, entry)) return;
      const index = child.index;
      this.#place(child, entry.index);
      this.#place(entry, index);
    }
  }
}

function before(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
