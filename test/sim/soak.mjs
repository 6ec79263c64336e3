// Lives drawn days with kills of core, link and switch for as long as is asked: npm run soak [-- --minutes 60] [--from SEED]
// A day that breaks a law is printed in words; SEED=… npm run unit test/sim/rough.test.ts lives it again. Ends with "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const built = spawnSync(process.execPath, [join(root, 'src/start.mjs'), '--build-only'], { stdio: ['ignore', 2, 2] });
if (built.status !== 0) process.exit(1);
const { drawScenario } = await import('../../dist/sim/rough/draw-scenario.js');
const { live } = await import('../../dist/sim/rough/world.js');

const endMs = performance.now() + number('--minutes', 10) * 60_000;
const told = { days: 0, entries: 0, kills: 0, calls: 0, failed: 0 };
let toldAtMs = performance.now();
for (let seed = number('--from', 1_000); performance.now() < endMs; seed++) {
  try {
    const { entries, kills, accounts } = await live(drawScenario(seed));
    told.entries += entries;
    told.kills += kills;
    told.calls += accounts.length;
  } catch (error) {
    told.failed += 1;
    process.stdout.write(`day ${seed}: ${error.message}\n`);
  }
  told.days += 1;
  if (performance.now() - toldAtMs > 10_000) {
    toldAtMs = performance.now();
    process.stdout.write(`${JSON.stringify(told)}\n`);
  }
}
process.stdout.write(`${JSON.stringify(told)}\n${told.days - told.failed} passed, ${told.failed} failed\n`);
process.exitCode = told.failed === 0 && told.days > 0 ? 0 : 1;

function number(option, otherwise) {
  const at = process.argv.indexOf(option);
  return at === -1 ? otherwise : Number(process.argv[at + 1]);
}
