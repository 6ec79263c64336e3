import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Command, RecordFact } from '../core/command.ts';
import type { ChannelEvent } from '../core/event.ts';
import type { DigitalMedium } from '../core/medium.ts';
import { type Account, accountKey } from './account.ts';
import type { InboundEvent, InboundMessage } from './channel.ts';

/** A message that is stored and belongs to no contact yet; or word that the citizen has left. */
export interface Untaken {
  readonly id: number;
  readonly account: Account;
  readonly conversation: string;
  readonly message: InboundMessage | InboundEvent;
}

/** What the core says of a message. */
export interface TakenMessage extends Untaken {
  readonly message: InboundMessage;
  readonly contact: string;
  /** The contact began with it. */
  readonly opened: boolean;
}

export interface Decided {
  readonly commands: readonly Command[];
}

export interface IntakeOptions {
  /** Resolves once it is written down; rejects when it could not be. */
  readonly submit: (event: ChannelEvent) => Promise<Decided>;
  readonly onTaken: (taken: TakenMessage) => void;
  readonly logger: Logger;
}

const FLYING_MAX = 512;
const AGAIN_MS = 250;
/** Numbers remembered, so that a look at the database gives nothing to the core a second time. */
const KNOWN_MAX = 100_000;
/** That the core has no room for just now. */
export const HELD_MAX = 50_000;
const KEY_CHARS_MAX = 128;

/**
 * Brings stored messages to the core, in order. What the core has no room for is held, and comes again when a contact of that line has ended;
 * whatever is lost with the process is found again in the database (`readUntaken`).
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #queue: Untaken[] = [];
  /** Medium and queue → conversation → its messages, both in order. */
  readonly #held = new Map<string, Map<string, Untaken[]>>();
  readonly #known = new Set<number>();
  /** Lines in which somebody is being asked for, and those with room since. */
  readonly #trying = new Set<string>();
  readonly #again = new Set<string>();
  #heldCount = 0;
  #flying = 0;
  #paused = false;
  #closed = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  get held(): number {
    return this.#heldCount;
  }

  /** Stored and not yet decided on. */
  get pending(): number {
    return this.#queue.length + this.#flying;
  }

  /** A number that was given before is left out. */
  take(message: Untaken): void {
    if (this.#known.has(message.id)) return;
    this.#remember(message.id);
    const line = this.#lineBehind(message);
    if (line !== undefined) return this.#hold(message, line);
    this.#queue.push(message);
    this.#fly();
  }

  /** Hears what the core decided: places that became free are for whoever is held. */
  hear(commands: readonly Command[]): void {
    if (this.#heldCount === 0) return;
    for (const command of commands) {
      if (command.do === 'record-fact' && makesRoom(command)) return this.#tryHeld();
    }
  }

  close(): void {
    this.#closed = true;
  }

  #remember(id: number): void {
    this.#known.add(id);
    if (this.#known.size <= KNOWN_MAX) return;
    const [oldest] = this.#known;
    this.#known.delete(oldest!);
  }

  #fly(): void {
    while (this.#flying < FLYING_MAX && !this.#paused && !this.#closed) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      void this.#submit(next);
    }
  }

  async #submit(message: Untaken): Promise<void> {
    this.#flying += 1;
    try {
      if (!this.#told(message, await this.#options.submit(eventOf(message)))) this.#hold(message);
    } catch (error) {
      this.#failed(message, error);
    } finally {
      this.#flying -= 1;
      this.#fly();
    }
  }

  #failed(message: Untaken, error: unknown): void {
    const { code } = error as { code?: unknown };
    const { logger } = this.#options;
    // It stays in the database, for the operator and the next start.
    if (code === 'setAside') return logger.error({ message: message.id }, 'the core cannot take this message');
    if (code !== 'full') return logger.warn({ err: error, message: message.id }, 'a message waits for the next start');
    this.#queue.unshift(message);
    if (this.#paused) return;
    this.#paused = true;
    setTimeout(() => {
      this.#paused = false;
      this.#fly();
    }, AGAIN_MS).unref();
  }

  /** Where earlier ones of the conversation are held; whoever leaves may not say through which entry. */
  #lineBehind(message: Untaken): string | undefined {
    const reference = referenceOf(message);
    if (message.message.kind !== 'event') {
      const key = lineOf(message);
      return this.#held.get(key)?.has(reference) ? key : undefined;
    }
    for (const [key, line] of this.#held) if (line.has(reference)) return key;
    return undefined;
  }

  #hold(message: Untaken, key = lineOf(message)): void {
    const line = this.#held.get(key) ?? new Map<string, Untaken[]>();
    const reference = referenceOf(message);
    line.set(
      reference,
      [...(line.get(reference) ?? []), message].sort((a, b) => a.id - b.id),
    );
    this.#held.set(key, line);
    this.#heldCount += 1;
  }

  #tryHeld(): void {
    for (const key of this.#held.keys()) {
      this.#again.add(key);
      if (!this.#trying.has(key)) void this.#tryLine(key);
    }
  }

  /** The oldest conversation first: what it needs is one place, for all its messages. */
  async #tryLine(key: string): Promise<void> {
    this.#trying.add(key);
    while (this.#again.delete(key) && !this.#closed) {
      for (const [reference, messages] of this.#held.get(key) ?? []) {
        const taken = await this.#askAgain(messages[0]!);
        if (!taken) break;
        this.#release(key, reference);
      }
    }
    this.#trying.delete(key);
  }

  async #askAgain(message: Untaken): Promise<boolean> {
    try {
      return this.#told(message, await this.#options.submit(eventOf(message)));
    } catch (error) {
      this.#options.logger.debug({ err: error, message: message.id }, 'a held message goes on waiting');
      return false;
    }
  }

  /** Its first message is taken; the others follow. */
  #release(key: string, reference: string): void {
    const line = this.#held.get(key);
    const messages = line?.get(reference) ?? [];
    line?.delete(reference);
    if (line?.size === 0) this.#held.delete(key);
    this.#heldCount -= messages.length;
    this.#queue.push(...messages.slice(1));
    this.#fly();
  }

  /** @returns whether the core took it. */
  #told({ message, ...rest }: Untaken, { commands }: Decided): boolean {
    // Whether there was something to end or not: nobody is waited for.
    if (message.kind === 'event') return true;
    const fact = commands.find(isTaken);
    const opened = fact?.opened === true;
    if (fact !== undefined) this.#options.onTaken({ ...rest, message, contact: fact.contact, opened });
    return fact !== undefined;
  }
}

