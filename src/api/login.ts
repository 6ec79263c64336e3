import type { FastifyRequest } from 'fastify';
import { findAccount, lockUser } from '../store/accounts.ts';
import { type LoginTry, type Person, tryLogin } from '../store/sessions.ts';
import type { Db } from '../store/store.ts';
import { takeCode } from '../store/totp.ts';
import { ApiError } from './errors.ts';
import { createThrottle } from './throttle.ts';
import { isLoopback, limitNetworks } from './visitors.ts';

/**
 * Wrong passwords of one neighbourhood, whosever: names are tried by the thousand from one place. More than a house full of people mistypes.
 */
const WRONG_BY_NETWORK = { times: 100, withinMs: 600_000 };
/** Each check takes 19 MiB and a thread; more at once would starve the rest. */
const CHECKS_AT_ONCE_MAX = 8;

export interface Proof {
  readonly user: string;
  readonly password: string;
  /** Of the second factor, or a recovery code. */
  readonly code?: string;
}

/** @returns who proved it. @throws ApiError when it is not proved, or too much was tried. */
export type LoginCheck = (request: FastifyRequest, proof: Proof) => Promise<Person>;

/** One for all routes that ask for a password: they share what was tried. */
export function createLoginCheck(db: Db, fieldKey: Buffer | undefined, now: () => number = Date.now): LoginCheck {
  const throttle = createThrottle();
  const wrong = limitNetworks(WRONG_BY_NETWORK);
  /** Names whose lock is being written. */
  const locking = new Set<string>();
  let checks = 0;

  /** A lock that an admin, `minhu user unlock` or a new password has ended holds here no longer. */
  async function heedUnlock(user: string): Promise<void> {
    if (!throttle.isLocked(user, now()) || locking.has(user)) return;
    if ((await findAccount(db, user))?.lockedUntilMs === null) throttle.forgive(user);
  }

  async function compare({ user, password }: Proof): Promise<LoginTry> {
    if (checks >= CHECKS_AT_ONCE_MAX) throw new ApiError('BUSY', { retryAfterS: 1 });
    await heedUnlock(user);
    const waitS = throttle.begin(user, now());
    if (waitS > 0) throw new ApiError('LOGIN_THROTTLED', { retryAfterS: waitS });
    checks += 1;
    try {
      return await tryLogin(db, user, password, now());
    } catch (error) {
      throttle.forgive(user);
      throw error;
    } finally {
      checks -= 1;
    }
  }

  async function fail(request: FastifyRequest, user: string, code: 'LOGIN_WRONG' | 'SECOND_FACTOR_WRONG') {
    wrong.take(request.client, now());
    const lockedUntilMs = throttle.fail(user, now());
    if (lockedUntilMs !== undefined) {
      locking.add(user);
      await lockUser(db, user, lockedUntilMs).finally(() => locking.delete(user));
      request.deed = { ...request.deed, detail: `locked until ${new Date(lockedUntilMs).toISOString()}` };
    }
    return new ApiError(code);
  }

  return async (request, proof) => {
    const { user, code } = proof;
    request.deed = { ...request.deed, target: user };
    const waitS = isLoopback(request.client) ? 0 : wrong.look(request.client, now());
    if (waitS > 0) throw new ApiError('LOGIN_THROTTLED', { retryAfterS: waitS });
    const tried = await compare(proof);
    if (tried.result === 'locked')
      throw new ApiError('LOGIN_THROTTLED', {
        retryAfterS: Math.max(1, Math.ceil((tried.untilMs - now()) / 1_000)),
      });
    if (tried.result === 'wrong') throw await fail(request, user, 'LOGIN_WRONG');
    const { person, totpSecret: secret } = tried;
    if (secret !== null) {
      if (code === undefined) throw new ApiError('SECOND_FACTOR_REQUIRED');
      if (fieldKey === undefined) throw new ApiError('SECOND_FACTOR_UNAVAILABLE');
      if (!(await takeCode(db, fieldKey, { user: person.user, secret, code, nowMs: now() })))
        throw await fail(request, user, 'SECOND_FACTOR_WRONG');
    }
    throttle.forgive(person.user);
    return person;
  };
}
