/** First in, first out, without moving what is in it; the room of what was taken is used again once it is empty. */
export class Inbox<Item> {
  readonly #items: Item[] = [];
  #head = 0;
  #tail = 0;

  get size(): number {
    return this.#tail - this.#head;
  }

  push(item: Item): void {
    this.#items[this.#tail++] = item;
  }

  shift(): Item | undefined {
    if (this.#head === this.#tail) return undefined;
    const item = this.#items[this.#head++];
    if (this.#head === this.#tail) this.clear();
    return item;
  }

  clear(): void {
    this.#head = 0;
    this.#tail = 0;
  }
}
