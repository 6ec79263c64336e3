import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Inbound } from '../../src/channel/channel.ts';
import { type Attachment, readAttachments, readLetter } from './letter.ts';
import type { Threads } from './thread.ts';
import { toldBy } from './told.ts';

/** What the thread that reads mails is asked for; it is this module, too. Mails are strangers' work: what they cost is spent there. */
export type Wish =
  | {
      readonly wish: 'told';
      readonly raw: Uint8Array;
      /** How many bytes the mail has, of which `raw` is the start. */
      readonly cutAt?: number;
      /** When the server took it. Unix time, ms. */
      readonly atMs: number;
      readonly place: string;
      readonly own: string;
      readonly threads: Threads;
    }
  | { readonly wish: 'attachment'; readonly raw: Uint8Array; readonly at: number };

export type Found =
  /** At the start, once. */
  | { readonly ready: true }
  | { readonly told: readonly Inbound[] }
  | { readonly attachment: (Attachment & { readonly content: Uint8Array }) | undefined }
  | { readonly failed: string };

/** Of the thread. */
export const ADDRESS = import.meta.url;
/** Tells the thread from who only imports this module. */
export const READS = 'minhu mails';

if (parentPort !== null && workerData === READS) serve(parentPort);

function serve(port: MessagePort): void {
  standBack();
  port.on('message', (wish: Wish) => {
    void find(wish)
      .catch((error: unknown): Found => ({ failed: error instanceof Error ? error.message : String(error) }))
      .then((found) => port.postMessage(found));
  });
  port.postMessage({ ready: true } satisfies Found);
}

async function find(wish: Wish): Promise<Found> {
  const raw = Buffer.from(wish.raw.buffer, wish.raw.byteOffset, wish.raw.byteLength);
  if (wish.wish === 'attachment') return { attachment: (await readAttachments(raw))[wish.at] };
  const { cutAt, atMs, place, own, threads } = wish;
  return { told: toldBy({ letter: await readLetter(raw, cutAt), atMs, place }, own, threads) };
}

/** A mail is answered in hours: calls come first. On Linux priority is a thread's own. */
function standBack(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // No /proc: nothing is lost but the order.
  }
}
