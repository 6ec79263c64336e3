/** The slot of what never comes. */
export const NEVER = -1;

/**
 * The time of a simulated day and what is still to come in it: a binary heap of moments. What is due at the same moment comes in the order in
 * which it was asked for. What is to be done then lies still in a slot, and only the slot's number moves: an act that moved would be told to
 * the garbage collector each time.
 */
export class Clock {
  nowMs: number;
  readonly #atMs: number[] = [];
  readonly #order: number[] = [];
  readonly #slot: number[] = [];
  readonly #acts: ((() => void) | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  #asked = 0;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  get size(): number {
    return this.#slot.length;
  }

  /** When the next thing is due; Infinity when nothing is. */
  nextMs(): number {
    return this.#atMs.length === 0 ? Infinity : this.#atMs[0]!;
  }

  /**
   * A moment that is over counts as now; Infinity never comes.
   *
   * @returns the slot, for `drop` before the moment has come; it is somebody else's afterwards.
   */
  at(atMs: number, act: () => void): number {
    if (atMs === Infinity) return NEVER;
    let index = this.#slot.length;
    const dueMs = Math.max(atMs, this.nowMs);
    const order = this.#asked++;
    const slot = this.#freeSlots.pop() ?? this.#acts.length;
    this.#acts[slot] = act;
    this.#slot.push(slot);
    this.#atMs.push(dueMs);
    this.#order.push(order);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#atMs[parent]! <= dueMs) break;
      this.#move(parent, index);
      index = parent;
    }
    this.#put(index, dueMs, order, slot);
    return slot;
  }

  after(delayMs: number, act: () => void): number {
    return this.at(this.nowMs + delayMs, act);
  }

  /** The moment comes, but nothing is done then: what the act holds need not be kept for it. */
  drop(slot: number): void {
    if (slot !== NEVER) this.#acts[slot] = undefined;
  }

  /** Goes to the next thing that is due and does it. */
  next(): void {
    if (this.#slot.length === 0) return;
    const slot = this.#slot[0]!;
    const act = this.#acts[slot];
    this.nowMs = this.#atMs[0]!;
    this.#acts[slot] = undefined;
    this.#freeSlots.push(slot);
    const lastSlot = this.#slot.pop()!;
    const lastMs = this.#atMs.pop()!;
    const lastOrder = this.#order.pop()!;
    if (this.#slot.length > 0) this.#sink(lastMs, lastOrder, lastSlot);
    act?.();
  }

  #sink(dueMs: number, order: number, slot: number): void {
    const size = this.#slot.length;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(child + 1, child)) child += 1;
      const childMs = this.#atMs[child]!;
      if (dueMs < childMs || (dueMs === childMs && order < this.#order[child]!)) break;
      this.#move(child, index);
      index = child;
    }
    this.#put(index, dueMs, order, slot);
  }

  #isBefore(a: number, b: number): boolean {
    const atMs = this.#atMs[a]!;
    const otherMs = this.#atMs[b]!;
    return atMs < otherMs || (atMs === otherMs && this.#order[a]! < this.#order[b]!);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#atMs[from]!, this.#order[from]!, this.#slot[from]!);
  }

  #put(index: number, dueMs: number, order: number, slot: number): void {
    this.#atMs[index] = dueMs;
    this.#order[index] = order;
    this.#slot[index] = slot;
  }
}
