/** Messages a second that one connection may send, and how many at once: a phone that registers and rings needs a few. */
export const MESSAGES_PER_SECOND = 50;
export const MESSAGES_BURST = 200;

/** A token bucket. */
export interface Rate {
  tokens: number;
  filledAtMs: number;
}

export function fullRate(nowMs: number): Rate {
  return { tokens: MESSAGES_BURST, filledAtMs: nowMs };
}

/** False when this message is one too many. */
export function takeMessageToken(rate: Rate, nowMs: number): boolean {
  const gained = (Math.max(0, nowMs - rate.filledAtMs) / 1000) * MESSAGES_PER_SECOND;
  rate.tokens = Math.min(MESSAGES_BURST, rate.tokens + gained);
  rate.filledAtMs = nowMs;
  if (rate.tokens < 1) return false;
  rate.tokens -= 1;
  return true;
}
