import { open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { breather } from '../lib/breather.ts';
import type { Entry } from './entry.ts';
import { JournalError } from './entry.ts';
import { anythingAfter, decodeFrame } from './frame.ts';

/** `journal-000000000001.seg`: named by the first entry it may hold. */
const NAME = /^journal-(\d{12})\.seg$/;
const SPARE = 'journal-spare.tmp';
const ZEROS = Buffer.alloc(1024 * 1024);
/** A segment is decoded in the thread that decides calls: never for longer than this at a time. */
const HOLD_MS = 5;

export interface Segment {
  readonly path: string;
  readonly firstSeq: number;
}

export interface SegmentContent {
  readonly entries: Entry[];
  /** Where the next frame is written. */
  readonly endsAt: number;
  readonly tail: 'nothing' | 'torn';
}

export async function listSegments(folder: string): Promise<Segment[]> {
  const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
  return names.map((name) => ({ path: join(folder, name), firstSeq: Number(NAME.exec(name)![1]) }));
}

/** @throws JournalError `corrupt` when good frames stand behind a bad one, or an earlier segment has a bad end. */
export async function readSegment(segment: Segment, isLast: boolean): Promise<SegmentContent> {
  const bytes = await readFile(segment.path);
  const entries: Entry[] = [];
  const breathe = breather(HOLD_MS);
  let at = 0;
  for (let frame = decodeFrame(bytes, at); frame !== undefined; frame = decodeFrame(bytes, at)) {
    for (const entry of frame.entries) entries.push(entry);
    at = frame.endsAt;
    await breathe();
  }
  const tail = anythingAfter(bytes, at);
  if (tail === 'frames' || (tail === 'torn' && !isLast)) {
    throw new JournalError(
      'corrupt',
      `${segment.path} is damaged at byte ${at}, after entry ${entries.at(-1)?.seq ?? 'none'}, and good records follow. ` +
        'Nothing was changed. Restore the file from a backup, or move this and every later segment and snapshot away to go on ' +
        'from the state before them.',
    );
  }
  return { entries, endsAt: at, tail };
}

/** A file of that many zeros on the disk, so that running calls can be written to their end when the disk is full. */
export async function prepareSpare(folder: string, bytes: number): Promise<void> {
  const path = join(folder, SPARE);
  const file = await open(path, 'w', 0o600);
  try {
    for (let left = bytes; left > 0; left -= ZEROS.length) await file.write(ZEROS, 0, Math.min(left, ZEROS.length));
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** The prepared file becomes the segment that begins with `firstSeq`. */
export async function adoptSpare(folder: string, firstSeq: number): Promise<Segment> {
  const path = join(folder, `journal-${firstSeq.toString().padStart(12, '0')}.seg`);
  await rename(join(folder, SPARE), path);
  await syncFolder(folder);
  return { path, firstSeq };
}

export async function removeSegment(segment: Segment): Promise<void> {
  await unlink(segment.path);
}

/** A new name in a folder is durable only when the folder is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Entries from `fromSeq` on, oldest first, up to `untilSeq`: pass the loop's `durableSeq` while it runs, since what stands behind that may
 * not be flushed. A torn tail ends the reading without a word.
 *
 * @throws JournalError `corrupt`.
 */
export async function* readEntries(folder: string, fromSeq: number, untilSeq = Infinity): AsyncGenerator<Entry> {
  const segments = await listSegments(folder);
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if (next !== undefined && next.firstSeq <= fromSeq) continue;
    if (segment.firstSeq > untilSeq) return;
    for (const entry of (await readSegment(segment, next === undefined)).entries) {
      if (entry.seq > untilSeq) return;
      if (entry.seq >= fromSeq) yield entry;
    }
  }
}
