import type {} from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { findToken, type Scope } from '../store/api-tokens.ts';
import type { Role } from '../store/schema.ts';
import {
  closeSession,
  findSession,
  type Person,
  SESSION_IDLE_MS,
  SESSION_LIFE_MS,
  type Session,
  sessionKey,
  touchSession,
} from '../store/sessions.ts';
import type { Db } from '../store/store.ts';
import { membersOf } from '../store/teams.ts';
import { Bucket } from './chat/bucket.ts';
import { ApiError, isStoreAway } from './errors.ts';
import { KnownSessions } from './known-sessions.ts';

/** Who may use a route: everybody, everybody logged in, or some roles. */
export type Access = 'public' | 'loggedIn' | readonly Role[];

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** A program's token with this scope opens it, too; without one none does. */
    scope?: Scope;
    /** Asked for by machines on their own: it does not keep an idle session alive. */
    idle?: boolean;
  }
  interface FastifyRequest {
    person: Person | null;
    session: Session | null;
    /** Changes of rights that had been heard of when the person was read. */
    changesHeard: number;
  }
  interface FastifyInstance {
    /** Every route there is, with who may use it. */
    routeTable: readonly Route[];
    /** Who ends a session takes it out here, too. */
    knownSessions: KnownSessions;
  }
}

export interface Route {
  readonly method: string;
  readonly url: string;
  readonly access: Access;
  readonly scope: Scope | undefined;
}

export const SESSION_COOKIE = 'minhu_session';

/** Who sees how the call centre is doing; an admin without anything of a citizen. */
export const STAFF: readonly Role[] = ['agent', 'lead', 'dispatcher', 'supervisor', 'admin'];
/** Who leads it. An admin does not: who keeps the accounts hears and sees no citizen (channels guide, rights). */
export const LEADS: readonly Role[] = ['lead', 'supervisor'];
/** Who sees contacts. */
export const READERS: readonly Role[] = ['agent', ...LEADS, 'dispatcher', 'auditor'];
/** Who writes down what came of a contact. */
export const WRITERS: readonly Role[] = ['agent', ...LEADS, 'dispatcher'];

/** A database that takes longer to vouch for a session that it has vouched for before is as good as away. */
const VOUCH_MAX_MS = 1_500;

/** Of all tokens of one account together. */
const TOKEN_REQUESTS = { burst: 600, perS: 50 };

export interface Guard {
  readonly db: Db;
  /** Whether the person is at work now, or would be called: such a session is never idle. */
  readonly atWork: (user: string) => boolean;
}

/** Checks the session and the role before anything of a request's body is read. A route that does not say who may use it is our bug. */
export function guardRoutes(app: FastifyInstance, guard: Guard): void {
  app.decorateRequest('person', null);
  app.decorateRequest('session', null);
  app.decorateRequest('changesHeard', 0);
  const table: Route[] = [];
  const paces = new Map<string, Bucket>();
  app.decorate('routeTable', table);
  app.decorate('knownSessions', new KnownSessions());
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access === undefined) throw new Error(`${method} ${url} does not say who may use it`);
    for (const each of [method].flat()) table.push({ method: each, url, access: config.access, scope: config.scope });
  });
  app.addHook('onRequest', async (request) => {
    const { access = 'public', scope } = request.routeOptions.config;
    if (access === 'public') return;
    const bearer = /^Bearer ([A-Za-z0-9_-]{1,128})$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer === undefined) await admitSession(request, guard);
    else slowDown(paces, await admitToken(request, guard.db, bearer, scope));
    if (access !== 'loggedIn' && !access.some((role) => hasRole(request, role))) throw new ApiError('FORBIDDEN');
  });
}

async function admitSession(request: FastifyRequest, { db, atWork }: Guard): Promise<void> {
  const nowMs = Date.now();
  const { live, knownSessions } = request.server;
  request.changesHeard = live?.changesHeard() ?? 0;
  const token = request.cookies[SESSION_COOKIE];
  const { session, stored } = token ? await heldSession(request, db, token, nowMs) : {};
  if (session === undefined) throw new ApiError('LOGIN_REQUIRED');
  if (nowMs - session.seenAtMs > SESSION_IDLE_MS && !atWork(session.person.user)) {
    knownSessions.forget(session.key);
    await closeSession(db, session.key);
    throw new ApiError('LOGIN_REQUIRED');
  }
  request.session = session;
  request.person = session.person;
  if (request.routeOptions.config.idle === true) return;
  if (stored === undefined) knownSessions.seen(session, nowMs);
  else await touchSession(db, stored, nowMs);
  live?.seen(session.key);
}

