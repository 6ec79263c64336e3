import { type FileHandle, open } from 'node:fs/promises';
import type { Entry } from './entry.ts';
import { JournalError } from './entry.ts';
import { encodeFrame, FRAME_BYTES_MAX } from './frame.ts';
import { adoptSpare, listSegments, prepareSpare, readSegment, removeSegment, type Segment } from './segment.ts';

export const SEGMENT_BYTES = 16 * 1024 * 1024;

/** Segment files, written by one process. Only `append` writes; it is never called twice at once. */
export interface Journal {
  /** Resolves when every entry would survive the loss of power. Rejects when that is not sure: then `append` may be tried again. */
  append(entries: readonly Entry[]): Promise<void>;
  /** Removes segments whose every entry is below `seq`. The one being written stays. */
  removeBelow(seq: number): Promise<void>;
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly folder: string;
  /** Size of a new segment. */
  readonly segmentBytes: number;
}

/** The end of what is there, checked. A torn tail is cut off and told of; damage in the middle is refused. */
export async function openJournal(
  options: JournalOptions,
  say: (message: string) => void,
): Promise<{ journal: Journal; lastSeq: number }> {
  const segments = await listSegments(options.folder);
  const last = segments.at(-1);
  if (last === undefined) return { journal: new SegmentJournal(options, [], undefined, 0, 0), lastSeq: 0 };
  const content = await readSegment(last, true);
  const file = await open(last.path, 'r+');
  const { size } = await file.stat();
  if (content.tail === 'torn') {
    await cutTail(file, content.endsAt, size);
    say(
      `${last.path}: the last record was torn when the power or the process went; cut off at byte ${content.endsAt}. ` +
        'Nothing that was released is lost.',
    );
  }
  const lastSeq = content.entries.at(-1)?.seq ?? last.firstSeq - 1;
  return {
    journal: new SegmentJournal(options, segments, file, content.endsAt, Math.max(size, content.endsAt)),
    lastSeq,
  };
}

async function cutTail(file: FileHandle, from: number, to: number): Promise<void> {
  const zeros = Buffer.alloc(Math.min(1024 * 1024, Math.max(to - from, 0)));
  for (let at = from; at < to; at += zeros.length) {
    await writeAll(file, zeros.subarray(0, Math.min(zeros.length, to - at)), at);
  }
  await file.datasync();
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await file.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
  }
}

class SegmentJournal implements Journal {
  readonly #options: JournalOptions;
  #segments: Segment[];
  #file: FileHandle | undefined;
  #at: number;
  #size: number;
  /** Behind this the file is as it was made: an append that failed may have written up to here. */
  #dirtyTo = 0;
  #spare: Promise<void> | undefined;
  #spareAsked = false;

  constructor(options: JournalOptions, segments: Segment[], file: FileHandle | undefined, at: number, size: number) {
    this.#options = options;
    this.#segments = segments;
    this.#file = file;
    this.#at = at;
    this.#size = size;
  }

  async append(entries: readonly Entry[]): Promise<void> {
    const frame = encodeFrame(entries);
    if (frame.length > FRAME_BYTES_MAX) {
      throw new JournalError('tooLarge', `a batch of ${frame.length} bytes is more than a journal takes`);
    }
    if (this.#file === undefined || this.#at + frame.length > this.#size)
      await this.#nextSegment(entries[0]!.seq, frame.length);
    this.#dirtyTo = Math.max(this.#dirtyTo, this.#at + frame.length);
    await writeAll(this.#file!, frame, this.#at);
    await this.#file!.datasync();
    this.#at += frame.length;
    if (!this.#spareAsked && this.#at * 2 > this.#size) {
      this.#spareAsked = true;
      void this.#makeSpare().catch(() => {}); // Asked for again, and heard, when it is needed.
    }
  }

  async removeBelow(seq: number): Promise<void> {
    while (this.#segments.length > 1 && this.#segments[1]!.firstSeq <= seq) {
      await removeSegment(this.#segments[0]!);
      this.#segments = this.#segments.slice(1);
    }
  }

  async close(): Promise<void> {
    await this.#spare?.catch(() => {});
    await this.#file?.close();
    this.#file = undefined;
  }

  async #nextSegment(firstSeq: number, bytes: number): Promise<void> {
    await this.#makeSpare();
    if (this.#file !== undefined && this.#dirtyTo > this.#at) await cutTail(this.#file, this.#at, this.#dirtyTo);
    this.#spare = undefined;
    this.#spareAsked = false;
    const segment = await adoptSpare(this.#options.folder, firstSeq);
    const file = await open(segment.path, 'r+');
    await this.#file?.close();
    this.#file = file;
    this.#segments = [...this.#segments.filter((known) => known.firstSeq !== firstSeq), segment];
    this.#at = 0;
    this.#dirtyTo = 0;
    // A batch larger than a segment has one to itself, which then grows as it is written.
    this.#size = Math.max(this.#options.segmentBytes, bytes);
  }

  /** One at a time; a failure is forgotten, so that the next call tries again. */
  #makeSpare(): Promise<void> {
    this.#spare ??= prepareSpare(this.#options.folder, this.#options.segmentBytes).catch((error: unknown) => {
      this.#spare = undefined;
      throw error;
    });
    return this.#spare;
  }
}
