/** The deadline of one record. */
export interface Due {
  readonly kind: number;
  readonly id: string;
  atMs: number;
  /** Its place in the heap; below 0 while it is not set. */
  index: number;
}

const UNSET = -1;

/** Not set. @param kind a small whole number. */
export function makeDue(kind: number, id: string): Due {
  return { kind, id, atMs: Infinity, index: UNSET };
}

/**
 * Deadlines of records of several kinds, earliest first; of two at the same time the lower kind, then the lower id, so that the order follows
 * from the deadlines alone and not from how they were set. Setting and clearing cost O(log n), and nothing when the time is the same.
 * Each kind has a heap of its own: the few that come and go with every call never move through the many that lie for days.
 */
export class DueHeap {
  readonly #heaps: Due[][] = [];
  /** When the first of each kind is due; Infinity when there is none. Beside one another, since they are asked for at every step. */
  readonly #firstMs: number[] = [];
  readonly #named: Map<string, Due>[] = [];

  first(): Due | undefined {
    let firstKind = 0;
    for (let kind = 1; kind < this.#firstMs.length; kind++) {
      if (this.#firstMs[kind]! < this.#firstMs[firstKind]!) firstKind = kind;
    }
    return this.#heaps[firstKind]?.[0];
  }

  /** For whoever keeps `due` with the record: it is found without a look-up. `atMs` null: no deadline. */
  put(due: Due, atMs: number | null): void {
    if (atMs === null ? due.index === UNSET : due.index !== UNSET && due.atMs === atMs) return;
    const heap = this.#heapOf(due.kind);
    if (atMs === null) remove(heap, due);
    else {
      due.atMs = atMs;
      if (due.index === UNSET) due.index = heap.push(due) - 1;
      rise(heap, due);
      sink(heap, due);
    }
    this.#firstMs[due.kind] = heap[0]?.atMs ?? Infinity;
  }

  /** Of a kind that nobody keeps: found by its id. */
  set(kind: number, id: string, atMs: number | null): void {
    this.#heapOf(kind);
    const named = this.#named[kind]!;
    const known = named.get(id);
    if (known === undefined && atMs === null) return;
    const due = known ?? makeDue(kind, id);
    if (known === undefined) named.set(id, due);
    else if (atMs === null) named.delete(id);
    this.put(due, atMs);
  }

  #heapOf(kind: number): Due[] {
    while (this.#heaps.length <= kind) {
      this.#heaps.push([]);
      this.#firstMs.push(Infinity);
      this.#named.push(new Map());
    }
    return this.#heaps[kind]!;
  }
}

function remove(heap: Due[], due: Due): void {
  const last = heap.pop()!;
  if (last !== due) {
    place(heap, last, due.index);
    rise(heap, last);
    sink(heap, last);
  }
  due.index = UNSET;
}

function place(heap: Due[], due: Due, index: number): void {
  heap[index] = due;
  due.index = index;
}

function rise(heap: Due[], due: Due): void {
  let { index } = due;
  const from = index;
  while (index > 0) {
    const parent = heap[(index - 1) >> 1]!;
    if (!before(due, parent)) break;
    place(heap, parent, index);
    index = (index - 1) >> 1;
  }
  if (index !== from) place(heap, due, index);
}

function sink(heap: Due[], due: Due): void {
  let { index } = due;
  const from = index;
  for (;;) {
    const left = 2 * index + 1;
    if (left >= heap.length) break;
    const right = left + 1;
    const least = right < heap.length && before(heap[right]!, heap[left]!) ? right : left;
    const child = heap[least]!;
    if (!before(child, due)) break;
    place(heap, child, index);
    index = least;
  }
  if (index !== from) place(heap, due, index);
}

function before(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.id < b.id);
}
