import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import pg from 'pg';
import type { Logger } from 'pino';
import type { Database } from './schema.ts';

const ACCOUNTS = 'minhu_accounts';
const CALLERS = 'minhu_callers';
const CONNECT_MAX_MS = 3_000;
const RETRY_FIRST_MS = 200;
const RETRY_LAST_MS = 5_000;

/** Tells every running core, once the transaction is committed, that accounts or seats are other than before. */
export async function announceChange(transaction: Transaction<Database>): Promise<void> {
  await sql`select pg_notify(${ACCOUNTS}, '')`.execute(transaction);
}

/** The same for what is known of one calling number. */
export async function announceCaller(transaction: Transaction<Database>, number: string): Promise<void> {
  await sql`select pg_notify(${CALLERS}, ${number})`.execute(transaction);
}

/** Neither may throw. */
export interface Listeners {
  readonly accounts: () => void;
  /** Without a number: it may be any. */
  readonly callers: (number?: string) => void;
}

export interface Listening {
  stop(): Promise<void>;
}

/**
 * Hears of every change, whoever made it: a request here, another core, `minhu user`. While the database is away nothing is heard; both
 * are therefore told at each (re)connection too.
 */
export function listenForChanges(url: string, listeners: Listeners, logger: Logger): Listening {
  const stopping = new AbortController();
  const done = (async () => {
    for (let pauseMs = RETRY_FIRST_MS; !stopping.signal.aborted; pauseMs = Math.min(pauseMs * 2, RETRY_LAST_MS)) {
      const heard = await listenOnce(url, listeners, stopping.signal, logger);
      if (heard) pauseMs = RETRY_FIRST_MS;
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

/** Until the connection ends or `signal` comes. @returns whether there was a connection at all. */
async function listenOnce(
  url: string,
  { accounts, callers }: Listeners,
  signal: AbortSignal,
  logger: Logger,
): Promise<boolean> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MAX_MS,
    application_name: 'minhu changes',
    // Nothing is ever asked here: a peer that went silently is found by the system alone.
    keepAlive: true,
  });
  let connected = false;
  const stop = (): void => void client.end().catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  const over = new Promise<void>((resolve) => {
    client.once('end', resolve);
    client.on('error', () => resolve());
  });
  client.on('notification', ({ channel, payload }) => (channel === CALLERS ? callers(payload) : accounts()));
  try {
    await client.connect();
    await client.query(`listen ${ACCOUNTS}; listen ${CALLERS}`);
    connected = true;
    accounts();
    callers();
    if (!signal.aborted) await over;
  } catch (error) {
    logger.debug({ err: error }, 'changes of accounts are not heard of');
  }
  signal.removeEventListener('abort', stop);
  await client.end().catch(() => undefined);
  return connected;
}
