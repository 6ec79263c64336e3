import { computed } from 'vue';
import { since, spell } from '../live/clock.ts';
import { liveStatus, staleSinceMs } from '../live/live.ts';
import { phone } from '../phone/phone.ts';

/** Neither the server nor the switch can be reached: nobody here knows whether a talk lasts. */
export const cutOff = computed(
  () => liveStatus.value !== 'open' && (phone.registration === 'lost' || phone.registration === 'refused'),
);

/** What has passed since, as far as it is known. */
export function sinceAsKnown(instantMs: number | undefined): string {
  if (!cutOff.value || staleSinceMs.value === undefined || instantMs === undefined) return since(instantMs);
  return spell(staleSinceMs.value - instantMs);
}
