import { join } from 'node:path';
import { loadConfig } from '../config.ts';
import { contactId } from '../core/ids.ts';
import { type Explanation, explainContact } from '../runtime/explain.ts';
import type { CliCommand } from './command.ts';

export const command: CliCommand = {
  summary: '一次来电的全过程与每步理由 / one contact: everything that was decided, and by which rule',
  help: `minhu explain ID [--json]

ID is a contact id as in /api/v1/contacts. Reads the journal of MINHU_DATA; safe beside a running hotline.
The rules are numbered in src/core/RULES.md.`,
  async run(args) {
    const id = args.find((arg) => !arg.startsWith('--'));
    if (id === undefined) {
      process.stderr.write(`${this.help}\n`);
      return 2;
    }
    const config = loadConfig(process.env);
    if (!config.ok) return complain(config.problems.map(({ setting, message }) => `${setting}: ${message}`).join('\n'));
    const explanation = await explainContact(join(config.config.dataFolder, 'journal'), contactId(id));
    if (explanation === undefined) return complain(`日志账中没有 ${id} / the journal knows no ${id}`);
    process.stdout.write(args.includes('--json') ? `${JSON.stringify(explanation)}\n` : timeLine(explanation));
    return 0;
  },
};

function timeLine({ moments, cut }: Explanation): string {
  const startMs = moments[0]?.atMs ?? 0;
  const lines: string[] = [];
  for (const { seq, atMs, event, decisions, others } of moments) {
    lines.push(`${((atMs - startMs) / 1_000).toFixed(3).padStart(10)} s  ${event}  (#${seq})`);
    for (const { rule, what } of decisions) lines.push(`              ${rule.padEnd(4)} ${what}`);
    for (const { agent, because } of others ?? []) lines.push(`                   ${agent}: ${because}`);
  }
  if (cut) lines.push('…');
  return `${lines.join('\n')}\n`;
}

function complain(text: string): number {
  process.stderr.write(`${text}\n`);
  return 1;
}
