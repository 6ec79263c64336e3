import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createApi } from '../../src/api/app.ts';
import { createMetrics, type MetricSources, type Metrics } from '../../src/api/metrics.ts';
import type { ApiOptions } from '../../src/api/options.ts';
import { CONNECT_LIMITS } from '../../src/lib/measure-alarm.ts';
import { type FirstRun, seedAccounts } from '../../src/store/seed.ts';
import type { Db } from '../../src/store/store.ts';
import { silent, startDatabase } from '../store/database.ts';

/** The API over a real database and a core in which nobody is: for what is answered from the records. */
export interface RecordsStage {
  readonly db: Db;
  readonly app: FastifyInstance;
  readonly metrics: Metrics;
  /** Of the lead. */
  readonly cookie: string;
  close(): Promise<void>;
}

export interface RecordsOptions {
  readonly core?: Partial<ApiOptions['core']>;
  readonly missed: ReturnType<MetricSources['missed']>;
  readonly alerts?: NonNullable<MetricSources['alerts']>;
  readonly day?: (db: Db) => NonNullable<MetricSources['day']>;
}

const NOBODY: ApiOptions['core'] = {
  submit: async () => undefined,
  agents: () => [],
  queues: () => [],
  mode: () => ({ mode: 'normal', sinceMs: 0, by: '' }),
  conversation: () => undefined,
  digital: () => undefined,
  sites: () => [],
  talk: () => undefined,
  canSupervise: () => false,
  skills: () => [],
  mayReopen: () => 'agent' as const,
  mayCallOut: () => 'noWay' as const,
  explain: async () => undefined,
};

export async function openRecords(options: RecordsOptions): Promise<RecordsStage> {
  const database = await startDatabase();
  const { db } = database.store;
  const file = join(database.folder, 'first-run.json');
  await seedAccounts(db, [], file, 1);
  const core = { ...NOBODY, ...options.core };
  const day = options.day?.(db);
  const metrics = createMetrics({
    ...core,
    missed: () => options.missed,
    projectorLag: () => 0,
    ...(options.alerts === undefined ? {} : { alerts: options.alerts }),
    ...(day === undefined ? {} : { day }),
  });
  const health = () => ({ switch: true, nodes: {}, journal: true, store: true });
  const parts = { db, core, health, metrics, connectLimits: CONNECT_LIMITS, logger: silent };
  const app = await createApi({ ...parts, recordingFolder: database.folder });
  const { lead } = JSON.parse(await readFile(file, 'utf8')) as FirstRun;
  const answer = await app.inject({ method: 'POST', url: '/api/v1/login', payload: lead });
  const cookie = `minhu_session=${answer.cookies[0]!.value}`;
  return {
    ...{ db, app, metrics, cookie },
    async close() {
      await app.close();
      await database.remove();
    },
  };
}
