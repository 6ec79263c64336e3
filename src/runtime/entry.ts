import type { Command } from '../core/command.ts';
import type { Event } from '../core/event.ts';

/** One decision: what was heard, and everything that followed from it. */
export interface Entry {
  /** Rises by one with each entry of a journal; a number is left out only when its event was set aside. */
  readonly seq: number;
  /** Unix time, ms; never falls. */
  readonly atMs: number;
  readonly event: Event;
  readonly commands: readonly Command[];
}

/** What the operator must be able to act on: the message says what is wrong and what to do. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code: JournalCode;

  constructor(code: JournalCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export type JournalCode =
  /** Another process has the folder. */
  | 'locked'
  /** A record in the middle does not add up. */
  | 'corrupt'
  /** Too many events wait to be written. */
  | 'full'
  /** The disk does not take what is written; tried again until it does. */
  | 'failed'
  /** The loop is closed. */
  | 'closed'
  /** An event that killed three starts: it is kept in a file and not applied. */
  | 'setAside'
  /** The batch is larger than a segment. */
  | 'tooLarge';
