import type { Logger } from 'pino';
import type { ChannelEvent } from '../core/event.ts';
import type { Db } from '../store/store.ts';
import type { Account } from './account.ts';
import type { Context } from './channel.ts';
import type { Decided } from './intake.ts';

/** What came of a delivery, for the counter. */
export type DeliveryResult = 'stored' | 'repeated' | 'nothing' | 'refused' | 'unreadable' | 'full' | 'away';

export interface HostOptions {
  readonly db: Db;
  /** Id of the journal: what this hotline took, and no other. */
  readonly journal: string;
  readonly accounts: readonly Account[];
  readonly logger: Logger;
  readonly core: {
    submit(event: ChannelEvent): Promise<Decided>;
    /** Hears what was decided, after it is written down. @returns what ends it. */
    follow(listener: (entries: readonly Decided[]) => void): () => void;
    /** Reminders that were decided on in contacts that are open, and after which message; for a start. Absent: none. */
    reminders?(): readonly { readonly contact: string; readonly message: number }[];
  };
  /** Resolves when everything written down so far is in the database. */
  readonly settled: () => Promise<void>;
  readonly metrics: {
    countDelivery(channel: string, account: string, result: DeliveryResult): void;
    countSend(channel: string, account: string, outcome: 'sent' | 'again' | 'dead' | 'broken'): void;
    countFile(channel: string, account: string, outcome: 'fetched' | 'again' | 'gone'): void;
  };
  /** Where files of messages lie. */
  readonly fileFolder: string;
  /** What is left free on the disk, whatever platforms have for us; default 1 GiB. */
  readonly reservedBytes?: number;
  /** A file of this contact is here, or will never be. */
  readonly onFile: (contact: string) => void;
  /** What became of a message to the citizen of this contact is known, or is other than before. */
  readonly onTold: (contact: string) => void;
  /** In tests: what channels reach the world by. */
  readonly fetch?: Context['fetch'];
}
