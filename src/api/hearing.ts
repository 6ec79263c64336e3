import type { Role } from '../store/schema.ts';
import type { Person } from '../store/sessions.ts';
import type { Db } from '../store/store.ts';
import { LEADS, reachAs } from './access.ts';

/** Channels guide, rights: for so long an agent hears what was recorded of the own talks. */
const OWN_RECORDING_MS = 7 * 86_400_000;
const HEARERS: readonly Role[] = [...LEADS, 'auditor'];
export const BY_ROLE: readonly Role[] = ['agent', ...HEARERS];
/** When an admin has said so of the account, for a reason each time. */
export const BY_GRANT: readonly Role[] = ['dispatcher'];

/** What somebody hears by the own roles. */
export interface Ear {
  readonly user: string;
  /** Of contacts in which one of these spoke; undefined: of all. */
  readonly agents: readonly string[] | undefined;
  /** Of the own talks alone, and not for ever. */
  readonly ownOnly: boolean;
}

export interface Recorded {
  readonly started_at_ms: number;
  /** Null: it is still running. */
  readonly ended_at_ms: number | null;
}

export interface Spoken {
  readonly agent: string;
  readonly started_at_ms: number;
  readonly ended_at_ms: number | null;
}

/** Whether a person may play a recording now: `reason`: when one is given. */
export type Hearing = 'yes' | 'reason' | 'no';

/** Hears any recording, with a reason. */
export function isGranted({ mayPlay, roles }: Person): boolean {
  return mayPlay === true && roles.some((role) => BY_GRANT.includes(role));
}

/** @returns undefined when no role of the person plays recordings. */
export async function earOf(person: Person, db: Db): Promise<Ear | undefined> {
  const roles = person.roles.filter((role) => BY_ROLE.includes(role));
  if (roles.length === 0) return undefined;
  const agents = await reachAs({ ...person, roles }, db);
  return { user: person.user, agents, ownOnly: !roles.some((role) => HEARERS.includes(role)) };
}

/** `talks`: all of the recording's contact. `old`: it was heard until a while ago. */
export function heardBy(ear: Ear, recording: Recorded, talks: readonly Spoken[]): 'yes' | 'running' | 'old' | 'no' {
  const { user, agents, ownOnly } = ear;
  const { ended_at_ms: endedAtMs } = recording;
  if (agents !== undefined && !talks.some(({ agent }) => agents.includes(agent))) return 'no';
  if (endedAtMs === null) return 'running';
  if (!ownOnly) return 'yes';
  if (!isOwn((recording.started_at_ms + endedAtMs) / 2, talks, user)) return 'no';
  return endedAtMs < Date.now() - OWN_RECORDING_MS ? 'old' : 'yes';
}

/** How this person hears each recording that is shown. */
export async function hearingsOf(
  person: Person,
  db: Db,
): Promise<(recording: Recorded, talks: readonly Spoken[]) => Hearing> {
  const ear = await earOf(person, db);
  const otherwise = isGranted(person) ? 'reason' : 'no';
  return (recording, talks) => {
    if (recording.ended_at_ms === null) return 'no';
    return ear !== undefined && heardBy(ear, recording, talks) === 'yes' ? 'yes' : otherwise;
  };
}

/**
 * A contact that went from hand to hand has a recording of each talk. Its middle tells whose: it begins a little before its talk, and its end
 * is told a little after it.
 */
function isOwn(middleMs: number, talks: readonly Spoken[], user: string): boolean {
  return talks.some(
    ({ agent, started_at_ms, ended_at_ms }) =>
      agent === user && started_at_ms <= middleMs && middleMs <= (ended_at_ms ?? Infinity),
  );
}
