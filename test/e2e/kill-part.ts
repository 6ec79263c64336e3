import { until } from './program.ts';
import type { Stage } from './stage.ts';

/** Kills a part and waits until another process stands in its place. */
export async function killPart(stage: Stage, part: 'core' | 'switch' | 'postgres'): Promise<void> {
  const before = stage.program.run().pids[part];
  process.kill(before, 'SIGKILL');
  await until(
    `another ${part}`,
    () => stage.program.run().pids[part],
    (pid) => pid !== before,
  );
}
