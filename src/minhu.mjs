#!/usr/bin/env node
// Stands there before anything is built: npx links a command once and for all, and one whose file is not there yet never.
import { existsSync } from 'node:fs';

const built = new URL('../dist/cli.js', import.meta.url);
if (existsSync(built)) {
  await import(built.href);
} else {
  process.stderr.write(
    '尚未编译，请先运行 npm start 或 npm run build / not built yet: run npm start or npm run build first\n',
  );
  process.exitCode = 1;
}