/** Its name for the core: one open contact for each. */
export function referenceOf({ account, conversation }: Pick<Untaken, 'account' | 'conversation'>): string {
  const name = `${accountKey(account.channel.name, account.name)}/${conversation}`;
  return plain(name) && name.length <= KEY_CHARS_MAX
    ? name
    : `sha256:${createHash('sha256').update(name).digest('hex')}`;
}

export function mediumOf({ channel }: Account): DigitalMedium {
  return channel.medium ?? 'chat';
}

function eventOf(message: Untaken): ChannelEvent {
  const { account, id } = message;
  const { from, entry } = message.message;
  const known = from.phoneVerified === true ? (from.phone ?? from.id) : from.id;
  const name = shown(from.name ?? '');
  return {
    type: 'messageArrived',
    message: id,
    medium: mediumOf(account),
    queue: account.queues[entry ?? 'personal'],
    from: shown(known),
    ...(name === '' ? {} : { fromName: name }),
    to: accountKey(account.channel.name, account.name),
    reference: referenceOf(message),
    ...(message.message.kind === 'event' ? { left: true } : {}),
  };
}

function lineOf({ account, message }: Untaken): string {
  return `${mediumOf(account)} ${account.queues[message.entry ?? 'personal']}`;
}

const CONTROLS = /\p{Cc}/u;

function plain(text: string): boolean {
  return !CONTROLS.test(text);
}

function shown(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, KEY_CHARS_MAX);
}

function isTaken(
  command: Command,
): command is Command & { fact: 'messageTaken' } & Extract<RecordFact, { fact: 'messageTaken' }> {
  return command.do === 'record-fact' && command.fact === 'messageTaken';
}

function makesRoom(fact: RecordFact): boolean {
  return fact.fact === 'waitEnded' || fact.fact === 'contactClosed';
}
