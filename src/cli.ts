#!/usr/bin/env node
import type { CliCommand } from './cli/command.ts';

/** `minhu NAME …`: each command is one file of `src/cli/`, loaded only when it is asked for. */
const COMMANDS: Readonly<Record<string, () => Promise<{ readonly command: CliCommand }>>> = {
  serve: () => import('./cli/serve.ts'),
  explain: () => import('./cli/explain.ts'),
  replay: () => import('./cli/replay.ts'),
  call: () => import('./cli/call.ts'),
  seat: () => import('./cli/seat.ts'),
  user: () => import('./cli/user.ts'),
  prompts: () => import('./cli/prompts.ts'),
  doctor: () => import('./cli/doctor.ts'),
  due: () => import('./cli/due.ts'),
  channel: () => import('./cli/channel.ts'),
  simulate: () => import('./cli/simulate.ts'),
  bench: () => import('./cli/bench.ts'),
};

// Who reads has seen enough (`| head`): the command goes on to its end, so that what it started is stopped, and says nothing.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const [name, ...args] = process.argv.slice(2);
process.exitCode = await main(name, args);

async function main(name: string | undefined, args: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === 'help') {
    process.stdout.write(await overview());
    return name === undefined ? 2 : 0;
  }
  const load = COMMANDS[name];
  if (load === undefined) {
    process.stderr.write(`没有“${name}”这个命令 / there is no command “${name}”\n\n${await overview()}`);
    return 2;
  }
  const { command } = await load();
  if (args.includes('--help')) {
    process.stdout.write(`${command.help}\n`);
    return 0;
  }
  return command.run(args);
}

async function overview(): Promise<string> {
  const lines = ['minhu COMMAND [options]     --help after any command tells more', ''];
  for (const [name, load] of Object.entries(COMMANDS)) {
    lines.push(`  ${name.padEnd(10)} ${(await load()).command.summary}`);
  }
  return `${lines.join('\n')}\n`;
}
