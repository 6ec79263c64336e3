import { runCore } from './main/core.ts';
import { supervise } from './main/supervise.ts';

// One program, two roles: started plainly it supervises; the supervisor starts it again with `core`.
if (process.argv[2] === 'core') {
  await runCore();
} else {
  // An unwritable log or a half-open connection must not hold back an end that was asked for.
  process.exit(await supervise());
}
