import { execFile } from 'node:child_process';
import { lchown, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EngineBinaries } from './engine-binaries.ts';

const run = promisify(execFile);

/**
 * How to start PostgreSQL's programs. PostgreSQL refuses to run as root, so under root a prefix makes it somebody else:
 *
 * - `namespace`: a user namespace in which we are called by another name. For the file system it is still root, so folders that only
 *   root may enter work, and files stay root's.
 * - `account`: an unprivileged account that may pass closed folders and nothing more (one capability). For machines that refuse user
 *   namespaces, as containers do. The engine's folder belongs to that account then.
 */
export interface EngineOwner {
  readonly kind: 'self' | 'namespace' | 'account';
  /** Program and arguments to put before the command; empty for an ordinary user. */
  readonly prefix: readonly string[];
  /** Account that must own the engine's folder, when it is not our own. */
  readonly account?: Account;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * @param folder the engine's folder, which exists.
 * @throws when PostgreSQL can be run in no way; the message says what was tried.
 */
export async function chooseOwner(binaries: EngineBinaries, folder: string): Promise<EngineOwner> {
  const refusals: string[] = [];
  for (const owner of await possibleOwners(folder)) {
    const refusal = await refusalOf(owner, binaries, folder);
    if (refusal === undefined) return owner;
    refusals.push(`${owner.kind}: ${refusal}`);
  }
  throw new Error(
    `The embedded PostgreSQL cannot run here (${refusals.join('; ')}). ` +
      'Start Minhu as an ordinary user who may enter its folders, or set DATABASE_URL.',
  );
}

/** Gives the engine's folder to the account that the engine runs as. Nothing to do for the other kinds. */
export async function giveFolder(owner: EngineOwner, folder: string): Promise<void> {
  if (owner.account) await changeOwner(folder, owner.account);
}

async function changeOwner(path: string, account: Account): Promise<void> {
  await lchown(path, account.uid, account.gid);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) await changeOwner(child, account);
    else await lchown(child, account.uid, account.gid);
  }
}

async function possibleOwners(folder: string): Promise<EngineOwner[]> {
  const nobody = await unprivilegedAccount();
  const namespace: EngineOwner = {
    kind: 'namespace',
    prefix: ['unshare', '--user', `--map-user=${nobody.uid}`, `--map-group=${nobody.gid}`, '--'],
  };
  if (process.getuid?.() !== 0) return [{ kind: 'self', prefix: [] }, namespace];
  const { uid, gid } = await stat(folder);
  // A cluster that belongs to somebody must be run by that somebody.
  if (uid !== 0) return [accountOwner({ uid, gid })];
  return [namespace, accountOwner(nobody)];
}

function accountOwner(account: Account): EngineOwner {
  const only = '-all,+dac_override';
  const prefix = ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  prefix.push(`--inh-caps=${only}`, `--ambient-caps=${only}`, `--bounding-set=${only}`, '--');
  return { kind: 'account', prefix, account };
}

/** PostgreSQL wants an account with a name, so one from the machine's own list is taken. */
async function unprivilegedAccount(): Promise<Account> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  const named = lines.find(([name]) => name === 'nobody') ?? lines.find(([, , uid]) => Number(uid) > 0);
  return { uid: Number(named?.[2] ?? 65_534), gid: Number(named?.[3] ?? 65_534) };
}

/** Tries the owner on the real programs and folder. */
async function refusalOf(owner: EngineOwner, binaries: EngineBinaries, folder: string): Promise<string | undefined> {
  const mayWrite = owner.account ? 'cd "$2"' : 'cd "$2" && test -w .';
  const script = `id -un >/dev/null && "$1" --version >/dev/null && ${mayWrite}`;
  const [program = 'sh', ...args] = [...owner.prefix, 'sh', '-c', script, 'sh', binaries.postgres, folder];
  try {
    await run(program, args, { cwd: '/', env: { ...process.env, ...binaries.env }, timeout: 10_000 });
    return undefined;
  } catch (error) {
    const { stderr, code } = error as { stderr?: string; code?: string | number };
    return stderr?.trim().split('\n').at(-1) || `${program} failed (${code})`;
  }
}
