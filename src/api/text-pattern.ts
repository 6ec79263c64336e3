const wordsWithout = (control: string): string => `^[^${control}]*[^\\s${control}][^${control}]*$`;
/** None or some words in one line, without control characters. */
export const WRITTEN_LINE = '^[^\\u0000-\\u001f\\u007f-\\u009f]*$';
/** None or some, in as many lines as one likes, tabs among them, and without other control characters. */
export const WRITTEN = '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*$';
/** Some words without control characters: they are shown and kept. */
export const ONE_LINE = wordsWithout('\\u0000-\\u001f\\u007f-\\u009f');
/** The same, in as many lines as one likes. */
export const SOME_LINES = wordsWithout('\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f');
