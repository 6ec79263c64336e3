import { supervise } from '../main/supervise.ts';
import type { CliCommand } from './command.ts';

export const command: CliCommand = {
  summary: '启动民呼 / start Minhu (what `npm start` does once everything is built)',
  help: 'minhu serve\n\nStarts PostgreSQL, the switch and the core, and keeps them running until SIGTERM or SIGINT.\nSettings come from the environment; the README lists them.',
  async run() {
    // An unwritable log or a half-open connection must not hold back an end that was asked for.
    process.exit(await supervise());
  },
};
