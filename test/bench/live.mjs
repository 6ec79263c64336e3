// Whole calls at a rate, and many talks with audio at once:
//   node test/bench/live.mjs [--calls-per-s 20] [--for-s 120] [--seats 200] [--pairs 150] [--audio-s 20]
//     [--only calls|audio] [--mails] [--json]
// With --mails the core reads bombs and large mails all the while.
// Fails when one call fails, or when a packet is lost.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startLoad } from './load.mjs';
import { startMails } from './mail-load.mjs';
import { openMinhu } from './minhu-under-test.mjs';

const { values } = parseArgs({
  options: {
    'calls-per-s': { type: 'string', default: '20' },
    'for-s': { type: 'string', default: '120' },
    seats: { type: 'string', default: '200' },
    pairs: { type: 'string', default: '150' },
    'audio-s': { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
    mails: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const number = (name) => Number(values[name]);
const root = join(import.meta.dirname, '../..');
const built = spawnSync(process.execPath, [join(root, 'src/start.mjs'), '--build-only'], { stdio: ['ignore', 2, 2] });
if (built.status !== 0) process.exit(1);

const failures = values.only === 'audio' ? 0 : await calls();
const lost = values.only === 'calls' ? 0 : await voices();
process.exitCode = failures === 0 && lost === 0 ? 0 : 1;

async function calls() {
  const { made, talked, waits, retransmitted } = await measure(number('seats'), { menu: true }, false, 'live', {
    perS: number('calls-per-s'),
    forMs: number('for-s') * 1_000,
    keyAfterMs: 1_000,
    talkMs: 5_000,
  });
  tell('live.calls', made, '1');
  tell('live.failures', made - talked, '1');
  tell('live.retransmitted', retransmitted, '1');
  tellTimes('live.key-to-ringing', waits);
  return made - talked;
}

/** `media.added`: in the switch, by the kernel's clock. `media.heard`: from phone to phone. `media.generator`: the same without the switch. */
async function voices() {
  const pairs = number('pairs');
  const forMs = number('audio-s') * 1_000;
  const heard = await measure(pairs, { recorded: true }, true, 'voices', { pairs, forMs });
  const lost = heard.sent - heard.heardMs.length;
  tell('media.pairs', pairs, '1');
  tell('media.packets', heard.sent, '1');
  tell('media.lost', lost, '1');
  if (heard.captured === undefined) process.stderr.write('No tcpdump that may capture: media.added is not measured.\n');
  else {
    tellTimes('media.added', heard.captured.times);
    tell('media.added.seen', heard.captured.times.length, '1');
    tell('media.added.missed', heard.captured.missed, '1');
  }
  tellTimes('media.heard', heard.heardMs);
  tellTimes('media.generator', heard.directMs);
  return lost;
}

async function measure(seatCount, minhu, audio, run, options) {
  const system = await openMinhu(seatCount, minhu);
  const { server, seats, number: dialled, register } = system;
  let load;
  try {
    load = await startLoad({ server, seats, number: dialled, register, audio });
    await load.run('registerAll');
    await system.ready();
    const stop = values.mails ? await startMails() : undefined;
    const done = await load.run(run, options);
    if (stop) {
      const { count, heldMs } = await stop();
      tell('mails.read', count, '1');
      tell('mails.core-held', heldMs, 'ms');
    }
    return done;
  } finally {
    load?.stop();
    await system.close();
  }
}

function tell(name, value, unit, width = 0) {
  const [rounded, spread] = [value, width].map((number) => Number(number.toPrecision(4)));
  const text = values.json
    ? JSON.stringify({ name, value: rounded, unit, spread })
    : `${name.padEnd(32)} ${rounded} ${unit}  ± ${spread}`;
  process.stdout.write(`${text}\n`);
}

/** `spread`: from the lower to the upper quartile. */
function tellTimes(name, times) {
  const spread = share(times, 0.75) - share(times, 0.25);
  for (const [label, part] of [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99', 0.99],
    ['max', 1],
  ])
    tell(`${name}.${label}`, share(times, part), 'ms', spread);
}

function share(times, part) {
  const sorted = Float64Array.from(times).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
