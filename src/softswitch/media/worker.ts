import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../lib/assert.ts';
import { createMedia } from './engine.ts';
import type { MediaOptions, MediaWish } from './messages.ts';

/** The thread of the media: wishes in, reports out; after `closeAll` it ends by itself. */
const port = parentPort;
assert(port, 'the media worker is started as a worker thread');
const media = createMedia(workerData as MediaOptions, (report) => port.postMessage(report));
port.on('message', (wish: MediaWish) => {
  media.apply(wish);
  if (wish.wish === 'closeAll') void media.close().then(() => port.close());
});
