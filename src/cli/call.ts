import { parseArgs } from 'node:util';
import type { CliCommand } from './command.ts';
import { placeCall } from './phone/place-call.ts';
import { complain, printer } from './phone/print.ts';
import { type Press, readPress, readTimeMs } from './phone/times.ts';
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
    if (typeof wish === 'string') return complain(`${wish}\n\n${this.help}`, 2);
    const server = await findServer(wish.server);
    if (!server.ok) return complain(server.why);
    try {
      return await placeCall({ ...wish, server: server.thing }, printer(wish.json));
    } catch (error) {
      return complain(error instanceof Error ? error.message : String(error));
    }
  },
};

/** @returns what is wrong, in words, when something is. */
function readArguments(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({ args: withValues(args), allowPositionals: true, options: OPTIONS });
    const [number = ''] = positionals;
    const { server, from, json, record, tcp } = values;
    if (positionals.length !== 1 || !NUMBER.test(number))
      return '请写一个要拨打的号码，例如 minhu call 12345。 Write one number to call, such as minhu call 12345.';
    if (!NUMBER.test(from)) return wrongValue('from', from, ['号码，例如 13800138000', 'a number such as 13800138000']);
    const press: Press[] = [];
    for (const text of values.press) {
      const one = readPress(text);
      if (one === undefined) return wrongValue('press', text, PRESS_LOOKS);
      press.push(one);
    }
    const talkMs = readTimeMs(values.talk);
    if (talkMs === undefined) return wrongValue('talk', values.talk, TIME_LOOKS);
    const transport = tcp ? ('tcp' as const) : ('udp' as const);
    return { number, from, press, talkMs, recordFile: record, server, transport, json };
  } catch (error) {
    return wrongOption(error as Error & { code?: string });
  }
}

/** `--talk -3s` is a value that is wrong, not an option that is unknown. */
function withValues(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [arg, next] = [args[at]!, args[at + 1]];
    const takesOne = TAKING.has(arg) && next !== undefined;
    joined.push(takesOne ? `${arg}=${next}` : arg);
    if (takesOne) at += 1;
  }
  return joined;
}

function wrongValue(name: string, text: string, [zh, en]: readonly [zh: string, en: string]): string {
  return `--${name} 应是${zh}，不是“${text}”。 --${name} takes ${en}, not "${text}".`;
}

function wrongOption({ code, message }: Error & { code?: string }): string {
  const option = /--?[\w-]+/.exec(message)?.[0] ?? '';
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `没有选项“${option}”。 There is no option "${option}".`;
  return TAKING.has(option)
    ? `${option} 后面缺少值。 ${option} lacks its value.`
    : `${option} 不带值。 ${option} takes no value.`;
}

const TIME_LOOKS = [
  '一小时以内的时间，例如 10s、500ms、1.5m',
  'a time of at most an hour, such as 10s, 500ms or 1.5m',
] as const;
const PRESS_LOOKS = [
  '“按键@时间”，按键为 0-9、*、#、A-D，例如 2@5s',
  'KEYS@TIME, keys being 0-9, *, # and A-D, such as 2@5s',
] as const;
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

const TAKING: ReadonlySet<string> = new Set(
  Object.entries(OPTIONS).flatMap(([name, { type }]) => (type === 'string' ? [`--${name}`] : [])),
);
