import { reactive } from 'vue';
import { words } from '../language/words.ts';
import { ask } from '../request.ts';
import { session } from '../session.ts';
import { whyNot } from '../why-not.ts';

interface Proof {
  readonly password: string;
  readonly code: string;
}

/** What the person who sits here does to the own account. */
export const own = reactive({
  busy: false,
  failure: '',
  done: '',
  /** Of the authenticator that is being set up, in base32; empty: none is. */
  secret: '',
  uri: '',
  /** Said once. */
  recoveryCodes: [] as readonly string[],
});

const CHANGED_KEY = 'minhu.passwordChanged';
const FACTOR = '/me/second-factor';

export function forgetOwn(): void {
  Object.assign(own, { busy: false, failure: '', done: '', secret: '', uri: '', recoveryCodes: [] });
}

/** All sessions end, the one of this page, too, which begins again with the one that it is given. */
export async function changePassword(proof: Proof, newPassword: string): Promise<void> {
  const body = { ...bodyOf(proof), newPassword };
  await attempt(() =>
    session.renew(async () => {
      await ask('/me/password', { method: 'POST', body });
      sessionStorage.setItem(CHANGED_KEY, '1');
    }),
  );
}

/** Once, in the page that was loaded again. */
export function tellPasswordChanged(): boolean {
  const isChanged = sessionStorage.getItem(CHANGED_KEY) !== null;
  sessionStorage.removeItem(CHANGED_KEY);
  return isChanged;
}

export async function beginFactor(proof: Proof): Promise<void> {
  await attempt(async () => {
    const { secret, uri } = await ask<{ secret: string; uri: string }>(FACTOR, { method: 'POST', body: bodyOf(proof) });
    Object.assign(own, { secret, uri });
  });
}

export async function confirmFactor(code: string): Promise<void> {
  await attempt(async () => {
    const body = { code: code.trim() };
    const { recoveryCodes } = await ask<{ recoveryCodes: string[] }>(`${FACTOR}/confirm`, { method: 'POST', body });
    Object.assign(own, { secret: '', uri: '', recoveryCodes });
  });
}

export async function dropFactor(proof: Proof): Promise<void> {
  if (await attempt(() => ask(FACTOR, { method: 'DELETE', body: bodyOf(proof) }))) own.done = words.value.own.dropped;
}

function bodyOf({ password, code }: Proof) {
  return { password, ...(code.trim() === '' ? {} : { code: code.trim() }) };
}

/** One at a time. @returns whether it was done; otherwise `failure` says why not. */
async function attempt(deed: () => Promise<unknown>): Promise<boolean> {
  if (own.busy) return false;
  Object.assign(own, { busy: true, failure: '', done: '' });
  try {
    await deed();
    return true;
  } catch (error) {
    own.failure = whyNot(error);
    return false;
  } finally {
    own.busy = false;
  }
}
