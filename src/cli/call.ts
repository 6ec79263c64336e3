import { parseArgs } from 'node:util';
import type { CliCommand } from './command.ts';
import { placeCall } from './phone/place-call.ts';
import { complain, printer } from './phone/print.ts';
import { readPress, readTimeMs } from './phone/times.ts';
import { findServer } from './phone/where.ts';

export const command: CliCommand = {
  summary: '测试来电：拨打热线并报告听到什么 / a test caller: dials the line and tells what is heard',
  help: `minhu call NUMBER [--press KEYS@TIME]… [--talk TIME] [--record FILE.wav] [--server HOST:PORT]
               [--from NUMBER] [--tcp] [--json]

Calls NUMBER over real SIP and RTP, saying a 440 Hz tone all the time.
  --press 2@5s    presses keys, counted from the answer; may be repeated
  --talk 10s      hangs up so long after the agent's tone (700 Hz, as “minhu seat” says it) was first heard,
                  or 60 s after the last key when it is not; 10s
  --record FILE   keeps what was heard
  --server        the SIP server; otherwise the one running on MINHU_DATA
  --from NUMBER   the caller's number; 13800138000
  --tcp           SIP over TCP instead of UDP
  --json          one JSON object a line
Exit status 0 when the agent's voice was heard (correlation above 0.95), else 1.
以真实 SIP/RTP 拨打；听到座席的 700 Hz 声音（相关度高于 0.95）时返回 0，否则返回 1。`,
  async run(args) {
    const wish = readArguments(args);
    if (wish === undefined) return complain(this.help, 2);
    const server = await findServer(wish.server);
    if (!server.ok) return complain(server.why);
    try {
      return await placeCall({ ...wish, server: server.thing }, printer(wish.json));
    } catch (error) {
      return complain(error instanceof Error ? error.message : String(error));
    }
  },
};

function readArguments(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
    const [number = ''] = positionals;
    const press = values.press.map(readPress);
    const talkMs = readTimeMs(values.talk);
    if (positionals.length !== 1 || !NUMBER.test(number) || !NUMBER.test(values.from)) return undefined;
    if (talkMs === undefined || !press.every((one) => one !== undefined)) return undefined;
    const transport = values.tcp ? ('tcp' as const) : ('udp' as const);
    const { server, from, json, record } = values;
    return { number, from, press, talkMs, recordFile: record, server, transport, json };
  } catch {
    return undefined;
  }
}

const NUMBER = /^[+]?[A-Za-z0-9*#_.-]{1,40}$/;

const OPTIONS = {
  press: { type: 'string', multiple: true, default: [] as string[] },
  talk: { type: 'string', default: '10s' },
  record: { type: 'string' },
  server: { type: 'string' },
  from: { type: 'string', default: '13800138000' },
  tcp: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;
