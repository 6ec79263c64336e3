/** Prompts that the program itself plays, outside any flow. A city may record them anew; it may not leave them out. */
export const KNOWN_PROMPTS = [
  /** Position announcement: before the number, after it. */
  'QUE-03a',
  'QUE-03b',
  /** Entering a queue in which nobody is free; a long wait. */
  'QUE-02',
  'QUE-04',
  /** Something of ours failed. */
  'ERR-01',
  /** The queue is full: said before the call ends. */
  'FUL-01',
  /** Nobody took the call over. */
  'APO-01',
  'BYE-01',
  /** Before the music, when an agent's phone died. */
  'TONE-FAULT',
  'MUSIC',
  'NUM-0',
  'NUM-1',
  'NUM-2',
  /** 两, the form of two before a measure word. */
  'NUM-2L',
  'NUM-3',
  'NUM-4',
  'NUM-5',
  'NUM-6',
  'NUM-7',
  'NUM-8',
  'NUM-9',
  'NUM-10',
  'NUM-100',
  'NUM-1000',
] as const;

/** What callers of a queue in English hear from the program itself: all of it, or a number would be read in half. */
export const ENGLISH_PROMPTS: readonly string[] = [
  ...['QUE-02', 'QUE-03a', 'QUE-03b', 'FUL-01'],
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19].map((n) => `NUM-${n}`),
  ...[20, 30, 40, 50, 60, 70, 80, 90, 100, 1_000].map((n) => `NUM-${n}`),
];

export const MUSIC_PROMPT = 'MUSIC';
export const APOLOGY_PROMPT = 'APO-01';
