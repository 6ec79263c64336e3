import type { AgentId, ContactId } from '../../core/ids.ts';
import { SESSION_IDLE_MS, type Session, sessionsOf } from '../../store/sessions.ts';
import { LEADS, reachAs } from '../access.ts';
import type { ApiOptions, LiveSources } from '../options.ts';
import type { Decided } from './live-core.ts';

/** The accounts could not be read: once more after so long, as long as somebody is heard. */
const AGAIN_MS = 5_000;

/**
 * Whoever supervises and may no longer, by roles, team or account, or without a session left, does not (V4): the phone of the seat would
 * hear the talk on. Looked at with each change of accounts, at each end of a session, and when the last session of a supervisor is over.
 */
export class SupervisionRights {
  readonly #options: ApiOptions;
  readonly #live: LiveSources;
  readonly #isAtWork: (user: string) => boolean;
  /** Who supervises which talk. */
  readonly #heard = new Map<ContactId, AgentId>();
  readonly #ends: readonly (() => void)[];
  #state: object | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #again = false;

  constructor(options: ApiOptions, live: LiveSources, isAtWork: (user: string) => boolean) {
    this.#options = options;
    this.#live = live;
    this.#isAtWork = isAtWork;
    this.#ends = [live.onAccounts(() => this.look()), live.core.follow((entries) => this.#hear(entries))];
    this.look();
  }

  look(): void {
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    void this.#lookOn().finally(() => {
      this.#looking = false;
    });
  }

  end(): void {
    clearTimeout(this.#timer);
    for (const end of this.#ends) end();
  }

  #hear(entries: readonly Decided[]): void {
    this.#find();
    for (const command of entries.flatMap(({ commands }) => commands)) {
      if (command.do !== 'record-fact') continue;
      if (command.fact === 'supervisionEnded') this.#heard.delete(command.contact);
      if (command.fact !== 'supervisionAsked') continue;
      this.#heard.set(command.contact, command.by);
      this.look();
    }
  }

  /** All of them, when the state was put together anew. */
  #find(): void {
    const { core } = this.#live;
    if (this.#state === core.state()) return;
    this.#state = core.state();
    this.#heard.clear();
    for (const id of core.contacts()) {
      const by = core.contact(id)?.supervision?.by;
      if (by !== undefined) this.#heard.set(id, by);
    }
  }

  async #lookOn(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      this.#find();
      this.#arm(Number.POSITIVE_INFINITY);
      if (this.#heard.size === 0) return;
      try {
        this.#arm((await this.#lookAtAll()) - Date.now());
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'who may hear a talk cannot be read now');
        this.#arm(AGAIN_MS);
      }
    }
  }

  /** @returns when the first of them has no session left, if nothing happens. Unix time, ms. */
  async #lookAtAll(): Promise<number> {
    const { db, core, logger } = this.#options;
    const nowMs = Date.now();
    // Who begins meanwhile is looked at next, by sessions that were read after it.
    const heard = [...this.#heard];
    const sessions = await sessionsOf(db, [...new Set(heard.map(([, by]) => by))], nowMs);
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [contact, by] of heard) {
      const mine = sessions.get(by) ?? [];
      const untilMs = Math.max(0, ...mine.map((session) => endOf(session, this.#isAtWork(by))));
      if (untilMs > nowMs && (await this.#mayHear(mine[0]!, contact))) {
        nextMs = Math.min(nextMs, untilMs);
        continue;
      }
      if (this.#heard.get(contact) !== by) continue;
      logger.info({ contact, by }, 'a supervision ends with the right to it');
      await core.submit({ type: 'supervisionLeft', contact, by, because: 'rightsLost' });
    }
    return nextMs;
  }

  async #mayHear({ person }: Session, contact: ContactId): Promise<boolean> {
    const roles = person.roles.filter((role) => LEADS.includes(role));
    if (roles.length === 0) return false;
    const reach = await reachAs({ ...person, roles }, this.#options.db);
    const agent = this.#live.core.contact(contact)?.agent;
    return agent === undefined || reach === undefined || reach.includes(agent);
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    if (!Number.isFinite(ms)) return;
    this.#timer = setTimeout(() => this.look(), Math.max(0, ms));
    this.#timer.unref();
  }
}

/** When it is over if its person does nothing more. Unix time, ms. */
function endOf({ endsAtMs, seenAtMs }: Session, isAtWork: boolean): number {
  return isAtWork ? endsAtMs : Math.min(endsAtMs, seenAtMs + SESSION_IDLE_MS + 1);
}
