import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { CliCommand } from './command.ts';
import { complain } from './phone/print.ts';

const BENCH = join(import.meta.dirname, '../../test/bench/all.mjs');

const HELP = `minhu bench [--json] [--short] [--prefix FOLDER]

How fast decisions are made and phones ring on this machine, every figure with its spread; what npm run bench prints.
在本机测量派单与振铃有多快，每个数字都附带波动范围；与 npm run bench 相同。

  --json     one object a line: {name, value, unit, spread} 每行一个对象
  --short    fewer calls on the wire 线路上的通话较少
  --prefix   a FreeSWITCH installed under FOLDER is measured beside it 与该目录下的 FreeSWITCH 并排测量

What the figures mean and how to repeat them: test/bench/README.md. Exit status 2: BENCH_USAGE; 1: BENCH_MISSING, or a
part of it failed.`;

export const command: CliCommand = {
  summary: '性能测量 / how fast it decides and rings on this machine (bench)',
  help: HELP,
  async run(args) {
    try {
      parseArgs({
        args: [...args],
        options: { json: { type: 'boolean' }, short: { type: 'boolean' }, prefix: { type: 'string' } },
      });
    } catch (error) {
      return complain(`BENCH_USAGE: ${(error as Error).message}\n\n${HELP}`, 2);
    }
    if (!existsSync(BENCH)) {
      return complain('BENCH_MISSING: 测量程序只在源码目录中 / the benchmarks are in the project’s own folder only', 1);
    }
    const bench = spawn(process.execPath, [BENCH, ...args], { stdio: 'inherit' });
    // Ctrl-C reaches the benchmark too: it ends what it has started, and this waits for it.
    process.once('SIGINT', () => {});
    return new Promise((resolve) => bench.once('exit', (code) => resolve(code ?? 1)));
  },
};
