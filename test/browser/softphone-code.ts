import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPLATE_ENV } from '../store/template.ts';

/** The script of the page with the softphones; built once a run. */
export async function softphoneCode(): Promise<string> {
  const folder = process.env[TEMPLATE_ENV];
  if (folder === undefined) return buildCode();
  const kept = join(folder, 'softphone.js');
  try {
    return await readFile(kept, 'utf8');
  } catch {
    return await keep(folder, kept, await buildCode());
  }
}

/** Of several who build it at once, each leaves a whole file. */
async function keep(folder: string, kept: string, code: string): Promise<string> {
  const draft = await mkdtemp(join(folder, 'draft-'));
  await writeFile(join(draft, 'softphone.js'), code);
  await rename(join(draft, 'softphone.js'), kept);
  await rm(draft, { recursive: true });
  return code;
}

async function buildCode(): Promise<string> {
  const { build } = await import('vite');
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"test"' },
    build: {
      write: false,
      minify: false,
      lib: { entry: join(import.meta.dirname, 'softphone-page.mjs'), name: 'softphone', formats: ['iife'] },
    },
  });
  const [bundle] = Array.isArray(built) ? built : [built];
  if (bundle === undefined || !('output' in bundle)) throw new Error('the page was not built');
  return bundle.output[0].code;
}
