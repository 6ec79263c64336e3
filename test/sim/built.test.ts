import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadCity } from '../../src/city/load.ts';
import { cityDay } from '../../src/cli/simulate/city-day.ts';
import { readDayFile } from '../../src/cli/simulate/day-file.ts';
import { type Day, playDay, type Watch } from '../../src/sim/simulate.ts';

const BUILT = new URL('../../dist/sim/simulate.js', import.meta.url);

function morning(): Day {
  const loaded = loadCity('dialplans');
  if (!loaded.ok) throw new Error('the city folder is broken');
  const { settings } = loaded.city;
  const read = readDayFile('dialplans/days/surge.yaml', settings);
  if (!read.ok) throw new Error('the day cannot be read');
  const seats = read.day.seats.map((row) => ({ ...row, count: Math.ceil(row.count / 40) }));
  return cityDay(settings, { ...read.day, seats, demand: { ...read.day.demand, calls: 1_500 } }, 7);
}

/** Every entry and all that was decided, in words. */
function told(play: typeof playDay): string[] {
  const entries: string[] = [];
  const watch: Watch = { entry: (event, commands) => entries.push(JSON.stringify([event, commands])) };
  const { figures } = play(morning(), watch);
  return [...entries, JSON.stringify([figures.total, figures.quarters, [...figures.outcomes], [...figures.waitsMs]])];
}

test('[E1] the simulator as it is built decides every entry of a day as its sources do', async () => {
  const built = (await import(BUILT.href)) as { readonly playDay: typeof playDay };
  const [ours, theirs] = [told(playDay), told(built.playDay)];
  expect(ours.length).toBeGreaterThan(10_000);
  expect(theirs).toEqual(ours);
  expect(built.playDay(morning()).figures).toEqual(playDay(morning()).figures);
});

test('the simulator is built into one file, whose functions are constants, for speed (decision 0022)', () => {
  const text = readFileSync(BUILT, 'utf8');
  expect(text).not.toMatch(/^import /m);
  expect(text.match(/^(function|class) |^var \w+ = class/gm)).toBeNull();
  expect(text.match(/^export .*$/gm)).toEqual(['export { playDay };']);
});
