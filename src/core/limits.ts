/** Limits and times that are rules of the house rather than of a city. RULES.md names the rule behind each. */

export const CONTACTS_MAX = 20_000;
export const FROM_CHARS_MAX = 32;
export const NAME_CHARS_MAX = 64;
export const REASON_CHARS_MAX = 40;
export const NOTE_CHARS_MAX = 500;
export const FLOW_STEPS_MAX = 100;
export const MENU_AGAIN_MAX = 3;
export const RING_DEVICES_MAX = 8;
export const DEVICES_PER_SEAT_MAX = 16;
export const SEATS_MAX = 20_000;
export const EXCLUDED_MAX = 64;
/** C1. More than a megacity's callers in a day. */
export const CALLERS_MAX = 60_000;
export const CANDIDATES_MAX = 20;

/** A2. The switch itself apologises after a minute. */
export const RULES_WAIT_MS = 55_000;
export const ANSWER_MS_MAX = 15_000;
/** F6. Longer than any prompt. */
export const PROMPT_MS_MAX = 180_000;
export const BRIDGE_MS_MAX = 5_000;
export const REJOIN_MS = 2_000;
export const REJOINS_MAX = 5;
/** Y2. */
export const CALL_OUT_RING_MS = 20_000;
/** T8, where the queue says nothing. */
export const RETURN_MS = 30_000;
/** T9. */
export const RING_AGAIN_MS = 2_000;
/** S10. */
export const RETURN_SPARE_MS = 5_000;
/** L2. */
export const LEG_END_MS_MAX = 10_000;
export const RECORDING_END_MS_MAX = 5_000;
/** O3, O4, O5, O6. */
export const DECLINE_PAUSE_MS = 5_000;
export const NO_ANSWER_PAUSE_MS = 10_000;
export const EXCLUDED_MS = 60_000;
export const EXCLUDED_MS_MAX = 300_000;
export const MISSES_MAX = 3;
/** W6. */
export const DESK_ASIDE_MS = 600_000;
/** Q19, Q20. */
export const ESTIMATE_SAMPLES = 64;
export const ESTIMATE_SAMPLES_MIN = 10;
export const ESTIMATE_MS_MIN = 60_000;
export const ESTIMATE_MS_MAX = 600_000;
/** Q21. Longer than the place with its minutes and the offer of a call-back take. */
export const PLACE_SPEECH_MS = 15_000;
/** Q8: from a key of K2 or K3 to the next announcement. */
export const KEY_QUIET_MS = 20_000;
/** B1. As many as callers are remembered. */
export const MISSED_MAX = 60_000;
/** B3: so long before its due time a call-back counts as having waited for nothing: Q16 then brings it first in time. */
export const MISSED_AGE_MS = 600_000;
/** K8. */
export const DEFLECT_WAIT_MS = 5_000;
/** K3, K5. */
export const CALL_BACK_DIGITS_MAX = 20;
export const CALL_BACK_WRONG_MAX = 1;
export const DIAL_SPARE_MS = 5_000;
/** T7. */
export const RATING_WRONG_MAX = 1;
/** W1. Beside the calls, so that neither takes the other's place. */
export const CONVERSATIONS_MAX = 10_000;
export const KEY_CHARS_MAX = 128;
/** W19. */
export const CLOSED_CONVERSATIONS_MAX = 20_000;
export const HEAD_START_MS_MAX = 3_600_000;
/** W2. */
export const SLOTS_MAX = 20;
/** W4. */
export const LOAD_MS = 86_400_000;
/** W6, W9, where the city says nothing. */
export const DIGITAL_OFFER_MS = 30_000;
export const DIGITAL_WAITING_MAX = 1_000;
/** W18: after a start, for what was written meanwhile. */
export const IDLE_SPARE_MS = 60_000;
/** V2, V5. */
export const SUPERVISOR_RING_MS = 30_000;
export const SECOND_PERSON_MS_MAX = 120_000;
/** Q16. */
export const CLASS_BOUND_MS = 600_000;
/** S8. */
export const CALL_BACK_MS = 600_000;
/** C1, C2. */
export const LAST_AGENT_MS = 86_400_000;
export const GAVE_UP_MS = 1_800_000;
