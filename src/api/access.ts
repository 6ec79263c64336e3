import type {} from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Role } from '../store/schema.ts';
import { findSession, type Person, SESSION_LIFE_MS, type Session } from '../store/sessions.ts';
import type { Db } from '../store/store.ts';
import { ApiError } from './errors.ts';

/** Who may use a route: everybody, everybody logged in, or some roles. */
export type Access = 'public' | 'loggedIn' | readonly Role[];

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    person: Person | null;
    session: Session | null;
  }
}

export const SESSION_COOKIE = 'minhu_session';

/** Checks the session and the role before anything of a request's body is read. A route that does not say who may use it is our bug. */
export function guardRoutes(app: FastifyInstance, db: Db): void {
  app.decorateRequest('person', null);
  app.decorateRequest('session', null);
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined) throw new Error(`${route.method} ${route.url} does not say who may use it`);
  });
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access ?? 'public';
    if (access === 'public') return;
    const token = request.cookies[SESSION_COOKIE];
    request.session = token ? ((await findSession(db, token, Date.now())) ?? null) : null;
    request.person = request.session?.person ?? null;
    if (!request.person) throw new ApiError('LOGIN_REQUIRED');
    if (access !== 'loggedIn' && !access.some((role) => hasRole(request, role))) throw new ApiError('FORBIDDEN');
  });
}

/** The logged-in person; only for routes that are not public. */
export function personOf(request: FastifyRequest): Person {
  if (!request.person) throw new ApiError('LOGIN_REQUIRED');
  return request.person;
}

/** The session of the request; only for routes that are not public. */
export function sessionOf(request: FastifyRequest): Session {
  if (!request.session) throw new ApiError('LOGIN_REQUIRED');
  return request.session;
}

export function hasRole(request: FastifyRequest, role: Role): boolean {
  return personOf(request).roles.includes(role);
}

/** Leads and admins see everybody's contacts and whole numbers; agents their own, masked. */
export function seesAll(request: FastifyRequest): boolean {
  return hasRole(request, 'lead') || hasRole(request, 'admin');
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
