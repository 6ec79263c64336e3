import type { Decision } from './decision.ts';
import { queueOf } from './queue-of.ts';
import { freshenIdle } from './seat.ts';
import { countWait, levelDueMs, weighLevel } from './service-level.ts';
import { setDeadline } from './standing.ts';
import type { ServiceLevel } from './state.ts';

/** Q15: a wait of a queue with a floor has ended. */
export function countAnswer(d: Decision, queue: string, inTime: boolean): void {
  const level: ServiceLevel = d.state.levels.get(queue) ?? { slots: [], kept: true };
  d.state.levels.set(queue, level);
  countWait(level, d.state.nowMs, inTime);
  weigh(d, queue, level);
}

/** Q15: answers have become too old to count. */
export function weighAgain(d: Decision, queue: string): void {
  const level = d.state.levels.get(queue);
  if (level === undefined) return setDeadline(d.state, 'level', queue, null);
  weigh(d, queue, level);
}

/** Q15: by the floors of new rules. */
export function weighFloors(d: Decision): void {
  for (const [queue, level] of d.state.levels) weigh(d, queue, level);
}

function weigh(d: Decision, queue: string, level: ServiceLevel): void {
  const wasKept = level.kept;
  weighLevel(level, d.state.nowMs, queueOf(d.state, queue));
  setDeadline(d.state, 'level', queue, levelDueMs(level));
  if (wasKept || !level.kept) return;
  for (const kind of d.state.standing.kinds.values()) {
    if (kind.home === queue) freshenIdle(d.state.standing, kind);
  }
}
