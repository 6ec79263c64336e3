import { readChoice, readEntries, readFields, readList, readText, type TextRule } from './fields.ts';
import type { Field } from './yaml-file.ts';

/** What an agent has beside a call: what to say, and how to class what is heard. */
export interface Reference {
  readonly stages: readonly ScriptStage[];
  readonly categories: readonly Category[];
}

/** 话术 of one stage of a call. */
export interface ScriptStage {
  readonly stage: string;
  readonly title: { readonly zh: string; readonly en: string };
  readonly lines: readonly { readonly id: string; readonly text: string }[];
}

/** One item of the dispatch directory, 派单目录: domain guide §4.1. */
export interface Category {
  readonly code: string;
  /** Three levels. */
  readonly path: readonly string[];
  readonly type: string;
  readonly urgency: string;
  /** Words that tell of danger. */
  readonly urgent: readonly string[];
}

export const NO_REFERENCE: Reference = { stages: [], categories: [] };

const STAGES_MAX = 20;
const LINES_MAX = 60;
const CATEGORIES_MAX = 5_000;
const URGENT_MAX = 50;
const TYPES = ['CONSULT', 'HELP', 'COMPLAINT', 'REPORT', 'SUGGESTION', 'PRAISE', 'OTHER'] as const;
const URGENCIES = ['EMERGENCY', 'URGENT', 'NORMAL'] as const;
const NAME: TextRule = {
  pattern: /^[A-Za-z0-9-]{1,40}$/,
  looks: ['字母、数字和 - 组成的编号', 'an id of letters, digits and -'],
};
const CODE: TextRule = {
  pattern: /^[0-9]{2,10}$/,
  looks: ['带引号的分类编号，例如 "010104"', 'a code in quotes, such as "010104"'],
};
const SAID: TextRule = {
  pattern: /^[^\p{Cc}]{1,300}$/u,
  looks: ['一句话，最多 300 字', 'one line of at most 300 characters'],
};
const WORD: TextRule = { pattern: /^[^\p{Cc}]{1,60}$/u, looks: ['最多 60 字', 'at most 60 characters'] };

/** scripts.yaml and categories.yaml; either may be absent. */
export function readReference(scripts: Field | undefined, categories: Field | undefined): Reference {
  return { stages: scripts ? readStages(scripts) : [], categories: categories ? readCategories(categories) : [] };
}

function readStages(top: Field): readonly ScriptStage[] {
  const fields = readFields(top, ['stages']);
  return (fields ? readEntries(fields.stages, NAME, STAGES_MAX) : []).flatMap(({ key, value }) => {
    const stage = readFields(value, ['title', 'lines']);
    const title = stage && readFields(stage.title, ['zh', 'en']);
    const zh = title && readText(title.zh, WORD);
    const en = title && readText(title.en, WORD);
    if (stage === undefined || zh === undefined || en === undefined) return [];
    return [{ stage: key, title: { zh, en }, lines: readList(stage.lines, LINES_MAX).flatMap(readLine) }];
  });
}

function readLine(field: Field) {
  const fields = readFields(field, ['id', 'text']);
  const id = fields && readText(fields.id, NAME);
  const text = fields && readText(fields.text, SAID);
  return id === undefined || text === undefined ? [] : [{ id, text }];
}

function readCategories(top: Field): readonly Category[] {
  const fields = readFields(top, ['categories']);
  return (fields ? readEntries(fields.categories, CODE, CATEGORIES_MAX) : []).flatMap(({ key, value }) => {
    const item = readFields(value, ['path', 'type', 'urgency'], ['urgent']);
    if (item === undefined) return [];
    const type = readChoice(item.type, TYPES);
    const urgency = readChoice(item.urgency, URGENCIES);
    const path = wordsOf(item.path, 3);
    const urgent = item.urgent === undefined ? [] : wordsOf(item.urgent, URGENT_MAX);
    return type === undefined || urgency === undefined ? [] : [{ code: key, path, type, urgency, urgent }];
  });
}

function wordsOf(field: Field, max: number): readonly string[] {
  return readList(field, max).flatMap((each) => readText(each, WORD) ?? []);
}
