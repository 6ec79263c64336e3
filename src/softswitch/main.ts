import { readFileSync, writeSync } from 'node:fs';
import { pino } from 'pino';
import { startMediaWorker } from './media/client.ts';
import type { SwitchOptions } from './options.ts';
import { createUserAgent } from './sip/create-user-agent.ts';
import { type Layers, startSwitch } from './start-switch.ts';
import { keepPeers } from './webrtc/keep-peers.ts';

/**
 * The switch process: `node dist/softswitch/main.js OPTIONS.json`. Lives until SIGTERM or SIGINT, whatever becomes of its parent and of
 * the clients of its event socket.
 */
const [, , file] = process.argv;
/** Not pino's own writer: on a full disk that one ends the process, and every call with it. */
const output = {
  write(line: string): void {
    try {
      writeSync(1, line);
    } catch {
      // The line is lost, the calls are not.
    }
  },
};
const log = pino({ name: 'switch', level: process.env['LOG_LEVEL'] ?? 'info' }, output);

if (file === undefined) {
  process.stderr.write('usage: main.js OPTIONS.json\n');
  process.exit(2);
}

process.on('SIGHUP', () => {});
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

/** Without the media thread every call is deaf: better a new process than a silent one. */
const startMedia: Layers['startMedia'] = (options, report) =>
  startMediaWorker(options, report, (why) => {
    log.fatal({ why }, 'media lost');
    process.exit(1);
  });

try {
  const options = JSON.parse(readFileSync(file, 'utf8')) as SwitchOptions;
  const running = await startSwitch(options, { createUserAgent, startMedia, keepPeers }, log);
  const end = (signal: string): void => {
    log.info({ signal }, 'asked to end');
    running.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
} catch (error) {
  log.fatal({ error: error instanceof Error ? error.message : String(error) }, 'switch not started');
  process.exitCode = 1;
  setTimeout(() => process.exit(1), 100);
}
