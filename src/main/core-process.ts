import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { Endpoint } from '../config.ts';
import { BEAT_MS, type FromCore, type ToCore } from './messages.ts';

const PROGRAM = fileURLToPath(new URL('../main.js', import.meta.url));
/** Waits after the first, second… start in a row that never became ready. One that was ready is started again at once, however often. */
const PAUSES_MS = [0, 200, 1_000, 3_000];

/** Beats missed in a row after which a core counts as hung. Counted, not timed: a machine that slept has missed one. */
const MISSED_MAX = 6;

export interface CoreProcess {
  pid(): number;
  /** Asks the core to end cleanly; kills it when it does not within `graceMs`. It is not started again. */
  stop(graceMs: number): Promise<void>;
}

export interface CoreListener {
  /** After every (re)start. */
  ready(pid: number, http: Endpoint, sip: readonly string[]): void;
  /** The core says that it cannot run as it is set up. */
  fatal(message: string): void;
}

/** Keeps one core process running: whenever it ends it is started again, at once the first time. */
export function keepCore(environment: () => NodeJS.ProcessEnv, listener: CoreListener, logger: Logger): CoreProcess {
  let child: ChildProcess;
  let stopping = false;
  let failedStarts = 0;
  let finished: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    finished = resolve;
  });

  function start(): void {
    let wasReady = false;
    // A start reads the journal first: only who has shown life once can be missed.
    let missed = Number.NEGATIVE_INFINITY;
    const watch = setInterval(() => {
      missed += 1;
      if (missed < MISSED_MAX) return;
      logger.error({ pid: child.pid, silentMs: MISSED_MAX * BEAT_MS }, 'the core hangs; ending it');
      child.kill('SIGKILL');
    }, BEAT_MS);
    child = fork(PROGRAM, ['core'], { env: environment(), stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.on('message', (message: FromCore) => {
      missed = 0;
      if (message.kind === 'alive') return;
      if (message.kind === 'fatal') return listener.fatal(message.message);
      wasReady = true;
      listener.ready(child.pid ?? 0, message.http, message.sip);
    });
    child.once('exit', (code, signal) => {
      clearInterval(watch);
      if (stopping) return finished();
      failedStarts = wasReady ? 0 : failedStarts + 1;
      const pauseMs = PAUSES_MS[Math.min(failedStarts, PAUSES_MS.length - 1)]!;
      logger.error({ code, signal, failedStarts, pauseMs }, 'the core ended unasked; starting it again');
      setTimeout(() => (stopping ? finished() : start()), pauseMs);
    });
  }

  start();
  return {
    pid: () => child.pid ?? 0,
    async stop(graceMs) {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      if (child.connected) child.send({ kind: 'stop' } satisfies ToCore);
      else child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await over;
      clearTimeout(timer);
    },
  };
}
