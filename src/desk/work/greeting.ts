import { words } from '../language/words.ts';
import { nowMs } from '../live/clock.ts';

/** `{时段}` of a script: how one greets at this hour. */
export function greetingNow(): string {
  const hour = new Date(nowMs.value).getHours();
  const { morning, afternoon, evening } = words.value.scripts;
  return hour < 12 ? morning : hour < 18 ? afternoon : evening;
}
