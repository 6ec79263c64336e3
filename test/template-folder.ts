import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEMPLATE_ENV } from './store/template.ts';

/** Runs once before all files: where the first who needs a database leaves one for the others to copy. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-template-'));
  process.env[TEMPLATE_ENV] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
