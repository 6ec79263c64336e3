interface Due {
  readonly kind: number;
  readonly id: string;
  atMs: number;
  index: number;
}

/**
 * Deadlines of records of several kinds, earliest first; of two at the same time the lower kind, then the lower id, so that the order follows
 * from the deadlines alone and not from how they were set. Setting and clearing cost O(log n), and nothing when the time is the same.
 */
export class DueHeap {
  readonly #heap: Due[] = [];
  readonly #byKind: Map<string, Due>[] = [];

  first(): { readonly kind: number; readonly id: string; readonly atMs: number } | undefined {
    return this.#heap[0];
  }

  /** @param kind a small whole number. `atMs` null: no deadline. */
  set(kind: number, id: string, atMs: number | null): void {
    let ofKind = this.#byKind[kind];
    if (ofKind === undefined) {
      ofKind = new Map();
      this.#byKind[kind] = ofKind;
    }
    const due = ofKind.get(id);
    if (due === undefined) {
      if (atMs === null) return;
      const made: Due = { kind, id, atMs, index: this.#heap.length };
      ofKind.set(id, made);
      this.#heap.push(made);
      this.#rise(made);
    } else if (atMs === null) {
      ofKind.delete(id);
      this.#remove(due);
    } else if (due.atMs !== atMs) {
      due.atMs = atMs;
      this.#rise(due);
      this.#sink(due);
    }
  }

  #remove(due: Due): void {
    const last = this.#heap.pop()!;
    if (last === due) return;
    this.#place(last, due.index);
    this.#rise(last);
    this.#sink(last);
  }

  #place(due: Due, index: number): void {
    this.#heap[index] = due;
    due.index = index;
  }

  #rise(due: Due): void {
    while (due.index > 0) {
      const { index } = due;
      const parent = this.#heap[(index - 1) >> 1]!;
      if (!before(due, parent)) return;
      this.#place(due, parent.index);
      this.#place(parent, index);
    }
  }

  #sink(due: Due): void {
    for (;;) {
      const { index } = due;
      const left = this.#heap[2 * index + 1];
      if (left === undefined) return;
      const right = this.#heap[2 * index + 2];
      const child = right !== undefined && before(right, left) ? right : left;
      if (!before(child, due)) return;
      this.#place(due, child.index);
      this.#place(child, index);
    }
  }
}

function before(a: Due, b: Due): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  return a.kind !== b.kind ? a.kind < b.kind : a.id < b.id;
}
