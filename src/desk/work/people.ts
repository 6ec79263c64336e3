import { ElMessage } from 'element-plus';
import { computed, reactive } from 'vue';
import { words } from '../language/words.ts';
import { lastAsked } from '../last-asked.ts';
import { ask, Refused } from '../request.ts';
import { session } from '../session.ts';

export interface Serving {
  readonly queue: string;
  readonly rank: number;
  readonly delayMs: number;
}

export interface Seat {
  readonly number: string;
  readonly sipUser: string;
  readonly digest: 'md5' | 'sha256';
  readonly skills: Readonly<Record<string, number>>;
  readonly site: string | null;
  readonly home: string | null;
  readonly profile: readonly Serving[] | null;
  readonly slots: { readonly chat?: number; readonly mail?: number } | null;
}

export interface Account {
  readonly user: string;
  readonly roles: readonly string[];
  readonly team: string | null;
  readonly disabled: boolean;
  readonly mayReveal: boolean;
  readonly mayPlay: boolean;
  readonly createdAtMs: number;
  readonly lockedUntilMs: number | null;
  readonly secondFactor: boolean;
  readonly seat: Seat | null;
}

export interface Team {
  readonly team: string;
  readonly title: string;
  readonly members: number;
}

/** A password that was made just now: shown until it is closed, and kept nowhere. */
export interface Secret {
  readonly what: 'password' | 'sipPassword' | 'token';
  readonly of: string;
  readonly text: string;
}

/** Who there is and what they may be given, as the server last said. */
export const people = reactive({
  accounts: undefined as readonly Account[] | undefined,
  teams: [] as readonly Team[],
  skills: [] as readonly string[],
  queues: [] as readonly string[],
  sites: [] as readonly { readonly site: string; readonly name: string }[],
  failed: false,
  secrets: [] as readonly Secret[],
});

/** Everybody else who comes here only looks. */
export const mayChange = computed(() => session.person?.roles.includes('admin') === true);

const asks = lastAsked();

export async function loadPeople(): Promise<void> {
  const isLast = asks();
  try {
    const [{ users }, { teams }, { skills }] = await Promise.all([
      ask<{ users: readonly Account[] }>('/users'),
      ask<{ teams: readonly Team[] }>('/teams'),
      ask<{ skills: readonly string[] }>('/skills'),
    ]);
    if (isLast()) Object.assign(people, { accounts: users, teams, skills, failed: false });
  } catch {
    if (isLast()) people.failed = true;
  }
}

/** What an admin chooses from. */
export async function loadPlaces(): Promise<void> {
  if (!mayChange.value) return;
  const [{ sites }, { queues }] = await Promise.all([
    ask<{ sites: { site: string; name: string }[] }>('/sites'),
    ask<{ queues: { queue: string; gone?: true }[] }>('/queues'),
  ]);
  Object.assign(people, { sites, queues: queues.flatMap(({ queue, gone }) => (gone ? [] : queue)) });
}

/** What is being asked for now. */
const asked = new Set<string>();

/** Does it, says so or why not, and looks again; a double click is one wish. @returns the answer; undefined: it was not done. */
export async function change<Answer>(
  way: string,
  method: 'POST' | 'PATCH' | 'PUT' | 'DELETE',
  body?: unknown,
): Promise<Answer | undefined> {
  const { errors, people: said } = words.value;
  const wish = `${method} ${way} ${JSON.stringify(body)}`;
  if (asked.has(wish)) return undefined;
  asked.add(wish);
  try {
    const answer = await ask<Answer>(way, { method, ...(body === undefined ? {} : { body }) });
    ElMessage.success(said.done);
    await loadPeople();
    return answer;
  } catch (error) {
    ElMessage.error(error instanceof Refused ? errors.other(error.message) : errors.away);
    return undefined;
  } finally {
    asked.delete(wish);
  }
}

/** Shows what was made, once. */
export function showSecrets(of: string, made: Partial<Record<Secret['what'], string>>): void {
  const found = (['password', 'sipPassword', 'token'] as const).flatMap((what) => {
    const text = made[what];
    return text === undefined ? [] : [{ what, of, text }];
  });
  people.secrets = [...people.secrets, ...found];
}
