import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { CityProblem } from '../city/city.ts';
import { PROMPT_FOLDER, type PromptEntry, promptPath, readPrompts } from '../city/prompts.ts';
import { makeWav, RATE_HZ } from '../city/wav.ts';
import { openYaml } from '../city/yaml-file.ts';
import type { CliCommand } from './command.ts';
import { type Manifest, type Rendered, readManifest, sha256Of, writeManifest } from './prompts/manifest.ts';
import { composeFaultTone, composeMusic } from './prompts/music.ts';
import { readingOf } from './prompts/pinyin.ts';
import { speak } from './prompts/speech.ts';

const HELP = `minhu prompts render [--city FOLDER] [--only ID] [--force] [--json]

把 prompts.yaml 的文字合成为 8 kHz 语音文件。 Renders the words of prompts.yaml as 8 kHz WAV files.
真人录音（不是本命令生成的文件）不会被覆盖。 A recording that this command did not make is left alone.

  --city FOLDER  城市文件夹，默认 MINHU_CITY 或 dialplans。 The city folder; MINHU_CITY or dialplans by default.
  --only ID      只做一条。 One prompt only.
  --force        连真人录音也覆盖。 Replaces an operator's recordings too.
  --json         每条一行 JSON。 One JSON object a line.

需要 espeak-ng 和 pinyin-pro（开发依赖）。 Needs espeak-ng, and pinyin-pro, a development dependency.
`;

export const command: CliCommand = {
  summary: '合成语音文件 / render the prompts',
  help: HELP,
  async run(args) {
    const options = readOptions(args);
    if (options === undefined) return 2;
    return render(options);
  },
};

interface RenderOptions {
  readonly city: string;
  readonly only: string | undefined;
  readonly force: boolean;
  readonly json: boolean;
}

function readOptions(args: readonly string[]): RenderOptions | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        city: { type: 'string' },
        only: { type: 'string' },
        force: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    if (positionals.length !== 1 || positionals[0] !== 'render') throw new Error('render?');
    const city = resolve(values.city ?? process.env['MINHU_CITY'] ?? 'dialplans');
    return { city, only: values.only, force: values.force, json: values.json };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}

async function render(options: RenderOptions): Promise<number> {
  const problems: CityProblem[] = [];
  const top = openYaml(options.city, 'prompts.yaml', problems);
  const all = top === undefined ? [] : readPrompts(top).map(({ entry }) => entry);
  const entries = all.filter((entry) => options.only === undefined || entry.id === options.only);
  if (problems.length === 0 && entries.length === 0) problems.push(noSuchPrompt(options.only ?? ''));
  for (const { file, line, message, fix } of problems) process.stderr.write(`${file}:${line}: ${message} ${fix}\n`);
  if (problems.length > 0) return 1;

  mkdirSync(join(options.city, PROMPT_FOLDER), { recursive: true });
  const before = readManifest(options.city);
  const after: Record<string, Rendered> = {};
  let failed = 0;
  for (const entry of all) {
    const kept = before[entry.id];
    const result = entries.includes(entry) ? await renderOne(entry, options, before) : kept;
    if (typeof result === 'string') failed += 1;
    const rendered = typeof result === 'string' ? kept : result;
    if (rendered !== undefined) after[entry.id] = rendered;
  }
  writeManifest(options.city, after);
  return failed === 0 ? 0 : 1;
}

/** The new entry, the old one when an operator's recording stands, or what went wrong. */
async function renderOne(
  entry: PromptEntry,
  options: RenderOptions,
  before: Manifest,
): Promise<Rendered | string | undefined> {
  const path = promptPath(options.city, entry);
  const kept = before[entry.id];
  if (!options.force && existsSync(path) && sha256Of(readFileSync(path)) !== kept?.sha256) {
    say(options, { id: entry.id, file: entry.file, kept: true }, `${entry.id} 保留现有录音 / recording kept`);
    return kept;
  }
  const reading = entry.sound === undefined ? await readingOf(entry) : '';
  const made = entry.sound === undefined ? speak(reading) : { ok: true as const, samples: composeSound(entry.sound) };
  if (!made.ok) {
    process.stderr.write(`${entry.id}: ${made.message}\n`);
    return made.message;
  }
  const bytes = makeWav(made.samples);
  writeFileSync(path, bytes);
  const durationMs = Math.round((made.samples.length * 1_000) / RATE_HZ);
  const rendered = { file: entry.file, text: entry.sound ?? entry.text, reading, durationMs, sha256: sha256Of(bytes) };
  say(options, { id: entry.id, ...rendered }, `${entry.id} ${(durationMs / 1_000).toFixed(2)} s ${reading}`);
  return rendered;
}

function composeSound(sound: 'music' | 'faultTone'): Int16Array {
  return sound === 'music' ? composeMusic() : composeFaultTone();
}

function say(options: RenderOptions, event: object, line: string): void {
  process.stdout.write(`${options.json ? JSON.stringify(event) : line}\n`);
}

function noSuchPrompt(id: string): CityProblem {
  const message = `没有编号为“${id}”的语音。 There is no prompt "${id}".`;
  return { file: 'prompts.yaml', line: 1, message, fix: '请写 prompts.yaml 里有的编号。 Use an id of prompts.yaml.' };
}
