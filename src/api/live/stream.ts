import type { Item, StreamName } from './messages.ts';

/** Changes kept for those who come back: after more of them, or more bytes, there is a snapshot instead. */
export const RING_FRAMES_MAX = 1_024;
export const RING_BYTES_MAX = 1024 * 1024;
/** A snapshot is made anew when it is so many changes old; until then the changes are sent behind it. */
const SNAPSHOT_AGE_MAX = 64;

/**
 * Items by key, with numbered changes. Every frame is made once, whoever reads it. `put` and `drop` gather; `commit` makes them the next change.
 */
export class Stream {
  readonly name: StreamName;
  readonly #items = new Map<string, string>();
  readonly #pending = new Map<string, string | null>();
  #ring: Buffer[] = [];
  #ringBytes = 0;
  #seq = 0;
  #snapshot: { readonly seq: number; readonly frame: Buffer } | undefined;

  constructor(name: StreamName) {
    this.name = name;
  }

  get seq(): number {
    return this.#seq;
  }

  get size(): number {
    return this.#items.size;
  }

  put(item: Item): void {
    const text = JSON.stringify(item);
    if (this.#items.get(item.key) === text) this.#pending.delete(item.key);
    else this.#pending.set(item.key, text);
  }

  drop(key: string): void {
    if (this.#items.has(key)) this.#pending.set(key, null);
    else this.#pending.delete(key);
  }

  /** All keys that begin so, with what is gathered. */
  keys(prefix: string): string[] {
    const keys = [...this.#items.keys()].filter((key) => this.#pending.get(key) !== null);
    for (const [key, text] of this.#pending) if (text !== null && !this.#items.has(key)) keys.push(key);
    return keys.filter((key) => key.startsWith(prefix));
  }

  get changed(): boolean {
    return this.#pending.size > 0;
  }

  /** @returns false when nothing is other than before. */
  commit(): boolean {
    if (this.#pending.size === 0) return false;
    const items: string[] = [];
    const gone: string[] = [];
    for (const [key, text] of this.#pending) {
      if (text === null) {
        this.#items.delete(key);
        gone.push(key);
      } else {
        this.#items.set(key, text);
        items.push(text);
      }
    }
    this.#pending.clear();
    this.#seq += 1;
    this.#keep(this.#frame('changes', items, `,"gone":${JSON.stringify(gone)}`));
    return true;
  }

  /** The frames that bring somebody from `seq` to now; undefined when they are not all kept. */
  framesAfter(seq: number): readonly Buffer[] | undefined {
    const behind = this.#seq - seq;
    if (behind < 0 || behind > this.#ring.length || !Number.isInteger(behind)) return undefined;
    return behind === 0 ? [] : this.#ring.slice(-behind);
  }

  /** The frames that bring somebody who knows nothing to now. */
  whole(): readonly Buffer[] {
    const old = this.#snapshot;
    const since = old === undefined || this.#seq - old.seq > SNAPSHOT_AGE_MAX ? undefined : this.framesAfter(old.seq);
    if (old !== undefined && since !== undefined) return [old.frame, ...since];
    const frame = this.#frame('snapshot', [...this.#items.values()], '');
    this.#snapshot = { seq: this.#seq, frame };
    return [frame];
  }

  #frame(type: 'snapshot' | 'changes', items: readonly string[], more: string): Buffer {
    return Buffer.from(
      `{"type":"${type}","stream":"${this.name}","seq":${this.#seq},"items":[${items.join(',')}]${more}}`,
    );
  }

  #keep(frame: Buffer): void {
    this.#ring.push(frame);
    this.#ringBytes += frame.length;
    let drop = 0;
    while (
      this.#ring.length - drop > RING_FRAMES_MAX ||
      (this.#ringBytes > RING_BYTES_MAX && drop < this.#ring.length)
    ) {
      this.#ringBytes -= this.#ring[drop]!.length;
      drop += 1;
    }
    if (drop > 0) this.#ring = this.#ring.slice(drop);
  }
}
