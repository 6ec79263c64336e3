import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { changePassword, seatOf } from '../../store/accounts.ts';
import { findSession, openSession, sessionKey } from '../../store/sessions.ts';
import type { Db } from '../../store/store.ts';
import { clearSessionCookie, closeEnded, personOf, SESSION_COOKIE, setSessionCookie } from '../access.ts';
import { LoginBody, MeShape, OwnPasswordBody, PersonShape } from '../account-shapes.ts';
import { createLoginCheck } from '../login.ts';
import type { Api, ApiOptions } from '../options.ts';
import { addSecondFactorRoutes } from './second-factor.ts';

/** Whatever the database says of it: while that is away it learns of it when it hears of the session again. */
function endHere(app: Api, key: string): void {
  app.knownSessions.end(key);
  app.live?.endSession(key);
}

/** Here and in the database. */
async function endSession(app: Api, db: Db, key: string): Promise<void> {
  endHere(app, key);
  await closeEnded(app, db, key);
}

export function addSessionRoutes(app: Api, options: ApiOptions): void {
  const { db, secureCookies = false, fieldKey } = options;
  const check = createLoginCheck(db, fieldKey);

  /** A new session, never one that was there before the login (a token planted in the browser would be worth something). */
  async function begin(request: FastifyRequest, reply: FastifyReply, user: string): Promise<void> {
    const before = request.cookies[SESSION_COOKIE];
    if (before) await endSession(app, db, sessionKey(before));
    setSessionCookie(reply, await openSession(db, user, Date.now()), secureCookies);
    // One more session may have ended an old one.
    app.knownSessions.forgetUser(user);
    app.live?.recheckUser(user);
  }

  app.post(
    '/api/v1/login',
    { config: { access: 'public', audit: 'now' }, schema: { body: LoginBody, response: { 200: PersonShape } } },
    async (request, reply) => {
      const person = await check(request, request.body);
      request.deed = { who: person.user };
      await begin(request, reply, person.user);
      return { user: person.user, roles: [...person.roles] };
    },
  );

  app.post(
    '/api/v1/logout',
    { config: { access: 'public', audit: 'now' }, schema: { response: { 204: Type.Null() } } },
    async (request, reply) => {
      const token = request.cookies[SESSION_COOKIE];
      clearSessionCookie(reply);
      if (token) {
        // Before the database has answered, or cannot: the browser is free for somebody else from now on.
        endHere(app, sessionKey(token));
        const session = await findSession(db, token, Date.now());
        if (session !== undefined) request.deed = { who: session.person.user };
        await closeEnded(app, db, sessionKey(token));
      }
      return reply.code(204).send(null);
    },
  );

  app.get('/api/v1/me', { config: { access: 'loggedIn' }, schema: { response: { 200: MeShape } } }, async (request) => {
    const { user, roles, team = null, mayReveal = false, mayPlay = false } = personOf(request);
    return { user, roles: [...roles], team, mayReveal, mayPlay, seat: (await seatOf(db, user)) ?? null };
  });

  app.post(
    '/api/v1/me/password',
    {
      config: { access: 'loggedIn', audit: 'now' },
      schema: {
        description: 'Ends all other sessions.',
        body: OwnPasswordBody,
        response: { 200: PersonShape },
      },
    },
    async (request, reply) => {
      const { password, newPassword, code } = request.body;
      const { user, roles } = personOf(request);
      await check(request, { user, password, ...(code === undefined ? {} : { code }) });
      await changePassword(db, user, newPassword);
      await begin(request, reply, user);
      return { user, roles: [...roles] };
    },
  );

  if (fieldKey !== undefined) addSecondFactorRoutes(app, db, fieldKey, check);
}
