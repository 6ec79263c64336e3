import { reactive } from 'vue';
import { Away, ask } from './request.ts';
import { seated } from './work/seated.ts';

export interface Person {
  readonly user: string;
  readonly roles: readonly string[];
  readonly team: string | null;
  readonly mayReveal: boolean;
  readonly mayPlay: boolean;
  readonly seat: { readonly agent: string; readonly number: string; readonly sipUser: string } | null;
}

/** As long as a caller is kept for a page that is lost (rule T8). */
const AWAY_MS_MAX = 30_000;
const AGAIN_MS = 1_000;
const RIGHTS_TRIES_MAX = 10;

let asking: Promise<void> | undefined;

/** Who sits here. */
export const session = reactive({
  person: undefined as Person | undefined,
  /** It is not known yet, as the server is away. */
  waiting: false,

  /** Resolves when it is known whether somebody is signed in. Asked once; while the server is away nobody is, but in a tab that has its seat. */
  known(): Promise<void> {
    asking ??= whoSits().then(
      (person) => {
        session.person = person;
      },
      () => {
        asking = undefined;
      },
    );
    return asking;
  },

  async signIn(proof: { user: string; password: string; code?: string }): Promise<void> {
    await ask('/login', { method: 'POST', body: proof });
    session.person = await ask<Person>('/me');
    asking = Promise.resolve();
  },

  /** Whoever sits here may do other things than before. Asked again while the server is away. */
  async rightsAgain(): Promise<void> {
    for (let tries = 0; tries < RIGHTS_TRIES_MAX; tries += 1) {
      const person = await ask<Person>('/me').catch(() => undefined);
      if (person !== undefined && person.user === session.person?.user) session.person = person;
      if (person !== undefined || session.person === undefined) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  },

  async signOut(): Promise<void> {
    await ask('/logout', { method: 'POST' });
    session.over();
  },

  over(): void {
    session.person = undefined;
    asking = undefined;
  },
});

/** A tab with its seat may be in a talk: it asks on while the server is away. @throws Refused, Away. */
async function whoSits(): Promise<Person> {
  const endMs = performance.now() + AWAY_MS_MAX;
  try {
    for (;;) {
      try {
        return await ask<Person>('/me');
      } catch (error) {
        if (!(error instanceof Away) || !seated.value || performance.now() > endMs) throw error;
      }
      session.waiting = true;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  } finally {
    session.waiting = false;
  }
}
