import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../lib/assert.ts';
import { createMedia } from './engine.ts';
import type { MediaOptions, MediaWish } from './messages.ts';

/** The thread of the media: wishes in, reports out; after `closeAll` it ends by itself. */
takePrecedence();
const port = parentPort;
assert(port, 'the media worker is started as a worker thread');
const media = createMedia(workerData as MediaOptions, (report) => port.postMessage(report));
port.on('message', (wish: MediaWish) => {
  media.apply(wish);
  if (wish.wish === 'closeAll') void media.close().then(() => port.close());
});

/**
 * Speech cannot wait for what else this machine does: on Linux, where priority is a thread's own, this one goes before records, web and
 * prompts. Takes root, CAP_SYS_NICE or a nice limit (LimitNICE); without, the thread runs as any other.
 */
function takePrecedence(): void {
  if (process.platform !== 'linux') return;
  try {
    const thread = readlinkSync('/proc/thread-self').split('/').at(-1);
    setPriority(Number(thread), constants.priority.PRIORITY_HIGH);
  } catch {
    // Not allowed, or no /proc: nothing is lost but the precedence.
  }
}
