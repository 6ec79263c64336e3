// Chengdu's surge day, 61,154 calls, drawn and played to the last record, several times in one process that does nothing else: what
// somebody waits for who asks for it (`minhu simulate`), the first time included. Tells the milliseconds of each as JSON.
import { join } from 'node:path';
import { loadCity } from '../../dist/city/load.js';
import { cityDay } from '../../dist/cli/simulate/city-day.js';
import { readDayFile } from '../../dist/cli/simulate/day-file.js';
import { playDay } from '../../dist/sim/simulate.js';

const root = join(import.meta.dirname, '../..');
const { city } = loadCity(join(root, 'dialplans'));
const { day } = readDayFile(join(root, 'dialplans/days/surge.yaml'), city.settings);
const times = Array.from({ length: Number(process.argv[2] ?? 5) }, () => {
  const startMs = performance.now();
  playDay(cityDay(city.settings, day, 7));
  return performance.now() - startMs;
});
process.stdout.write(`${JSON.stringify(times)}\n`);
