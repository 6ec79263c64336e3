import { type Static, Type } from 'typebox';
import {
  type Account,
  addAccount,
  addSeat,
  changePassword,
  changeSeat,
  changeSipPassword,
  dropSeat,
  findAccount,
  listAccounts,
  lockUser,
  rolesConflict,
  servedTwice,
  setDisabled,
  setRights,
} from '../../store/accounts.ts';
import { makePassword } from '../../store/passwords.ts';
import type { Role } from '../../store/schema.ts';
import { listTeams } from '../../store/teams.ts';
import { dropTotp } from '../../store/totp.ts';
import { personOf } from '../access.ts';
import {
  PasswordBody,
  PasswordMadeShape,
  SkillsShape,
  UserBody,
  UserChangeBody,
  UserMadeShape,
  UserParams,
  UserShape,
  UsersShape,
} from '../account-shapes.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';

const ADMIN = ['admin'] as const;
type Change = Static<typeof UserChangeBody>;

/** Accounts and seats. A running core heeds every change at once: the store announces it. */
export function addUserRoutes(app: Api, options: ApiOptions): void {
  const { db } = options;
  app.get(
    '/api/v1/users',
    { config: { access: ['admin', 'auditor'] }, schema: { response: { 200: UsersShape } } },
    async () => ({ users: (await listAccounts(db)).map(accountView) }),
  );

  app.post(
    '/api/v1/users',
    { config: { access: ADMIN, audit: 'now' }, schema: { body: UserBody, response: { 201: UserMadeShape } } },
    async (request, reply) => {
      const { user, roles, team, seat } = request.body;
      request.deed = { target: user, detail: JSON.stringify({ roles, team, seat: seat?.number }) };
      await checkWish(options, request.body);
      const password = request.body.password ?? makePassword();
      const sipPassword = makePassword();
      const added = await addAccount(db, {
        user,
        password,
        roles,
        atMs: Date.now(),
        ...(team === undefined ? {} : { team }),
        ...(seat === undefined ? {} : { seat: { digest: 'md5', ...seat, sipPassword } }),
      });
      if (!added) throw new ApiError('USER_TAKEN');
      return reply.code(201).send({
        user,
        roles,
        ...(request.body.password === undefined ? { password } : {}),
        ...(seat ? { sipPassword } : {}),
      });
    },
  );

  app.patch(
    '/api/v1/users/:user',
    {
      config: { access: ADMIN, audit: 'now' },
      schema: { params: UserParams, body: UserChangeBody, response: { 200: UserShape } },
    },
    async (request) => {
      const { user } = request.params;
      const change = request.body;
      request.deed = { target: user, detail: JSON.stringify(change) };
      const account = await accountBefore(options, user);
      const isOwn = personOf(request).user === user;
      const { roles, disabled, mayReveal, mayPlay } = change;
      if (isOwn && [roles, disabled, mayReveal, mayPlay].some((each) => each !== undefined))
        throw new ApiError('OWN_ACCOUNT');
      await checkWish(options, change);
      const sipPassword = await applySeat(options, account, change.seat);
      await applyChange(options, user, change);
      const after = await findAccount(db, user);
      if (after === undefined) throw new ApiError('USER_UNKNOWN');
      return { ...accountView(after), ...(sipPassword === undefined ? {} : { sipPassword }) };
    },
  );

  addPasswordRoutes(app, options);
  addSkillRoute(app, options);
}

/** What seats may be given. */
function addSkillRoute(app: Api, { core }: ApiOptions): void {
  app.get(
    '/api/v1/skills',
    { config: { access: ['admin', 'auditor'] }, schema: { response: { 200: SkillsShape } } },
    async () => ({ skills: [...core.skills()] }),
  );
}

function addPasswordRoutes(app: Api, { db }: ApiOptions): void {
  app.post(
    '/api/v1/users/:user/password',
    {
      config: { access: ADMIN, audit: 'now' },
      schema: {
        description: 'Ends all sessions of the user.',
        params: UserParams,
        body: PasswordBody,
        response: { 200: PasswordMadeShape },
      },
    },
    async (request) => {
      const password = request.body.password ?? makePassword();
      if (!(await changePassword(db, request.params.user, password))) throw new ApiError('USER_UNKNOWN');
      return request.body.password === undefined ? { password } : {};
    },
  );

  app.post(
    '/api/v1/users/:user/seat/password',
    {
      config: { access: ADMIN, audit: 'now' },
      schema: {
        description: 'A new password for the phone of the seat.',
        params: UserParams,
        body: Type.Object({}, { additionalProperties: false }),
        response: { 200: PasswordMadeShape },
      },
    },
    async (request) => {
      const password = makePassword();
      if (!(await changeSipPassword(db, request.params.user, password))) throw new ApiError('NO_SEAT');
      return { password };
    },
  );
}

