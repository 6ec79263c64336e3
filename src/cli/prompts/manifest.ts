import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROMPT_FOLDER } from '../../city/prompts.ts';

/** What was rendered, to tell our own files from an operator's recordings, and a text that changed since. */
export interface Rendered {
  readonly file: string;
  /** The words, or the name of the sound. */
  readonly text: string;
  /** Syllables as spoken; empty for a sound. */
  readonly reading: string;
  readonly durationMs: number;
  readonly sha256: string;
}

export type Manifest = Readonly<Record<string, Rendered>>;

const MANIFEST_FILE = 'manifest.json';

/** Empty when there is none, or none that can be read: then every file counts as an operator's. */
export function readManifest(cityFolder: string): Manifest {
  try {
    return JSON.parse(readFileSync(join(cityFolder, PROMPT_FOLDER, MANIFEST_FILE), 'utf8')) as Manifest;
  } catch {
    return {};
  }
}

export function writeManifest(cityFolder: string, manifest: Manifest): void {
  const path = join(cityFolder, PROMPT_FOLDER, MANIFEST_FILE);
  writeFileSync(`${path}.new`, `${JSON.stringify(manifest, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
