import type { Session } from '../store/sessions.ts';

/** More than people at work in a city; whoever has not asked for the longest time is forgotten first. */
const KNOWN_MAX = 20_000;

interface Known {
  readonly session: Session;
  readonly changes: number;
}

/**
 * Sessions that the database has vouched for, so that who is at work goes on working while it is away. In memory alone: a restart forgets them.
 *
 * `changes` counts the changes of rights that have been heard of: whatever was read before the last of them is not worth anything.
 */
export class KnownSessions {
  /** By the session's key, in the order in which they were asked for. */
  readonly #known = new Map<string, Known>();
  #forgotten = 0;
  /** Ended while the database could not be told. */
  readonly #ended = new Set<string>();

  /** Sessions that were ended here so far; for `keep`. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /**
   * @param forgotten before the database was asked: an answer that was under way when a session ended is not kept.
   * @returns the session, with the later of the two moments at which its person did something.
   */
  keep(session: Session, changes: number, forgotten: number): Session {
    const seenAtMs = Math.max(session.seenAtMs, this.#known.get(session.key)?.session.seenAtMs ?? 0);
    const kept = { ...session, seenAtMs };
    if (forgotten === this.#forgotten) this.#put(kept, changes);
    return kept;
  }

  /** Undefined: unknown, over, or rights have changed since. */
  find(key: string, changes: number, nowMs: number): Session | undefined {
    const known = this.#known.get(key);
    return known?.changes === changes && known.session.endsAtMs > nowMs ? known.session : undefined;
  }

  /** Its person did something that the database cannot be told of now. */
  seen(session: Session, nowMs: number): void {
    const known = this.#known.get(session.key);
    if (known !== undefined) this.#put({ ...known.session, seenAtMs: nowMs }, known.changes);
  }

  forget(key: string): void {
    this.#forgotten += 1;
    this.#known.delete(key);
  }

  /** Its person logged out: whatever the database says of it until it has heard so. */
  end(key: string): void {
    this.forget(key);
    const [oldest] = this.#ended.size >= KNOWN_MAX ? this.#ended : [];
    if (oldest !== undefined) this.#ended.delete(oldest);
    this.#ended.add(key);
  }

  isEnded(key: string): boolean {
    return this.#ended.has(key);
  }

  /** The database knows. */
  endKnown(key: string): void {
    this.#ended.delete(key);
  }

  /** All sessions of one person. */
  forgetUser(user: string): void {
    this.#forgotten += 1;
    for (const [key, { session }] of this.#known) if (session.person.user === user) this.#known.delete(key);
  }

  #put(session: Session, changes: number): void {
    this.#known.delete(session.key);
    const [oldest] = this.#known.size >= KNOWN_MAX ? this.#known.keys() : [];
    if (oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(session.key, { session, changes });
  }
}