/** @returns the session, and what the database says of it; without that while it is away and rights have not changed since it was asked last. */
async function heldSession(
  { server, changesHeard }: FastifyRequest,
  db: Db,
  token: string,
  nowMs: number,
): Promise<{ session?: Session; stored?: Session }> {
  const { live, knownSessions } = server;
  const key = sessionKey(token);
  const { forgotten } = knownSessions;
  // Without the live socket's ear for changes nothing that was read may be used again.
  const known = () => live && knownSessions.find(key, live.changesHeard(), nowMs);
  const asked = findSession(db, token, nowMs);
  const answer = await (known() === undefined ? asked : orLate(asked, VOUCH_MAX_MS)).catch((error: unknown) => {
    if (!isStoreAway(error)) throw error;
    return 'late' as const;
  });
  if (answer === 'late') {
    const session = known();
    if (session === undefined) throw new ApiError('STORE_AWAY', { retryAfterS: 1 });
    return { session };
  }
  if (answer !== undefined && knownSessions.isEnded(key)) {
    await closeEnded(server, db, key);
    return {};
  }
  if (answer !== undefined) return { session: knownSessions.keep(answer, changesHeard, forgotten), stored: answer };
  knownSessions.forget(key);
  return {};
}

/** A session that was ended here ends in the database. */
export async function closeEnded(
  { knownSessions, live }: Pick<FastifyInstance, 'knownSessions' | 'live'>,
  db: Db,
  key: string,
): Promise<void> {
  await closeSession(db, key);
  knownSessions.endKnown(key);
  // Not before: who loses a right with it is looked for in the database.
  live?.endSession(key);
}

/** The answer, or `late` after so long. */
async function orLate<T>(answer: Promise<T>, afterMs: number): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, afterMs, 'late');
  });
  return await Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** @returns whose token it is. */
async function admitToken(request: FastifyRequest, db: Db, token: string, scope: Scope | undefined): Promise<string> {
  const found = await findToken(db, token, Date.now());
  if (found === undefined) throw new ApiError('TOKEN_WRONG');
  request.person = { user: found.user, roles: ['integrator'] };
  if (scope === undefined || !found.scopes.includes(scope)) throw new ApiError('FORBIDDEN');
  return found.user;
}

/** `paces`: as many as there are accounts of programs. */
function slowDown(paces: Map<string, Bucket>, user: string): void {
  const bucket = paces.get(user) ?? new Bucket(TOKEN_REQUESTS);
  paces.set(user, bucket);
  const waitMs = bucket.take(Date.now());
  if (waitMs > 0) throw new ApiError('TOKEN_THROTTLED', { retryAfterS: Math.ceil(waitMs / 1_000) });
}

/** The logged-in person; only for routes that are not public. */
export function personOf(request: FastifyRequest): Person {
  if (!request.person) throw new ApiError('LOGIN_REQUIRED');
  return request.person;
}

/** The session of the request; only for routes that no token opens. */
export function sessionOf(request: FastifyRequest): Session {
  if (!request.session) throw new ApiError('LOGIN_REQUIRED');
  return request.session;
}

export function hasRole(request: FastifyRequest, role: Role): boolean {
  return personOf(request).roles.includes(role);
}

const SEE_ALL: readonly Role[] = ['supervisor', 'dispatcher', 'auditor', 'integrator'];

/**
 * Whose contacts a person has to do with by this route: the own; a lead the team's, or everybody's without a team; undefined: everybody's.
 * A role that does not open the route does not widen it.
 */
export async function reachOf(request: FastifyRequest, db: Db): Promise<readonly string[] | undefined> {
  const { user, roles, team } = personOf(request);
  const { access } = request.routeOptions.config;
  const counting = Array.isArray(access) ? roles.filter((role) => access.includes(role)) : roles;
  return await reachAs({ user, roles: counting, ...(team === undefined ? {} : { team }) }, db);
}

/** As `reachOf`, by all of these roles. */
export async function reachAs({ user, roles, team }: Person, db: Db): Promise<readonly string[] | undefined> {
  if (roles.some((role) => SEE_ALL.includes(role)) || (roles.includes('lead') && team === undefined)) return undefined;
  return roles.includes('lead') && team !== undefined ? [user, ...(await membersOf(db, team))] : [user];
}

/** Nothing of a citizen is shown to who sees the board for its figures alone: an admin, or a program. */
export function seesCitizens(roles: readonly Role[]): boolean {
  return roles.some((role) => READERS.includes(role));
}

export function setSessionCookie(reply: FastifyReply, token: string, secure: boolean): void {
  reply.setCookie(SESSION_COOKIE, token, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure,
    maxAge: SESSION_LIFE_MS / 1_000,
  });
}

export function clearSessionCookie(reply: FastifyReply): void {
  reply.clearCookie(SESSION_COOKIE, { path: '/' });
}
