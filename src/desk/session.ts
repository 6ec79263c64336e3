import { reactive } from 'vue';
import { ask } from './request.ts';

export interface Person {
  readonly user: string;
  readonly roles: readonly string[];
  readonly team: string | null;
  readonly mayReveal: boolean;
  readonly seat: { readonly agent: string; readonly number: string; readonly sipUser: string } | null;
}

let asking: Promise<void> | undefined;

/** Who sits here. */
export const session = reactive({
  person: undefined as Person | undefined,

  /** Resolves when it is known whether somebody is signed in. Asked once; while the server is away, nobody is. */
  known(): Promise<void> {
    asking ??= ask<Person>('/me').then(
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

  async signOut(): Promise<void> {
    await ask('/logout', { method: 'POST' });
    session.over();
  },

  over(): void {
    session.person = undefined;
    asking = undefined;
  },
});
