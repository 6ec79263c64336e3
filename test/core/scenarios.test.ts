import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { play } from './transcript.ts';

const FOLDER = new URL('./scenarios/', import.meta.url).pathname;

/** Each transcript is played again and must read the same. `UPDATE=1` writes the answers anew: read the difference before it is kept. */
for (const name of readdirSync(FOLDER).sort()) {
  const text = readFileSync(`${FOLDER}${name}`, 'utf8');
  const title = text.split('\n', 1)[0]!.replace(/^# /, '');
  test(title, () => {
    const played = play(text);
    if (process.env['UPDATE'] === '1') writeFileSync(`${FOLDER}${name}`, played);
    else expect(played).toBe(text);
  });
}
