// How many messages a second are accepted durably, and how soon each is acknowledged:
//   node test/bench/channels.mjs [--messages 8000] [--connections 16,64,256] [--accounts 4] [--rounds 3] [--profile FILE] [--rate] [--json]
// With --rate only messages a second are told, under the name `intake.rate`, for 64 connections.
// DATABASE_URL measures against a PostgreSQL server instead of the embedded one. The senders share the machine with the program.
import { parseArgs } from 'node:util';
import { openProgram, openSender } from './channel-load.mjs';
import { startProfile } from './cpu-profile.mjs';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '8000' },
    connections: { type: 'string', default: '16,64,256' },
    accounts: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    profile: { type: 'string' },
    rate: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const [messages, rounds] = [Number(values.messages), Number(values.rounds)];
const CONVERSATIONS = 400;

const program = await openProgram(Number(values.accounts));
let number = 0;
try {
  await measure(64, Math.min(2_000, messages), 1, () => {});
  const stop = values.profile && (await startProfile(program.run().pids.core));
  for (const connections of values.rate ? [64] : values.connections.split(',').map(Number))
    await measure(connections, messages, rounds, tell);
  if (stop)
    for (const [name, ms] of await stop(values.profile))
      process.stderr.write(`${ms.toFixed(0).padStart(7)} ms  ${name}\n`);
} finally {
  await program.close();
}

async function measure(connections, count, times, say) {
  const sender = openSender(program, connections);
  const found = { rate: [], p50: [], p99: [], records: [] };
  for (let round = 0; round < times; round += 1) {
    const { acknowledgedMs, tookMs, recordedMs } = await burst(sender, connections, count);
    acknowledgedMs.sort((a, b) => a - b);
    found.rate.push((count / tookMs) * 1_000);
    found.records.push((count / recordedMs) * 1_000);
    found.p50.push(acknowledgedMs[Math.trunc(count * 0.5)]);
    found.p99.push(acknowledgedMs[Math.trunc(count * 0.99)]);
  }
  sender.close();
  if (values.rate) return say('intake.rate', found.rate, '1/s');
  say(`intake.${connections}.rate`, found.rate, '1/s');
  say(`intake.${connections}.ack.p50`, found.p50, 'ms');
  say(`intake.${connections}.ack.p99`, found.p99, 'ms');
  say(`intake.${connections}.recorded`, found.records, '1/s');
}

/** As many at once as there are connections; signed before the clock runs. Ends when the records hold the contact of each. */
async function burst(sender, connections, count) {
  const signed = Array.from({ length: count }, () => {
    number += 1;
    const account = program.accounts[number % program.accounts.length];
    const sample = { number: BigInt(number), conversation: number % CONVERSATIONS, text: `井盖丢了，第${number}条` };
    return { account, bytes: sender.sign(account, sample) };
  });
  const acknowledgedMs = [];
  const startedMs = performance.now();
  const worker = async () => {
    for (let next = signed.pop(); next !== undefined; next = signed.pop())
      acknowledgedMs.push((await sender.deliver(next.account, next.bytes)).ms);
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const tookMs = performance.now() - startedMs;
  while (await isBusy()) await new Promise((resolve) => setTimeout(resolve, 20));
  return { acknowledgedMs, tookMs, recordedMs: performance.now() - startedMs };
}

async function isBusy() {
  const text = await (await fetch(`http://${program.run().http}/metrics`)).text();
  const waiting = text.match(/^minhu_(channel_backlog\{.*\}|projector_lag_entries) [1-9]/gm);
  return waiting !== null;
}

function tell(name, figures, unit) {
  const sorted = [...figures].sort((a, b) => a - b);
  const value = Number(sorted[sorted.length >> 1].toFixed(1));
  const spread = Number((sorted.at(-1) - sorted[0]).toFixed(1));
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ name, value, unit, spread })}\n`
      : `${name.padEnd(24)} ${value} ${unit}  ± ${spread}\n`,
  );
}
