import { join } from 'node:path';
import type { Recording, Words } from './city.ts';
import { type Entry, PROMPT_ID, readEntries, readFields, readText, type TextRule } from './fields.ts';
import { KNOWN_PROMPTS } from './known-prompts.ts';
import { measureWav, type WavLength } from './wav.ts';
import { complain, type Field } from './yaml-file.ts';

export const PROMPTS_MAX = 1_000;
/** Folder of the recordings, inside the city folder. */
export const PROMPT_FOLDER = 'prompts';

/** A prompt as the city wrote it. Exactly one of `text` and `sound` says what it is. */
export interface PromptEntry {
  readonly id: string;
  readonly text: string;
  /** How to read the text, when the dictionary reads it wrongly: syllables with tone numbers. */
  readonly pinyin?: string;
  /** Made by rule instead of spoken. */
  readonly sound?: 'music' | 'faultTone';
  readonly file: string;
}

const TEXT: TextRule = {
  pattern: /^[^\p{Cc}]{1,300}$/u,
  looks: ['1 到 300 个字的文字', 'a text of 1 to 300 characters'],
};
const PINYIN: TextRule = {
  pattern: /^[a-z]+[0-5](?:[ ,]+[a-z]+[0-5])*$/,
  looks: ['带声调数字的拼音，例如 nin2 hao3', 'pinyin with tone numbers, such as nin2 hao3'],
};
const SOUND: TextRule = { pattern: /^(music|faultTone)$/, looks: ['music 或 faultTone', 'music or faultTone'] };
const WAV_NAME: TextRule = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9_-]{0,60}\.wav$/,
  looks: ['prompts 文件夹中的 .wav 文件名', 'the name of a .wav file in the prompts folder'],
};

export interface ReadRecordings {
  readonly recordings: Readonly<Record<string, Recording>>;
  /** Of every prompt that is listed; 0 when its recording cannot be played. */
  readonly lengthsMs: ReadonlyMap<string, number>;
}

/** Every prompt with its recording measured. A recording that cannot be played is a problem at its line of the manifest. */
export function loadRecordings(folder: string, top: Field): ReadRecordings {
  const recordings: Record<string, Recording> = {};
  const lengthsMs = new Map<string, number>();
  for (const { entry, field } of readPrompts(top)) {
    const durationMs = measure(folder, entry, field);
    lengthsMs.set(entry.id, durationMs ?? 0);
    if (durationMs === undefined) continue;
    recordings[entry.id] = { text: entry.text, file: promptPath(folder, entry), durationMs };
  }
  return { recordings, lengthsMs };
}

/** The manifest alone, recordings unseen. */
export function readPrompts(top: Field): readonly { readonly entry: PromptEntry; readonly field: Field }[] {
  const fields = readFields(top, ['prompts'], ['english']);
  if (fields === undefined) return [];
  const entries = readEntries(fields.prompts, PROMPT_ID, PROMPTS_MAX);
  const english = fields.english === undefined ? [] : readEntries(fields.english, PROMPT_ID, PROMPTS_MAX);
  for (const id of KNOWN_PROMPTS) {
    if (entries.some((entry) => entry.key === id)) continue;
    complain(
      fields.prompts,
      [`缺少系统要用的语音 ${id}。`, `The prompt ${id}, which the program itself plays, is missing.`],
      [`请加上“${id}: { text: … }”。`, `Add "${id}: { text: … }".`],
    );
  }
  return [...entries, ...english.map((entry) => ({ ...entry, key: inEnglish(entry.key) }))].flatMap(readPrompt);
}

/** The id of a prompt as it is recorded in English. */
export function inEnglish(id: string): string {
  return `${id}.en`;
}

export function promptPath(folder: string, entry: PromptEntry): string {
  return join(folder, PROMPT_FOLDER, entry.file);
}

function readPrompt({ key: id, keyField, value }: Entry): readonly { entry: PromptEntry; field: Field }[] {
  const fields = readFields(value, [], ['text', 'pinyin', 'sound', 'file']);
  if (fields === undefined) return [];
  if ((fields.text === undefined) === (fields.sound === undefined)) {
    complain(
      keyField,
      [`语音 ${id} 须有 text 或 sound 之一。`, `The prompt ${id} needs either text or sound.`],
      ['请写“text: 要读的文字”。', 'Write "text: the words to be read".'],
    );
    return [];
  }
  const text = fields.text && readText(fields.text, TEXT);
  const pinyin = fields.pinyin && readText(fields.pinyin, PINYIN);
  const sound = fields.sound && readText(fields.sound, SOUND);
  const file = fields.file ? readText(fields.file, WAV_NAME) : `${id}.wav`;
  if ((text ?? sound) === undefined || file === undefined) return [];
  const entry = { id, text: text ?? '', ...(pinyin && { pinyin }), ...(sound && { sound: sound as 'music' }), file };
  return [{ entry, field: keyField }];
}

function measure(folder: string, entry: PromptEntry, field: Field): number | undefined {
  const name = `${PROMPT_FOLDER}/${entry.file}`;
  const wav = openWav(promptPath(folder, entry));
  if (wav.ok) return wav.durationMs;
  const message: Words =
    wav.why === 'missing'
      ? [`语音 ${entry.id} 的文件 ${name} 读不到。`, `The file ${name} of the prompt ${entry.id} cannot be read.`]
      : [`语音文件 ${name} 的格式不对（${wav.found}）。`, `The file ${name} cannot be played (${wav.found}).`];
  return complain(field, message, [
    `请放入 8 kHz 单声道 16 位的 WAV，例如：sox 原文件 -r 8000 -c 1 -b 16 ${entry.file}；或运行 minhu prompts render。`,
    `Put an 8 kHz mono 16-bit WAV there, for example by: sox ORIGINAL -r 8000 -c 1 -b 16 ${entry.file}; or run: minhu prompts render.`,
  ]);
}

function openWav(path: string): WavLength | { readonly ok: false; readonly why: 'missing'; readonly found: '' } {
  try {
    return measureWav(path);
  } catch {
    return { ok: false, why: 'missing', found: '' };
  }
}
