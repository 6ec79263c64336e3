import { computed, ref, watch } from 'vue';
import { nowMs, serverNow } from '../live/clock.ts';
import { contact } from '../live/live.ts';
import { phone } from '../phone/phone.ts';
import { keptContact } from '../phone/same-call.ts';

/** What the socket and the telephone tell of one call comes a moment apart. */
const APART_MS = 1_000;

/** The call of this seat that is not at this page's telephone, and since when. */
const away = ref<{ readonly contact: string; readonly sinceMs: number }>();
watch(
  () => {
    const { contact: id, phase } = contact.value ?? {};
    return id !== undefined && phase !== 'wrapUp' && phone.line === 'idle' ? id : undefined;
  },
  (id) => {
    away.value = id === undefined ? undefined : { contact: id, sinceMs: serverNow() };
  },
  { immediate: true },
);

/**
 * Where the call of this seat is: at this page or nowhere; coming back to this page, whose telephone had it; or at another page or phone of
 * the same seat.
 */
export const elsewhere = computed((): 'here' | 'returning' | 'elsewhere' => {
  if (away.value === undefined || nowMs.value - away.value.sinceMs < APART_MS) return 'here';
  return keptContact() === away.value.contact ? 'returning' : 'elsewhere';
});
