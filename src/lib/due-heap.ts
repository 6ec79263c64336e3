interface Due {
  readonly kind: number;
  readonly id: string;
  atMs: number;
  index: number;
}

/**
 * Deadlines of records of several kinds, earliest first; of two at the same time the lower kind, then the lower id, so that the order follows
 * from the deadlines alone and not from how they were set. Setting and clearing cost O(log n), and nothing when the time is the same.
 * Each kind has a heap of its own: the few that come and go with every call never move through the many that lie for days.
 */
export class DueHeap {
  readonly #byKind: DuesOfKind[] = [];
  /** When the first of each kind is due; Infinity when there is none. Beside one another, since they are asked for at every step. */
  readonly #firstMs: number[] = [];

  first(): { readonly kind: number; readonly id: string; readonly atMs: number } | undefined {
    let firstKind = 0;
    for (let kind = 1; kind < this.#firstMs.length; kind++) {
      if (this.#firstMs[kind]! < this.#firstMs[firstKind]!) firstKind = kind;
    }
    return this.#byKind[firstKind]?.heap[0];
  }

  /** @param kind a small whole number. `atMs` null: no deadline. */
  set(kind: number, id: string, atMs: number | null): void {
    while (this.#byKind.length <= kind) {
      this.#byKind.push(new DuesOfKind());
      this.#firstMs.push(Infinity);
    }
    const dues = this.#byKind[kind]!;
    dues.set(kind, id, atMs);
    this.#firstMs[kind] = dues.heap[0]?.atMs ?? Infinity;
  }
}

/** A binary heap with a place for each id. */
class DuesOfKind {
  readonly heap: Due[] = [];
  readonly #byId = new Map<string, Due>();

  set(kind: number, id: string, atMs: number | null): void {
    const due = this.#byId.get(id);
    if (due === undefined) {
      if (atMs === null) return;
      const made: Due = { kind, id, atMs, index: this.heap.length };
      this.#byId.set(id, made);
      this.heap.push(made);
      this.#rise(made);
    } else if (atMs === null) {
      this.#byId.delete(id);
      this.#remove(due);
    } else if (due.atMs !== atMs) {
      due.atMs = atMs;
      this.#rise(due);
      this.#sink(due);
    }
  }

  #remove(due: Due): void {
    const last = this.heap.pop()!;
    if (last === due) return;
    this.#place(last, due.index);
    this.#rise(last);
    this.#sink(last);
  }

  #place(due: Due, index: number): void {
    this.heap[index] = due;
    due.index = index;
  }

  #rise(due: Due): void {
    let { index } = due;
    while (index > 0) {
      const parent = this.heap[(index - 1) >> 1]!;
      if (!before(due, parent)) break;
      this.#place(parent, index);
      index = (index - 1) >> 1;
    }
    this.#place(due, index);
  }

  #sink(due: Due): void {
    let { index } = due;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= this.heap.length) break;
      const right = left + 1;
      const least = right < this.heap.length && before(this.heap[right]!, this.heap[left]!) ? right : left;
      const child = this.heap[least]!;
      if (!before(child, due)) break;
      this.#place(child, index);
      index = least;
    }
    this.#place(due, index);
  }
}

function before(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.id < b.id);
}
