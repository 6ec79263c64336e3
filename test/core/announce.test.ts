import { expect, test } from 'vitest';
import { ENGLISH_PROMPTS } from '../../src/city/known-prompts.ts';
import { numberPrompts, positionPrompts, promptFiles } from '../../src/core/announce.ts';
import { initialState } from '../../src/core/state.ts';
import { dayRules } from './random-day.ts';

const WORDS: Readonly<Record<string, string>> = {
  'NUM-0': '零',
  'NUM-1': '一',
  'NUM-2': '二',
  'NUM-2L': '两',
  'NUM-3': '三',
  'NUM-4': '四',
  'NUM-5': '五',
  'NUM-6': '六',
  'NUM-7': '七',
  'NUM-8': '八',
  'NUM-9': '九',
  'NUM-10': '十',
  'NUM-100': '百',
  'NUM-1000': '千',
};
const read = (n: number) =>
  numberPrompts(n)
    .map((id) => WORDS[id] ?? `?${id}`)
    .join('');

test.each([
  [0, '零'],
  [1, '一'],
  [2, '两'],
  [10, '十'],
  [11, '十一'],
  [12, '十二'],
  [20, '二十'],
  [22, '二十二'],
  [100, '一百'],
  [105, '一百零五'],
  [110, '一百一十'],
  [111, '一百一十一'],
  [202, '二百零二'],
  [1000, '一千'],
  [1005, '一千零五'],
  [1010, '一千零一十'],
  [1100, '一千一百'],
  [2002, '两千零二'],
  [2222, '两千二百二十二'],
  [9999, '九千九百九十九'],
])('[Q8] %i is read %s', (n, words) => expect(read(n)).toBe(words));

test('[Q8] a number out of range is read as the nearest one that can be', () => {
  expect(read(-1)).toBe('零');
  expect(read(10_000)).toBe(read(9_999));
  expect(read(3.9)).toBe('三');
});

test('[Q8] every number is read as itself alone', () => {
  expect(new Set(Array.from({ length: 10_000 }, (_, n) => read(n))).size).toBe(10_000);
});

test('[Q8] the next in the queue hears no number', () => {
  expect(positionPrompts(0)).toEqual(['QUE-02']);
  expect(positionPrompts(2)).toEqual(['QUE-03a', 'NUM-2L', 'QUE-03b']);
});

test('[F5] prompts that the city has not recorded are skipped, whatever they are called', () => {
  const state = { ...initialState('0123456789abcdef'), settings: dayRules() };
  expect(promptFiles(state, {}, ['GRT-01', 'NONE-1', 'constructor', 'QUE-02'])).toEqual(['/GRT-01', '/QUE-02']);
});

test.each([
  [0, '0'],
  [7, '7'],
  [13, '13'],
  [20, '20'],
  [21, '20 1'],
  [99, '90 9'],
  [100, '1 100'],
  [119, '1 100 19'],
  [340, '3 100 40'],
  [1_000, '1 1000'],
  [1_001, '1 1000 1'],
  [9_999, '9 1000 9 100 90 9'],
  [10_000, '9 1000 9 100 90 9'],
])('[F10] %i in English is read %s', (n, words) =>
  expect(
    numberPrompts(n, 'en')
      .map((id) => id.slice('NUM-'.length))
      .join(' '),
  ).toBe(words),
);

test('[F10] every number is read as itself alone in English, from words that a city must have', () => {
  const read = Array.from({ length: 10_000 }, (_, n) => numberPrompts(n, 'en'));
  expect(new Set(read.map((ids) => ids.join())).size).toBe(10_000);
  expect(read.flat().filter((id) => !ENGLISH_PROMPTS.includes(id))).toEqual([]);
});

test('[F10] a prompt is heard in the language where it is recorded in it, else in Chinese', () => {
  const rules = dayRules();
  const settings = { ...rules, prompts: { ...rules.prompts, 'QUE-02.en': '/QUE-02.en' } };
  const state = { ...initialState('0123456789abcdef'), settings };
  expect(promptFiles(state, { language: 'en' }, ['QUE-02'], ['GRT-01'])).toEqual(['/QUE-02.en', '/GRT-01']);
  expect(promptFiles(state, {}, ['QUE-02'], ['GRT-01'])).toEqual(['/QUE-02', '/GRT-01']);
});
