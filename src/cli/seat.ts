import { parseArgs } from 'node:util';
import type { CliCommand } from './command.ts';
import { complain, printer } from './phone/print.ts';
import { sitDown } from './phone/sit-down.ts';
import { findApi, findSeat, findServer } from './phone/where.ts';

export const command: CliCommand = {
  summary: '测试座席话机：注册、就绪、接听 / a test seat: registers, becomes ready, answers',
  help: `minhu seat USER [--answer] [--ready] [--server HOST:PORT] [--tcp] [--json]

The phone of a seat of MINHU_DATA/first-run.json (login name or SIP user), over real SIP and RTP, saying a 700 Hz tone.
  --answer   answers after one second; otherwise Enter answers, and Enter again hangs up
  --ready    signs in over HTTP, becomes ready, and again after each wrap-up
  --server   the SIP server; otherwise the one running on MINHU_DATA
  --tcp      SIP over TCP instead of UDP
  --json     one JSON object a line
Runs until Ctrl-C, then unregisters and goes offline. Passwords are read from the file, never given as arguments.
运行至 Ctrl-C，退出时注销话机并离线。密码只从文件读取，不作为参数。`,
  async run(args) {
    const wish = readArguments(args);
    if (wish === undefined) return complain(this.help, 2);
    const account = findSeat(wish.user);
    if (!account.ok) return complain(account.why);
    const server = await findServer(wish.server);
    if (!server.ok) return complain(server.why);
    const api = wish.ready ? findApi() : undefined;
    if (api?.ok === false) return complain(api.why);
    const { answer, transport, json } = wish;
    try {
      return await sitDown(
        { server: server.thing, api: api?.thing, account: account.thing, answers: answer, transport },
        printer(json),
      );
    } catch (error) {
      return complain(error instanceof Error ? error.message : String(error));
    }
  },
};

function readArguments(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
    const [user = ''] = positionals;
    if (positionals.length !== 1 || user === '') return undefined;
    return { ...values, server: values.server, user, transport: values.tcp ? ('tcp' as const) : ('udp' as const) };
  } catch {
    return undefined;
  }
}

const OPTIONS = {
  answer: { type: 'boolean', default: false },
  ready: { type: 'boolean', default: false },
  server: { type: 'string' },
  tcp: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;
