import { setMaxListeners } from 'node:events';

export interface TimeLimit {
  readonly ms: number;
  /** Ends it sooner. */
  readonly stopping: AbortSignal;
  /** Default: the platform. */
  readonly who?: string;
}

/** What was waited for did not come in its time. */
export class TooLate extends Error {}

/**
 * What the work comes to, if it does in time; whether or not it heeds its signal, nobody waits longer. Nothing of it is left in `stopping` then:
 * `AbortSignal.any` would leave a trace of every call in a signal that lives as long as the program.
 *
 * @throws what the work throws; TooLate; Error when it was stopped.
 */
export async function within<Result>(
  { ms, stopping, who = 'the platform' }: TimeLimit,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  stopping.throwIfAborted();
  const text = `${who} did not answer in time`;
  const controller = new AbortController();
  let end = (_error: Error): void => undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    end = (error) => {
      reject(error);
      controller.abort(error);
    };
  });
  const late = setTimeout(() => end(new TooLate(text)), ms).unref();
  const stop = (): void => end(new Error(text));
  setMaxListeners(0, stopping);
  stopping.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work(controller.signal), ended]);
  } finally {
    clearTimeout(late);
    stopping.removeEventListener('abort', stop);
  }
}
