import { CLASS_BOUND_MS, DIGITAL_OFFER_MS, DIGITAL_WAITING_MAX } from './limits.ts';
import { type DigitalMedium, SLOT_NAMES, type Slot, VOICE } from './medium.ts';
import { queueOf } from './queue-of.ts';
import type { MediumSetting } from './settings.ts';
import type { State } from './state.ts';

const USUAL: MediumSetting = {
  offerMs: DIGITAL_OFFER_MS,
  boundMs: CLASS_BOUND_MS,
  wrapUpMs: 0,
  waitingMax: DIGITAL_WAITING_MAX,
};

export function mediumRules(state: State, medium: DigitalMedium): MediumSetting {
  return state.settings?.slots?.media[medium] ?? USUAL;
}

/** Q16: of a call by its queue, of anything else by its medium. */
export function boundMsOf(state: State, queue: string, slot: Slot): number {
  if (slot === VOICE) return queueOf(state, queue)?.boundMs ?? CLASS_BOUND_MS;
  return mediumRules(state, SLOT_NAMES[slot] as DigitalMedium).boundMs;
}
