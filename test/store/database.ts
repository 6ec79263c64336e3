import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Engine, openEngine } from '../../src/store/engine.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { placeDatabase } from './template.ts';

export const silent = pino({ level: 'silent' });

export interface TestDatabase {
  readonly folder: string;
  readonly engine: Engine;
  readonly store: Store;
  remove(): Promise<void>;
}

/** A real PostgreSQL of its own, with the program's tables, in a folder that is removed afterwards. */
export async function startDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'minhu-store-'));
  await placeDatabase(folder);
  const engine = await openEngine({ dataFolder: folder, logger: silent });
  const store = await openStore(engine.url, silent);
  return {
    folder,
    engine,
    store,
    async remove() {
      await store.close();
      await engine.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
