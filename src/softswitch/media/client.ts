import { Worker } from 'node:worker_threads';
import type { MediaEngine } from './engine.ts';
import type { MediaOptions, MediaReport } from './messages.ts';

/**
 * Runs the media engine in a thread of its own, so that a busy switch does not make the sound stutter. Needs the built JavaScript.
 * `onDeath` is called once, with the reason, when the thread ends otherwise than by `closeAll` or `close`: all its calls are lost then.
 * `close` resolves when every leg and file is reported and the thread is gone.
 */
export function startMediaWorker(
  options: MediaOptions,
  report: (report: MediaReport) => void,
  onDeath: (why: string) => void,
): MediaEngine {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: options });
  let why = 'the media thread ended';
  let isWished = false;
  const gone = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      if (!isWished) onDeath(why);
      resolve();
    });
  });
  worker.on('message', report);
  worker.on('error', (error) => {
    why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  });
  const apply: MediaEngine['apply'] = (wish) => {
    isWished ||= wish.wish === 'closeAll';
    worker.postMessage(wish);
  };
  return {
    apply,
    close: () => {
      if (!isWished) apply({ wish: 'closeAll' });
      return gone;
    },
  };
}
