import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lendServer } from './store/shared-server.ts';
import { TEMPLATE_ENV } from './store/template.ts';

/** Runs once before all files: where the first who needs a database, or a page, leaves one for the others, unless whoever runs several times keeps it. */
export default async function setup(): Promise<() => Promise<void>> {
  const kept = process.env[TEMPLATE_ENV];
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'minhu-template-'));
  process.env[TEMPLATE_ENV] = folder;
  const end = await lendServer(folder);
  return async () => {
    await end();
    rmSync(kept === undefined ? folder : join(folder, 'shared'), { recursive: true, force: true });
  };
}
