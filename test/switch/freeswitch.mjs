import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * Minhu on a real FreeSWITCH: `npm run contract:freeswitch -- --prefix FOLDER [NAME…]`. The tests start FOLDER/bin/freeswitch on loopback
 * with the files of `dialplans/freeswitch`, each file of tests its own, and end it by its pid. NAME chooses among them.
 */
const TESTS = [
  'test/switch/freeswitch',
  'test/switch/contract',
  'test/e2e/main-job.test.ts',
  'test/e2e/failures.test.ts',
  'test/e2e/kill-core.test.ts',
  'test/e2e/ringing.test.ts',
  'test/e2e/call-back.test.ts',
  'test/e2e/browser-seat.test.ts',
  'test/e2e/page-away.test.ts',
  'test/e2e/page-lost.test.ts',
  'test/e2e/page-survives.test.ts',
  'test/e2e/desk-survives.test.ts',
  'test/e2e/desk.test.ts',
  'test/e2e/supervision.test.ts',
  'test/e2e/call-out.test.ts',
  'test/e2e/secure-page.freeswitch.ts',
  'test/e2e/switch-dies.freeswitch.ts',
];
/** What only the embedded switch can be asked for: two of them in one test. */
const EMBEDDED_ONLY = ['**/two-nodes.test.ts'];
const root = join(import.meta.dirname, '../..');

const { values, positionals } = parseArgs({ options: { prefix: { type: 'string' } }, allowPositionals: true });
const prefix = values.prefix ?? '/usr/local/freeswitch';
const binary = join(prefix, 'bin/freeswitch');
if (!isRunnable(binary)) {
  process.stderr.write(`No FreeSWITCH at ${binary}. Say where it is: npm run contract:freeswitch -- --prefix FOLDER\n`);
  process.exit(1);
}

await must(['src/start.mjs', '--build-only']);
const chosen = positionals.length > 0 ? positionals : TESTS;
const exclude = EMBEDDED_ONLY.flatMap((name) => ['--exclude', name]);
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.freeswitch.config.ts'];
await must([...vitest, '--no-file-parallelism', ...exclude, ...chosen]);

function isRunnable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs one program to its end; ends with its status unless that is 0. */
async function must(args) {
  // FreeSWITCH takes no candidate under a name of mDNS, which is all that the engine without its browser tells.
  const env = { CHROMIUM: '/usr/bin/chromium', ...process.env, NODE_ENV: 'test', MINHU_FREESWITCH: prefix };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
  const code = await new Promise((resolve) => child.once('exit', (status) => resolve(status ?? 1)));
  if (code !== 0) process.exit(code);
}
