import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { refuseStrangeFile } from '../lib/strange-file.ts';
import type { CityProblem, Words } from './city.ts';

/** Bytes of one YAML file; a larger one is refused unread. */
export const YAML_BYTES_MAX = 1_048_576;
/** Problems reported at once; an operator mends the first ones and runs again. */
export const PROBLEMS_MAX = 100;

/** One value in a YAML file, with what is needed to say where it stands. */
export interface Field {
  readonly file: YamlFile;
  /** Dotted way from the top of the file, for messages. */
  readonly path: string;
  readonly node: Node | null;
}

export interface YamlFile {
  readonly name: string;
  readonly lines: LineCounter;
  readonly problems: CityProblem[];
}

/** Opens one file of the city folder. Undefined when it cannot be read at all; the problem is then already noted. */
export function openYaml(folder: string, name: string, problems: CityProblem[]): Field | undefined {
  const file: YamlFile = { name, lines: new LineCounter(), problems };
  const top: Field = { file, path: '', node: null };
  const text = readText(join(folder, name), top);
  if (text === undefined) return undefined;
  const document = parseDocument(text, { lineCounter: file.lines, prettyErrors: false });
  for (const error of document.errors) {
    const line = file.lines.linePos(error.pos[0]).line;
    note(
      file,
      line,
      ['这一行的 YAML 写法有误。', `The YAML is not well formed here: ${firstLine(error.message)}.`],
      ['请检查缩进、冒号、引号和重复的名称。', 'Check the indentation, colons, quotes and repeated names.'],
    );
  }
  if (document.errors.length > 0) return undefined;
  return { ...top, node: isNode(document.contents) ? document.contents : null };
}

/** Notes a problem at a field. Returns undefined, so that a reader can end with it. */
export function complain(field: Field, message: Words, fix: Words): undefined {
  const offset = field.node?.range?.[0];
  note(field.file, offset === undefined ? 1 : field.file.lines.linePos(offset).line, message, fix);
  return undefined;
}

/** The text of a field that holds one word; undefined for a list or a map. Says nothing. */
export function scalarOf(field: Field): string | undefined {
  return isScalar(field.node) && typeof field.node.value === 'string' ? field.node.value : undefined;
}

/** True when the city folder has this file. A link that leads nowhere counts: it is read, and missed. */
export function hasYaml(folder: string, name: string): boolean {
  return lstatSync(join(folder, name), { throwIfNoEntry: false }) !== undefined;
}

/**
 * A file that nothing reads has a misspelt name: what it was to say would be missing without a word. Hidden ones are an editor's or a system's.
 * @param within of the city folder, such as `flows/`; empty: itself.
 */
export function refuseUnknown(
  folder: string,
  within: '' | 'flows/',
  isKnown: (name: string) => boolean,
  fix: Words,
  problems: CityProblem[],
): void {
  const path = join(folder, within);
  if (!existsSync(path)) return;
  for (const each of readdirSync(path).filter((name) => /^[^.].*\.ya?ml$/i.test(name) && !isKnown(name))) {
    const file = { name: `${within}${each}`, lines: new LineCounter(), problems };
    note(file, 1, ['没有任何功能读取这个文件。', 'Nothing reads this file.'], fix);
  }
}

function note(file: YamlFile, line: number, message: Words, fix: Words): void {
  if (file.problems.length >= PROBLEMS_MAX) return;
  file.problems.push({ file: file.name, line: Math.max(1, line), message: message.join(' '), fix: fix.join(' ') });
}

function readText(path: string, top: Field): string | undefined {
  try {
    refuseStrangeFile(path);
    if (statSync(path).size <= YAML_BYTES_MAX) return readFileSync(path, 'utf8');
    return complain(
      top,
      ['文件过大。', `The file is larger than ${YAML_BYTES_MAX} bytes.`],
      ['请把它改小到 1 MB 以内。', 'Make it smaller than 1 MB.'],
    );
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return complain(
      top,
      [`无法读取这个文件（${why}）。`, `The file cannot be read (${why}).`],
      [
        '请放入这个文件并允许本程序读取，可从项目自带的 dialplans 复制。',
        'Put the file there and let the program read it; the dialplans folder of the project has one to copy.',
      ],
    );
  }
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? text).replace(/[.:]+$/, '');
}
