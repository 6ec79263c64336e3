/** Slows down guessing: after `wrongMax` wrong passwords for a user within a minute, no more is tried for that user. */
export interface Throttle {
  /** @returns 0 when a try may be made (it then counts as wrong until `forgive`), else how many seconds to wait. */
  begin(user: string, nowMs: number): number;
  forgive(user: string): void;
}

export const WRONG_PASSWORDS_MAX = 5;
const WINDOW_MS = 60_000;
/** Users remembered at once. When full, the one longest not seen is forgotten. */
const USERS_MAX = 10_000;

export function createThrottle(): Throttle {
  const triesOf = new Map<string, number[]>();
  return {
    begin(user, nowMs) {
      const tries = (triesOf.get(user) ?? []).filter((atMs) => atMs > nowMs - WINDOW_MS);
      triesOf.delete(user);
      triesOf.set(user, tries);
      if (triesOf.size > USERS_MAX) triesOf.delete(triesOf.keys().next().value ?? user);
      const oldest = tries[tries.length - WRONG_PASSWORDS_MAX];
      if (oldest !== undefined) return Math.max(1, Math.ceil((oldest + WINDOW_MS - nowMs) / 1_000));
      tries.push(nowMs);
      return 0;
    },
    forgive: (user) => void triesOf.delete(user),
  };
}
