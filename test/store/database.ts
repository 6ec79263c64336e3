import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Engine, openEngine } from '../../src/store/engine.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { borrowDatabase } from './shared-server.ts';
import { placeDatabase } from './template.ts';

export const silent = pino({ level: 'silent' });

export interface TestDatabase {
  /** For files; removed with it. */
  readonly folder: string;
  /** As in `DATABASE_URL`. */
  readonly url: string;
  readonly store: Store;
  remove(): Promise<void>;
}

/** A database of its own with the program's tables, in the real PostgreSQL that all tests of a run share. */
export async function startDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'minhu-store-'));
  return databaseAt(await borrowDatabase(), folder);
}

/** A real PostgreSQL of its own, for who ends it. */
export async function startServer(): Promise<TestDatabase & { readonly engine: Engine }> {
  const folder = await mkdtemp(join(tmpdir(), 'minhu-store-'));
  await placeDatabase(folder);
  const engine = await openEngine({ dataFolder: folder, logger: silent });
  const database = await databaseAt(engine.url, folder, () => engine.stop());
  return { ...database, engine };
}

async function databaseAt(url: string, folder: string, stop = async () => {}): Promise<TestDatabase> {
  const store = await openStore(url, silent);
  return {
    folder,
    url,
    store,
    async remove() {
      await store.close();
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
