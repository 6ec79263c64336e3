import { resolve } from 'node:path';
import { checkApart } from './channel/check-apart.ts';
import type { CliCommand } from './command.ts';

const HELP = `minhu channel check FILE [--json]

Compiles a channel (channels/NAME.ts), checks its types, and plays its platform, with every fault that platforms have: deliveries again,
in another order, forged, torn, with a clock that is off; answers of 429 and 5xx, an expired token, no answer, half an answer.
编译一个渠道文件、检查类型，并扮演会出各种差错的平台：重复推送、乱序、伪造、残缺、时钟偏差；限流、故障、令牌过期、不应答、应答中断。

Prints what holds and what does not. Sends nothing anywhere: all requests end on this machine.
Exit status: 0 all holds, 1 something does not, 2 wrong usage.`;

export const command: CliCommand = {
  summary: '检验一个渠道文件 / plays a faulty platform against a channel (channel check FILE)',
  help: HELP,
  async run(args) {
    const json = args.includes('--json');
    const [verb, file, ...more] = args.filter((arg) => arg !== '--json');
    if (verb !== 'check' || file === undefined || more.length > 0) {
      process.stderr.write(`${HELP}\n`);
      return 2;
    }
    let failed = 0;
    let held = 0;
    for await (const finding of checkApart(resolve(file))) {
      const { ok, zh, en, detail } = finding;
      if (ok) held += 1;
      else failed += 1;
      const said = detail === undefined ? '' : `\n    → ${detail}`;
      process.stdout.write(json ? `${JSON.stringify(finding)}\n` : `${ok ? '✓' : '✗'} ${zh} / ${en}${said}\n`);
    }
    if (!json) process.stdout.write(`\n${held} 项通过，${failed} 项不通过 / ${held} hold, ${failed} do not\n`);
    return failed === 0 ? 0 : 1;
  },
};
