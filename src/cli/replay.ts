import { resolve } from 'node:path';
import { type ReplayResult, replayFolder } from '../runtime/replay.ts';
import type { CliCommand } from './command.ts';
import { journalFolder, readArguments, sayUnread } from './journal-arguments.ts';

const SHOWN_MAX = 5;

export const command: CliCommand = {
  summary: '重放日志账并比对 / decide the whole journal again and compare (replay)',
  help: `minhu replay [FOLDER] [--json] [--data FOLDER]

Decides every entry of the journal in FOLDER again (default: MINHU_DATA/journal) and compares
the commands with those written then. Exit status 1 with the first differences when any differ.
Reads only; safe beside a running hotline.
重新推演日志账的每一条，并与当时写下的指令比对；有出入则列出最先几处，退出码为 1。`,
  async run(args) {
    const given = readArguments(args);
    if (given === undefined || given.words.length > 1) return complain(this.help, 2);
    const folder = given.words[0] === undefined ? journalFolder(given.data) : resolve(given.words[0]);
    const startedMs = performance.now();
    try {
      const result = await replayFolder(folder, progress);
      clearProgress();
      tell(result, performance.now() - startedMs, given.json);
      return result.differences.length === 0 ? 0 : 1;
    } catch (error) {
      clearProgress();
      const why = sayUnread(error, folder);
      if (why === undefined) throw error;
      return complain(why, 1);
    }
  },
};

function tell({ state, entries, differences }: ReplayResult, tookMs: number, json: boolean): void {
  const ms = Math.round(tookMs);
  if (json) {
    const figures = { entries, lastSeq: state.seq, ms, contactsOpen: state.contacts.size };
    process.stdout.write(`${JSON.stringify({ ...figures, differences })}\n`);
    return;
  }
  process.stdout.write(`${entries} entries decided again in ${ms} ms, up to #${state.seq}  已重放 ${entries} 条\n`);
  if (differences.length === 0) process.stdout.write('No difference.  与当时一致。\n');
  for (const { seq, written, now } of differences.slice(0, SHOWN_MAX)) {
    process.stdout.write(`#${seq}\n  then 当时: ${JSON.stringify(written)}\n  now  现在: ${JSON.stringify(now)}\n`);
  }
  const more = differences.length - SHOWN_MAX;
  if (more > 0) process.stdout.write(`… and ${more} more  另有 ${more} 处\n`);
}

function progress(entries: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${entries} entries…`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

function complain(line: string, status: number): number {
  process.stderr.write(`${line}\n`);
  return status;
}
