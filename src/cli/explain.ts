import { contactId } from '../core/ids.ts';
import { type ExplainedOffer, type Explanation, explainContact } from '../runtime/explain.ts';
import type { CliCommand } from './command.ts';
import { journalFolder, readArguments, sayUnread } from './journal-arguments.ts';

export const command: CliCommand = {
  summary: '一次联络的来龙去脉 / why a call went as it went (explain ID)',
  help: `minhu explain ID [--json] [--data FOLDER]

Tells the life of one contact from the journal: what was heard, what was decided, and the rule
of src/core/RULES.md behind each decision; for each offer, who else was free and was not chosen.
Safe beside a running hotline. Without --data, MINHU_DATA is read.
从日志账讲述一次联络的全过程，以及每个决定所依据的规则。`,
  async run(args) {
    const given = readArguments(args);
    if (given === undefined || given.words.length !== 1) return complain(this.help, 2);
    const id = given.words[0]!;
    const folder = journalFolder(given.data);
    try {
      const told = await explainContact(folder, contactId(id));
      if (told === undefined) return complain(`${id}: 日志账里没有这次联络 / the journal knows no such contact`, 1);
      process.stdout.write(given.json ? `${JSON.stringify(told)}\n` : timeLine(told));
      return 0;
    } catch (error) {
      const why = sayUnread(error, folder);
      if (why === undefined) throw error;
      return complain(why, 1);
    }
  },
};

/** Times are from the contact's first entry, in seconds. */
export function timeLine({ contact, from, entries, cut }: Explanation): string {
  const startMs = entries[0]?.atMs ?? 0;
  const lines = [`${contact}  ${from}  ${new Date(startMs).toISOString()}`];
  for (const { seq, atMs, event, decisions, offers, otherwiseToday } of entries) {
    const seconds = `+${((atMs - startMs) / 1000).toFixed(3)}s`.padStart(12);
    lines.push(
      '',
      `${seconds}  ${event.zh}  ${event.en}  (#${seq}${otherwiseToday === undefined ? '' : '，今天会另作决定 decided otherwise today'})`,
    );
    for (const { rule, en, zh } of decisions) lines.push(`${rule.padStart(12)}  ${zh}  ${en}`);
    for (const { chosen, key, step, others } of offers) {
      const chosenOf = others.length === 0 ? '无其他空闲座席 nobody else was idle' : `${others.length + 1} 人空闲 idle`;
      lines.push(
        `${'Q3'.padStart(12)}  选中 chosen: ${chosen} (${chosenOf}，第 ${step} 步 step ${step}) ${keyOf(key, atMs)}`,
      );
      for (const other of others)
        lines.push(
          `${other.rule.padStart(12)}    未选 not ${other.agent}: ${other.zh}  ${other.en} ${keyOf(other, atMs)}`,
        );
    }
  }
  if (cut) lines.push('', '… 之后还有，未列出 / there is more, left out');
  return `${lines.join('\n')}\n`;
}

/** In the order in which they count. */
function keyOf({ score, has, idleSinceMs }: ExplainedOffer['key'], atMs: number): string {
  return `[匹配 score ${score}，在办 has ${has}，空闲 idle ${((atMs - idleSinceMs) / 1000).toFixed(1)}s]`;
}

function complain(line: string, status: number): number {
  process.stderr.write(`${line}\n`);
  return status;
}
