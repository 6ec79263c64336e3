import type { Static } from 'typebox';
import { Value } from 'typebox/value';
import { UserChangeBody } from '../../api/account-shapes.ts';
import { changeSeat, findAccount, rolesConflict, servedTwice, setRights } from '../../store/accounts.ts';
import { appendAudit } from '../../store/audit.ts';
import type { Db } from '../../store/store.ts';
import { listTeams } from '../../store/teams.ts';

/** As the API's body has it. */
export type UserChange = Static<typeof UserChangeBody>;

/** Means "none": the rule for those who say nothing. */
const NONE = 'none';

interface ChangeValues {
  readonly roles?: string;
  readonly team?: string;
  readonly number?: string;
  readonly skills?: string;
  readonly site?: string;
  readonly home?: string;
  readonly serves?: string;
  /** `yes` or `no`. */
  readonly 'may-reveal'?: string;
  readonly 'may-play'?: string;
}

/** `personal=3,enterprise=1`. */
export function readSkills(text: string): Record<string, number> {
  return Object.fromEntries(text.split(',').map((skill) => [skill.split('=')[0] ?? '', Number(skill.split('=')[1])]));
}

/** Undefined when the words make no sense. */
export function readChange(values: ChangeValues): UserChange | undefined {
  const orNone = (text: string) => (text === NONE ? null : text);
  const { roles, team, number, skills, site, home, serves } = values;
  const seat = {
    ...(number === undefined ? {} : { number }),
    ...(skills === undefined ? {} : { skills: readSkills(skills) }),
    ...(site === undefined ? {} : { site: orNone(site) }),
    ...(home === undefined ? {} : { home: orNone(home) }),
    ...(serves === undefined ? {} : { profile: serves === NONE ? null : serves.split(',').map(readServed) }),
  };
  const change = {
    ...(roles === undefined ? {} : { roles: roles.split(',') }),
    ...(team === undefined ? {} : { team: orNone(team) }),
    ...grant('mayReveal', values['may-reveal']),
    ...grant('mayPlay', values['may-play']),
    ...(Object.keys(seat).length === 0 ? {} : { seat }),
  };
  return Value.Check(UserChangeBody, change) ? change : undefined;
}

/** What is neither `yes` nor `no` shows as what it is. */
function grant(name: string, text: string | undefined): object {
  return text === undefined ? {} : { [name]: text === 'yes' ? true : text === 'no' ? false : text };
}

/** `enterprise=2@25s`: from a wait of 25 s on, second. */
function readServed(text: string): object {
  const [, queue, rank, delayS = '0'] = /^([^=]+)=(\d)(?:@(\d{1,3})s)?$/.exec(text) ?? [];
  return { queue, rank: Number(rank), delayMs: Number(delayS) * 1_000 };
}

/** @returns what is wrong, in words; undefined when it is done. */
export async function changeUser(db: Db, user: string, change: UserChange): Promise<string | undefined> {
  const { roles, team, mayReveal, mayPlay, seat } = change;
  if ((await findAccount(db, user)) === undefined) return '没有这个账号 / there is no such user';
  if (roles !== undefined && rolesConflict(roles))
    return '不能既是管理员又是审计员 / nobody is admin and auditor at once';
  if (team && !(await listTeams(db)).some((each) => each.team === team))
    return `没有班组 ${team} / there is no team ${team}`;
  const twice = servedTwice(seat?.profile ?? []);
  if (twice !== undefined) return `队列 ${twice} 写了两次 / the queue ${twice} stands twice`;
  const done = seat === undefined || seat === null ? 'done' : await changeSeat(db, user, seat);
  if (done === 'none') return '该账号没有座席 / the account has no seat';
  if (done === 'taken') return '工号已被使用 / the number is taken';
  await setRights(db, user, { roles, team, mayReveal, mayPlay });
  return undefined;
}

/** What was done on the command line stands in the same trail as what was done over HTTP. */
export async function audit(
  db: Db,
  deed: {
    readonly who: string;
    readonly source: string;
    readonly verb: string;
    readonly user: string;
    readonly done: boolean;
    readonly detail?: string;
  },
): Promise<void> {
  const { who, source, verb, user, done, detail = '' } = deed;
  const outcome = done ? { status: 200, code: '' } : { status: 409, code: 'NOT_DONE' };
  await appendAudit(db, [
    { atMs: Date.now(), who, via: 'cli', source, action: `user ${verb}`, target: user, ...outcome, detail },
  ]);
}
