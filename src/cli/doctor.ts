import type { CliCommand } from './command.ts';
import { examine } from './doctor/examine.ts';
import type { Finding } from './doctor/finding.ts';

export const command: CliCommand = {
  summary: '检查设置、目录、端口、密码、时钟与数据库 / checks everything the hotline needs',
  help: `minhu doctor [--json]

Checks Node.js, settings, city folder, accounts of channels, data folder, ports, event-socket password, clock, leftovers, database and whether telephones can
register at FreeSWITCH, with the same environment as the hotline. Changes nothing; safe beside a running hotline. Exit status 1 when something is wrong.`,
  async run(args) {
    const unknown = args.find((arg) => arg !== '--json');
    if (unknown !== undefined) {
      process.stderr.write(`没有“${unknown}”这个选项 / there is no option “${unknown}”\n${this.help}\n`);
      return 2;
    }
    const findings = await examine(process.env);
    process.stdout.write(args.includes('--json') ? `${JSON.stringify(findings, null, 2)}\n` : asText(findings));
    return findings.every(({ ok }) => ok) ? 0 : 1;
  },
};

export function asText(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ ok, warning, zh, en, fix }) => {
    const line = `${warning ? '!' : ok ? '✓' : '✗'} ${zh}${en === zh ? '' : ` / ${en}`}`;
    return fix === undefined ? [line] : [line, `    → ${fix}`];
  });
  const wrong = findings.filter(({ ok, warning }) => !ok || warning).length;
  lines.push('', wrong === 0 ? '一切正常 / all is well' : `${wrong} 处需要处理 / ${wrong} to be seen to`);
  return `${lines.join('\n')}\n`;
}
