import { open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { State } from '../core/state.ts';
import { decodeState, encodeState } from '../core/state-codec.ts';
import { syncFolder } from './segment.ts';

const NAME = /^snapshot-(\d{12})\.json$/;
const KEPT = 2;

/** Writes the state as it is now (the text is made before anything is awaited), checked by its first line: the CRC-32 of the second. */
export async function writeSnapshot(folder: string, state: State): Promise<void> {
  const name = `snapshot-${state.seq.toString().padStart(12, '0')}.json`;
  const body = encodeState(state);
  const temporary = join(folder, `${name}.tmp`);
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(`${crc32(body)}\n${body}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, name));
  await syncFolder(folder);
  for (const old of (await listSnapshots(folder)).slice(KEPT)) await unlink(join(folder, old));
}

/** The newest snapshot (of those before entry `beforeSeq`) that adds up; one that does not is told of and passed over. */
export async function readSnapshot(
  folder: string,
  say: (message: string) => void,
  which: 'newest' | 'oldest' = 'newest',
  beforeSeq = Infinity,
): Promise<State | undefined> {
  const names = (await listSnapshots(folder)).filter((name) => seqOf(name) < beforeSeq);
  for (const name of which === 'newest' ? names : names.reverse()) {
    const text = await readFile(join(folder, name), 'utf8');
    const [sum, body = ''] = text.split('\n');
    if (sum === String(crc32(body))) return decodeState(body);
    say(`${join(folder, name)} does not add up; an older one, or the whole journal, is read instead.`);
  }
  return undefined;
}

/** The oldest snapshot kept: nothing after it may be removed from the journal. */
export async function oldestSnapshotSeq(folder: string): Promise<number> {
  const oldest = (await listSnapshots(folder)).at(-1);
  return oldest === undefined ? 0 : seqOf(oldest);
}

function seqOf(name: string): number {
  return Number(NAME.exec(name)![1]);
}

async function listSnapshots(folder: string): Promise<string[]> {
  return (await readdir(folder))
    .filter((name) => NAME.test(name))
    .sort()
    .reverse();
}
