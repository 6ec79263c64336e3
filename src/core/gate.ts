import type { Kind } from './kind.ts';
import { type Slot, VOICE } from './medium.ts';
import type { State } from './state.ts';

/** Q14, Q15: whether agents of this kind may be offered this queue's contacts now, for what their site and their own queue are like. */
export function gateOpen(state: State, kind: Kind, queue: string, slot: Slot): boolean {
  return siteOpen(state, kind, slot) && !isKeptHome(state, kind, queue);
}

/** Q14: its capacity is of calls. */
export function siteOpen(state: State, { site, siteLoad }: Kind, slot: Slot): boolean {
  if (!siteTakes(state, site)) return false;
  return slot !== VOICE || siteLoad.capacity === undefined || siteLoad.calls < siteLoad.capacity;
}

/** Q11, Q14: not draining, not down; it may be full. */
export function siteTakes({ sites }: State, site: string): boolean {
  return sites.size === 0 || (sites.get(site) ?? 'open') === 'open';
}

/** Q15. */
export function isKeptHome(state: State, kind: Kind, queue: string): boolean {
  return kind.home !== null && kind.home !== queue && state.levels.get(kind.home)?.kept === false;
}
