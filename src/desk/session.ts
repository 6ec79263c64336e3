import { reactive } from 'vue';
import type { Rights } from '../api/live/messages.ts';
import { Away, ask } from './request.ts';
import { seated } from './work/seated.ts';

export interface Person extends Rights {
  readonly user: string;
  readonly seat: { readonly agent: string; readonly number: string; readonly sipUser: string } | null;
}

/** As long as a caller is kept for a page that is lost (rule T8). */
const AWAY_MS_MAX = 30_000;
const AGAIN_MS = 1_000;
const RIGHTS_TRIES_MAX = 10;

let asking: Promise<void> | undefined;
/** Counts what was heard of rights: only the newest is asked about, or an answer that comes late would undo it. */
let heard = 0;
/** A deed is under way that ends this session and begins the next. */
let renewing = false;
/** It was told meanwhile that the session is over. */
let isOver = false;

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
    heard += 1;
    session.person = await ask<Person>('/me');
    asking = Promise.resolve();
  },

  /** If whoever sits here may do other things than the page knows, it asks. Again while the server is away. */
  async heedRights(rights: Rights): Promise<void> {
    heard += 1;
    const turn = heard;
    if (session.person === undefined || isAlike(session.person, rights)) return;
    for (let tries = 0; tries < RIGHTS_TRIES_MAX; tries += 1) {
      const person = await ask<Person>('/me').catch(() => undefined);
      if (turn !== heard || session.person === undefined) return;
      if (person?.user === session.person.user) session.person = person;
      if (person !== undefined) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      if (turn !== heard) return;
    }
  },

  async signOut(): Promise<void> {
    await ask('/logout', { method: 'POST' });
    session.over();
  },

  /** Once it is done the page begins anew. The server tells of the end of a session sooner than of the next: it counts only if the deed fails. */
  async renew(deed: () => Promise<unknown>): Promise<void> {
    [renewing, isOver] = [true, false];
    try {
      await deed();
    } catch (error) {
      renewing = false;
      if (isOver) session.over();
      throw error;
    }
    location.reload();
  },

  over(): void {
    isOver = true;
    if (renewing) return;
    session.person = undefined;
    asking = undefined;
  },
});

function isAlike(one: Rights, other: Rights): boolean {
  const spelled = ({ roles, team, mayReveal, mayPlay }: Rights): string =>
    JSON.stringify([[...roles].sort(), team, mayReveal, mayPlay]);
  return spelled(one) === spelled(other);
}

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
