/**
 * Slows down guessing: after `WRONG_PASSWORDS_MAX` wrong passwords for a user within a minute, no more is tried for that user; after
 * `LOCK_AFTER` in a row, whatever the time between them, none for `LOCK_MS`. Names that are nobody's are treated alike.
 */
export interface Throttle {
  /** @returns 0 when a try may be made (it then counts as wrong until `forgive`), else how many seconds to wait. */
  begin(user: string, nowMs: number): number;
  /** The try was wrong. @returns until when the name is locked by it; undefined: it is not. */
  fail(user: string, nowMs: number): number | undefined;
  isLocked(user: string, nowMs: number): boolean;
  forgive(user: string): void;
}

export const WRONG_PASSWORDS_MAX = 5;
export const LOCK_AFTER = 10;
export const LOCK_MS = 15 * 60_000;
const WINDOW_MS = 60_000;
/** Users remembered at once. When full, the one longest not seen is forgotten. */
const USERS_MAX = 10_000;

interface Tries {
  readonly atMs: readonly number[];
  readonly wrongInARow: number;
  readonly lockedUntilMs: number;
}

const NONE: Tries = { atMs: [], wrongInARow: 0, lockedUntilMs: 0 };

export function createThrottle(): Throttle {
  const triesOf = new Map<string, Tries>();

  function keep(user: string, tries: Tries): void {
    triesOf.delete(user);
    triesOf.set(user, tries);
    if (triesOf.size > USERS_MAX) triesOf.delete(triesOf.keys().next().value ?? user);
  }

  return {
    begin(user, nowMs) {
      const known = triesOf.get(user) ?? NONE;
      const atMs = known.atMs.filter((each) => each > nowMs - WINDOW_MS);
      const oldest = atMs[atMs.length - WRONG_PASSWORDS_MAX];
      const freeAtMs = Math.max(known.lockedUntilMs, oldest === undefined ? 0 : oldest + WINDOW_MS);
      const waits = freeAtMs > nowMs;
      keep(user, { ...known, atMs: waits ? atMs : [...atMs, nowMs] });
      return waits ? Math.max(1, Math.ceil((freeAtMs - nowMs) / 1_000)) : 0;
    },
    fail(user, nowMs) {
      const known = triesOf.get(user) ?? NONE;
      const wrongInARow = known.wrongInARow + 1;
      if (wrongInARow < LOCK_AFTER) return void keep(user, { ...known, wrongInARow });
      const lockedUntilMs = nowMs + LOCK_MS;
      keep(user, { ...known, wrongInARow: 0, lockedUntilMs });
      return lockedUntilMs;
    },
    isLocked: (user, nowMs) => (triesOf.get(user)?.lockedUntilMs ?? 0) > nowMs,
    forgive: (user) => void triesOf.delete(user),
  };
}
