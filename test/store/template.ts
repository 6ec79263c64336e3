import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { openEngine } from '../../src/store/engine.ts';
import { openStore } from '../../src/store/store.ts';

/** Names the folder of this run of the tests in which the template is kept (`test/template-folder.ts`). */
export const TEMPLATE_ENV = 'MINHU_TEST_TEMPLATE';

const run = promisify(execFile);

/**
 * Gives a data folder the embedded PostgreSQL as a first start leaves it, with every table and nothing in it, by a copy: making it takes
 * seconds. Does nothing outside a run of the tests: who opens the folder then makes it.
 */
export async function placeDatabase(dataFolder: string): Promise<void> {
  const folder = process.env[TEMPLATE_ENV];
  if (folder === undefined) return;
  const template = join(folder, 'postgres');
  if (!existsSync(template)) await makeTemplate(folder, template);
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  await run('cp', ['-a', template, dataFolder]);
}

/** Of several who make it at once the first one's is taken. */
async function makeTemplate(folder: string, template: string): Promise<void> {
  const draft = await mkdtemp(join(folder, 'draft-'));
  const logger = pino({ level: 'silent' });
  const engine = await openEngine({ dataFolder: draft, logger });
  await (await openStore(engine.url, logger)).close();
  await engine.stop();
  await rename(join(draft, 'postgres'), template).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  await rm(draft, { recursive: true, force: true });
}
