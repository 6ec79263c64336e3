// Every figure, one part after another: npm run bench -- [--json] [--short] [--prefix FOLDER]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    prefix: { type: 'string' },
  },
});
const json = values.json ? ['--json'] : [];
const short = values.short ? ['--short'] : [];
const prefix = values.prefix === undefined ? [] : ['--prefix', values.prefix];

run('core', ...json, ...short);
run('wire', ...json, ...short, ...prefix, ...(values.short ? ['--sizes', '10'] : []));
run('channels', ...json, '--rate', ...(values.short ? ['--messages', '500', '--rounds', '1'] : []));

function run(part, ...args) {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${part}.mjs`), ...args], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
