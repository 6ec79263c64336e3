import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { PeerOptions, PeerReport, PeerWish } from './messages.ts';

/** The process of the WebRTC peers as the switch sees it. */
export interface PeersPort {
  /** Starts the process if it is not there yet: whoever may soon need it does not wait for it then. */
  warm(): void;
  apply(wish: PeerWish): void;
  close(): void;
}

/** `died`: every peer that was open is gone, unreported. */
export type PeerNews = PeerReport | { readonly report: 'died' };

const PROGRAM = fileURLToPath(new URL('./child.js', import.meta.url));
const PAUSE_MS_MIN = 250;
const PAUSE_MS_MAX = 10_000;
/** A process that lived so long is started again at once when it ends. */
const SOUND_MS = 60_000;

/** Keeps one process with the peers; it ends when they are all to end, and is started again, with growing pauses, when it ends otherwise. */
export function keepPeers(options: PeerOptions, heard: (news: PeerNews) => void, log: Logger): PeersPort {
  let child: ChildProcess | undefined;
  let pauseMs = 0;
  let resting: NodeJS.Timeout | undefined;
  let closed = false;

  function start(): ChildProcess {
    resting = undefined;
    const bornAtMs = performance.now();
    const made = fork(PROGRAM, [JSON.stringify(options)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'], NODE_ENV: process.env['NODE_ENV'] },
    });
    made.on('message', (report) => heard(report as PeerReport));
    made.on('error', (error) => log.error({ error: error.message }, 'WebRTC process'));
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      gone(made, performance.now() - bornAtMs);
    };
    made.once('exit', end);
    made.once('error', end);
    child = made;
    log.info({ pid: made.pid }, 'WebRTC process started');
    return made;
  }

  function gone({ exitCode, signalCode }: ChildProcess, livedMs: number): void {
    child = undefined;
    if (closed) return;
    pauseMs = livedMs > SOUND_MS ? 0 : Math.min(Math.max(pauseMs * 2, PAUSE_MS_MIN), PAUSE_MS_MAX);
    log.error({ exitCode, signalCode, pauseMs }, 'WebRTC process ended unasked; its calls end, the others go on');
    resting = setTimeout(start, pauseMs);
    resting.unref();
    heard({ report: 'died' });
  }

  return {
    warm() {
      if (!closed && child === undefined && resting === undefined) start();
    },
    apply(wish) {
      const opens = wish.wish === 'offer' || wish.wish === 'answer';
      if (opens && (closed || resting !== undefined)) {
        // Not at once: whoever asks is in the middle of its work.
        setImmediate(() => heard({ report: 'failed', leg: wish.leg, why: 'the WebRTC process is not there' }));
        return;
      }
      const running = child ?? (opens ? start() : undefined);
      if (running?.connected) running.send(wish, () => {});
    },
    close() {
      closed = true;
      clearTimeout(resting);
      if (child?.connected) child.disconnect();
    },
  };
}
