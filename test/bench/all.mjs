// Every figure, one part after another: npm run bench -- [--json] [--short] [--prefix FOLDER]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

for (const part of ['core', 'wire']) {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${part}.mjs`), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
