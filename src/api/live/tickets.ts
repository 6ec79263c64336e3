import { createHash, randomBytes } from 'node:crypto';
import type { Person } from '../../store/sessions.ts';

export const TICKET_LIFE_MS = 30_000;
/** Drawn and not used, of one session: the oldest is void when one more is drawn. */
const PER_SESSION_MAX = 8;
/** All together: more than the seats of a city that come back at once. */
const TICKETS_MAX = 50_000;

/** Who a session's socket speaks for. */
export interface Admission {
  readonly person: Person;
  /** The session's name inside the program; nothing that a browser could show. */
  readonly session: string;
  /** When the session ends whatever happens. Unix time, ms. */
  readonly endsAtMs: number;
  /** When its person did something last. */
  readonly seenAtMs: number;
}

interface Ticket extends Admission {
  readonly validToMs: number;
}

/** One-use tickets, kept as hashes in memory: a restart voids them, and a client draws another. */
export class Tickets {
  /** In the order in which they were drawn. */
  readonly #tickets = new Map<string, Ticket>();
  readonly #ofSession = new Map<string, Set<string>>();
  #changes = 0;

  /** Changes of rights that have been heard of. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * @param changes when the person was read.
   * @returns the ticket; undefined when there are too many, or rights have changed since: they would stay as they were for as long as the
   * socket, which was not there when all that were had theirs looked at.
   */
  draw(admission: Admission, changes: number, nowMs: number): string | undefined {
    if (changes !== this.#changes) return undefined;
    this.#forgetOld(nowMs);
    const mine = this.#ofSession.get(admission.session) ?? new Set();
    if (mine.size >= PER_SESSION_MAX) this.#forget([...mine][0]!);
    if (this.#tickets.size >= TICKETS_MAX) return undefined;
    const ticket = randomBytes(24).toString('base64url');
    const hash = hashOf(ticket);
    this.#tickets.set(hash, { ...admission, validToMs: nowMs + TICKET_LIFE_MS });
    mine.add(hash);
    this.#ofSession.set(admission.session, mine);
    return ticket;
  }

  /** Takes the ticket, which is void from now on. Undefined: unknown, used, too old, or drawn in another session. */
  redeem(ticket: string, session: string, nowMs: number): Admission | undefined {
    const hash = hashOf(ticket);
    const found = this.#tickets.get(hash);
    this.#forget(hash);
    return found !== undefined && found.session === session && nowMs < found.validToMs ? found : undefined;
  }

  /** The session is over: so are its tickets. */
  voidSession(session: string): void {
    for (const hash of this.#ofSession.get(session) ?? []) this.#tickets.delete(hash);
    this.#ofSession.delete(session);
  }

  /** Rights may be others now: every ticket is drawn anew. */
  voidAll(): void {
    this.#changes += 1;
    this.#tickets.clear();
    this.#ofSession.clear();
  }

  #forgetOld(nowMs: number): void {
    for (const [hash, { validToMs }] of this.#tickets) {
      if (validToMs > nowMs) return;
      this.#forget(hash);
    }
  }

  #forget(hash: string): void {
    const ticket = this.#tickets.get(hash);
    if (ticket === undefined) return;
    this.#tickets.delete(hash);
    const mine = this.#ofSession.get(ticket.session);
    mine?.delete(hash);
    if (mine?.size === 0) this.#ofSession.delete(ticket.session);
  }
}

function hashOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64url');
}
