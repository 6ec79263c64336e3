import type { ContactCard } from '../../core/desk-view.ts';
import type { ContactId } from '../../core/ids.ts';
import { isDigital } from '../../core/medium.ts';
import { Deadlines } from '../../lib/deadlines.ts';
import { maskFrom } from '../../lib/mask-number.ts';
import type { WaitingItem } from './messages.ts';

/** Shown one by one; the figures count all of them. */
export const WAITING_SHOWN_MAX = 500;

/**
 * Who waits where, kept up by each change: how many, the longest wait of each queue, and those that are shown one by one, among them our
 * call-backs, by which nobody waits.
 */
export class WaitingList {
  /** By entry into the queue, earliest first. */
  readonly #queues = new Map<string, Deadlines<ContactId>>();
  readonly #queueOf = new Map<ContactId, string>();
  readonly #shown = new Set<ContactId>();
  readonly #notShown = new Set<ContactId>();

  get size(): number {
    return this.#queueOf.size;
  }

  waitingIn(queue: string): number {
    return this.#queues.get(queue)?.size ?? 0;
  }

  /** Undefined when nobody waits. */
  longestSinceMs(queue: string): number | undefined {
    const firstMs = this.#queues.get(queue)?.nextMs();
    return firstMs === undefined || firstMs === Number.POSITIVE_INFINITY ? undefined : firstMs;
  }

  queues(): Iterable<string> {
    return this.#queues.keys();
  }

  /** @returns the queues that are other than before. */
  place(id: ContactId, card: ContactCard | undefined): string[] {
    const before = this.#queueOf.get(id);
    const wait = card?.waiting === true && card.nobody === undefined ? card.wait : undefined;
    if (before !== undefined && before !== wait?.queue) this.#take(id, before);
    if (wait === undefined) return before === undefined ? [] : [before];
    let order = this.#queues.get(wait.queue);
    if (order === undefined) {
      order = new Deadlines();
      this.#queues.set(wait.queue, order);
    }
    order.set(id, wait.enqueuedAtMs, id);
    this.#queueOf.set(id, wait.queue);
    return before === undefined || before === wait.queue ? [wait.queue] : [before, wait.queue];
  }

  /** @returns the contact that takes the free place on the list of those shown, if any. */
  hide(id: ContactId): ContactId | undefined {
    this.#notShown.delete(id);
    if (!this.#shown.delete(id)) return undefined;
    const [next] = this.#notShown;
    if (next !== undefined) this.#notShown.delete(next);
    return next;
  }

  /** @returns whether there is room to show it. */
  show(id: ContactId): boolean {
    if (this.#shown.has(id)) return true;
    if (this.#shown.size >= WAITING_SHOWN_MAX) {
      this.#notShown.add(id);
      return false;
    }
    this.#shown.add(id);
    return true;
  }

  clear(): void {
    this.#queues.clear();
    this.#queueOf.clear();
    this.#shown.clear();
    this.#notShown.clear();
  }

  #take(id: ContactId, queue: string): void {
    this.#queueOf.delete(id);
    this.#queues.get(queue)?.delete(id);
  }
}

export function waitingItem(card: ContactCard, wait: NonNullable<ContactCard['wait']>): WaitingItem {
  return {
    key: `waiting/${card.contact}`,
    kind: 'waiting',
    contact: card.contact,
    queue: wait.queue,
    from: maskFrom(card.from, isDigital(card.medium)),
    line: card.line,
    medium: card.medium,
    enqueuedAtMs: wait.enqueuedAtMs,
    orderMs: wait.orderMs,
    ...(card.agent === undefined ? {} : { ringing: card.agent }),
  };
}
