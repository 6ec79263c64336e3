import { setTimeout as after } from 'node:timers/promises';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Logger } from 'pino';
import { migrate } from './migrate.ts';
import type { Database } from './schema.ts';

export type Db = Kysely<Database>;

export interface Store {
  readonly db: Db;
  /** Whether the database answers within two seconds. Never rejects; however many ask at once, the database is asked once. */
  isUp(): Promise<boolean>;
  close(): Promise<void>;
}

/** Under the embedded engine's own limit, with room for a second program and for people. */
const CONNECTIONS_MAX = 10;
const CONNECT_MAX_MS = 3_000;
/** Who asks whether we are ready is told “no” sooner than it gives up waiting. */
const UP_MAX_MS = 2_000;
/** No query of ours needs longer; one that does is cut, so that a lock never holds a request for ever. */
const STATEMENT_MAX_MS = 15_000;

/**
 * Opens the records database, PostgreSQL 15 or newer, and brings its tables up to date.
 *
 * @param url as in `DATABASE_URL`.
 * @throws when it does not answer or cannot be brought up to date.
 */
export async function openStore(url: string, logger: Logger): Promise<Store> {
  const store = connectStore(url, logger);
  try {
    await migrate(store.db);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** As `openStore`, without a word to the server yet: connections are made, and made again, when they are needed. */
export function connectStore(url: string, logger: Logger): Store {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_MAX_MS,
    statement_timeout: STATEMENT_MAX_MS,
    query_timeout: STATEMENT_MAX_MS + 1_000,
    application_name: 'minhu',
    types: { getTypeParser },
  });
  // An idle connection that breaks is thrown away by the pool; without a listener it would end the process.
  pool.on('error', (error) => logger.warn({ err: error }, 'a connection to the database broke'));
  // Nor may one that breaks between two statements of a transaction: the next statement is told, and its caller knows what to do.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const db: Db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  let asked: Promise<boolean> | undefined;
  function ask(): Promise<boolean> {
    const answer = pool.query('select 1').then(
      () => true,
      () => false,
    );
    return answer.finally(() => {
      asked = undefined;
    });
  }
  return {
    db,
    isUp: () => {
      asked ??= ask();
      return Promise.race([asked, after(UP_MAX_MS, false, { ref: false })]);
    },
    close: () => db.destroy(),
  };
}

/** int8 and numeric come as numbers: instants, counts and sums of ms stay far below 2^53. */
const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = (id: number, format?: 'text' | 'binary') =>
  format !== 'binary' && (id === pg.types.builtins.INT8 || id === pg.types.builtins.NUMERIC)
    ? Number
    : pg.types.getTypeParser(id, format as 'text');
