import type { ContactId } from '../core/ids.ts';

/** Tickets that were drawn beside a conversation and have not called yet. What a core that dies forgets calls as anybody does. */
export interface TicketBook {
  note(ticket: string, expiresAtMs: number, beside: ContactId): void;
  /** Once. */
  take(ticket: string, nowMs: number): ContactId | undefined;
}

const TICKETS_MAX = 10_000;

export function createTicketBook(): TicketBook {
  /** In the order in which they are over: all live equally long. */
  const drawn = new Map<string, { readonly expiresAtMs: number; readonly beside: ContactId }>();

  function forgetOver(nowMs: number): void {
    for (const [ticket, { expiresAtMs }] of drawn) {
      if (expiresAtMs > nowMs && drawn.size < TICKETS_MAX) return;
      drawn.delete(ticket);
    }
  }

  return {
    note(ticket, expiresAtMs, beside) {
      forgetOver(Date.now());
      drawn.set(ticket, { expiresAtMs, beside });
    },
    take(ticket, nowMs) {
      const found = drawn.get(ticket);
      drawn.delete(ticket);
      return found !== undefined && found.expiresAtMs > nowMs ? found.beside : undefined;
    },
  };
}