async function accountBefore({ db }: ApiOptions, user: string): Promise<Account> {
  const account = await findAccount(db, user);
  if (account === undefined) throw new ApiError('USER_UNKNOWN');
  return account;
}

interface Wish {
  readonly roles?: readonly Role[];
  readonly team?: string | null;
  readonly seat?: {
    readonly site?: string | null;
    readonly home?: string | null;
    readonly profile?: readonly { readonly queue: string }[] | null;
    readonly skills?: Readonly<Record<string, number>>;
  } | null;
}

/** What is wished for must exist. @throws ApiError; nothing has been changed by then. */
async function checkWish({ db, core }: ApiOptions, { roles, team, seat }: Wish): Promise<void> {
  if (roles !== undefined && rolesConflict(roles)) throw new ApiError('ROLES_CONFLICT');
  if (team && !(await listTeams(db)).some((each) => each.team === team)) throw new ApiError('TEAM_UNKNOWN');
  if (!seat) return;
  checkSkills(core, seat.skills ?? {});
  const twice = servedTwice(seat.profile ?? []);
  if (twice !== undefined) {
    const detail = {
      zh: `seat.profile 中队列 ${twice} 写了两次。`,
      en: `seat.profile names the queue ${twice} twice.`,
    };
    throw new ApiError('REQUEST_INVALID', { detail });
  }
  const sites = core.sites().map(({ site }) => site);
  if (seat.site && !sites.includes(seat.site)) throw new ApiError('SITE_UNKNOWN');
  const queues = new Set(core.queues().flatMap(({ queue, gone }) => (gone ? [] : queue)));
  for (const queue of [...(seat.home ? [seat.home] : []), ...(seat.profile ?? []).map((entry) => entry.queue)])
    if (!queues.has(queue)) throw new ApiError('QUEUE_UNKNOWN', { detail: queue });
}

/** As in the city's file: nobody would ever be asked for a skill that no queue and no plan names. */
function checkSkills(core: ApiOptions['core'], skills: Readonly<Record<string, number>>): void {
  const known = core.skills();
  const unknown = Object.keys(skills).find((skill) => known.length > 0 && !known.includes(skill));
  if (unknown !== undefined) throw new ApiError('SKILL_UNKNOWN', { detail: unknown });
}

/** @returns the password of a phone that is new. */
async function applySeat({ db }: ApiOptions, account: Account, seat: Change['seat']): Promise<string | undefined> {
  const { user } = account;
  if (seat === undefined) return undefined;
  if (seat === null) return void (await dropSeat(db, user));
  const { sipUser, digest = 'md5', ...change } = seat;
  if (account.seat !== null) {
    if (sipUser !== undefined || seat.digest !== undefined) throw new ApiError('SEAT_STANDS');
    const changed = await changeSeat(db, user, change);
    if (changed === 'taken') throw new ApiError('USER_TAKEN');
    return undefined;
  }
  const { number, skills, site, home, profile, slots } = change;
  if (number === undefined || skills === undefined) throw new ApiError('NO_SEAT');
  const sipPassword = makePassword();
  const added = await addSeat(db, user, {
    number,
    sipUser: sipUser ?? number,
    digest,
    skills,
    sipPassword,
    ...(site ? { site } : {}),
    ...(home ? { home } : {}),
    ...(profile ? { profile } : {}),
    ...(slots ? { slots } : {}),
  });
  if (added === 'taken') throw new ApiError('USER_TAKEN');
  return sipPassword;
}

async function applyChange({ db }: ApiOptions, user: string, change: Change): Promise<void> {
  const { roles, team, mayReveal, mayPlay, disabled, locked, secondFactor } = change;
  await setRights(db, user, { roles, team, mayReveal, mayPlay });
  if (locked === false) await lockUser(db, user, null);
  if (secondFactor === false) await dropTotp(db, user);
  if (disabled !== undefined) await setDisabled(db, user, disabled);
}

function accountView(account: Account) {
  const { seat, roles } = account;
  return {
    ...account,
    roles: [...roles],
    seat: seat && {
      ...seat,
      skills: { ...seat.skills },
      profile: seat.profile?.map((entry) => ({ ...entry })) ?? null,
      slots: seat.slots && { ...seat.slots },
    },
  };
}
