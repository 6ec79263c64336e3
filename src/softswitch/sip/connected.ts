import type { Flow } from './user-agent.ts';

/** What hangs on which TCP connection: the end of one costs what hangs on it, however many there are. */
export class Connected<Item extends object> {
  readonly #placeOf = new Map<Item, number>();
  readonly #byConnection = new Map<number, Set<Item>>();

  get size(): number {
    return this.#placeOf.size;
  }

  /** From now on it hangs on the connection of this flow; on none when the flow has none. */
  place(item: Item, flow: Flow): void {
    const { connection } = flow;
    if (this.#placeOf.get(item) === connection) return;
    this.drop(item);
    if (connection === undefined) return;
    const there = this.#byConnection.get(connection) ?? new Set();
    this.#byConnection.set(connection, there.add(item));
    this.#placeOf.set(item, connection);
  }

  drop(item: Item): void {
    const connection = this.#placeOf.get(item);
    if (connection === undefined) return;
    this.#placeOf.delete(item);
    const there = this.#byConnection.get(connection);
    there?.delete(item);
    if (there?.size === 0) this.#byConnection.delete(connection);
  }

  /** As it stands now: what is done to one may move the others. */
  on(connection: number): readonly Item[] {
    return [...(this.#byConnection.get(connection) ?? [])];
  }
}
