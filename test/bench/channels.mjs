// How many messages a second are accepted durably, and how soon each is acknowledged:
//   node test/bench/channels.mjs [--messages 20000] [--connections 64] [--accounts 2] [--json]
// DATABASE_URL measures against a PostgreSQL server instead of the embedded one. The senders share the machine with the program.
import { parseArgs } from 'node:util';
import { openProgram, openSender } from './channel-load.mjs';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    connections: { type: 'string', default: '64' },
    accounts: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const [messages, connections, rounds] = [Number(values.messages), Number(values.connections), Number(values.rounds)];
const CONVERSATIONS = 400;

const program = await openProgram(Number(values.accounts));
const sender = openSender(program, connections);
let number = 0;
try {
  await burst(Math.min(2_000, messages));
  const rates = [];
  const p50 = [];
  const p99 = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = performance.now();
    const times = await burst(messages);
    rates.push((messages / (performance.now() - startedMs)) * 1_000);
    times.sort((a, b) => a - b);
    p50.push(times[Math.trunc(times.length * 0.5)]);
    p99.push(times[Math.trunc(times.length * 0.99)]);
  }
  tell('intake.rate', rates, '1/s');
  tell('intake.ack.p50', p50, 'ms');
  tell('intake.ack.p99', p99, 'ms');
} finally {
  sender.close();
  await program.close();
}

/** As many at once as there are connections. @returns ms of each acknowledgement. */
async function burst(count) {
  const times = [];
  const last = number + count;
  const worker = async () => {
    while (number < last) {
      number += 1;
      const mine = number;
      const account = program.accounts[mine % program.accounts.length];
      const sample = { number: BigInt(mine), conversation: mine % CONVERSATIONS, text: `井盖丢了，第${mine}条` };
      times.push((await sender.deliver(account, sample)).ms);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return times;
}

function tell(name, figures, unit) {
  const sorted = [...figures].sort((a, b) => a - b);
  const value = Number(sorted[sorted.length >> 1].toFixed(1));
  const spread = Number((sorted.at(-1) - sorted[0]).toFixed(1));
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ name, value, unit, spread })}\n`
      : `${name.padEnd(20)} ${value} ${unit}  ± ${spread}\n`,
  );
}
