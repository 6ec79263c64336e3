import { stepsBegunMs, stepsOf } from './plan-steps.ts';
import type { Settings } from './settings.ts';
import type { Contact, Wait } from './state.ts';

/** Q11, Q17: a wait whose plan has other steps by the rules of now begins at the first of them; what those before had counted as waited goes. */
export function beginsChangedPlans(before: Settings | null, now: Settings): (contact: Contact) => void {
  const changed = new Map<string, boolean>();
  const isChanged = ({ queue, plan }: Wait): boolean => {
    const key = JSON.stringify([queue, plan]);
    const known = changed.get(key);
    if (known !== undefined) return known;
    const found = JSON.stringify(stepsOf(before, queue, plan)) !== JSON.stringify(stepsOf(now, queue, plan));
    changed.set(key, found);
    return found;
  };
  return (contact) => {
    const { stage } = contact;
    if (!('wait' in stage) || !isChanged(stage.wait)) return;
    const { queue, plan, step, headStartMs } = stage.wait;
    const begunMs = stepsBegunMs(stepsOf(before, queue, plan), step);
    contact.stage = { ...stage, wait: { ...stage.wait, step: -1, headStartMs: headStartMs - begunMs } };
  };
}
