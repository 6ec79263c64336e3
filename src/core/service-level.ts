import type { QueueSetting } from './settings.ts';
import type { ServiceLevel } from './state.ts';

const SLOT_MS = 10_000;
/** 5 min. */
const SLOTS = 30;

/** Q15: one wait of the queue has ended. Changes `level`. */
export function countWait(level: ServiceLevel, nowMs: number, inTime: boolean): void {
  dropOld(level, nowMs);
  const slot = Math.floor(nowMs / SLOT_MS);
  const last = level.slots.at(-1);
  if (last !== undefined && last[0] === slot) {
    last[1] += inTime ? 1 : 0;
    last[2] += 1;
  } else level.slots.push([slot, inTime ? 1 : 0, 1]);
}

/** Q15: whether the floor is kept now. With nothing counted it is. Changes `level`. */
export function weighLevel(level: ServiceLevel, nowMs: number, queue: QueueSetting | undefined): void {
  dropOld(level, nowMs);
  let within = 0;
  let all = 0;
  for (const [, met, ended] of level.slots) {
    within += met;
    all += ended;
  }
  level.kept = all === 0 || within >= (queue?.floor ?? 0) * all;
}

/** When the floor is looked at again: the oldest answers, good or bad, are too old then. */
export function levelDueMs({ slots }: ServiceLevel): number | null {
  const first = slots[0];
  return first === undefined ? null : (first[0] + SLOTS) * SLOT_MS;
}

function dropOld(level: ServiceLevel, nowMs: number): void {
  const oldest = Math.floor(nowMs / SLOT_MS) - SLOTS + 1;
  while (level.slots.length > 0 && level.slots[0]![0] < oldest) level.slots.shift();
}
