import { Type } from 'typebox';
import { seatOf } from '../../store/accounts.ts';
import { closeSession, findPerson, openSession, type Person, sessionKey } from '../../store/sessions.ts';
import { clearSessionCookie, personOf, SESSION_COOKIE, setSessionCookie } from '../access.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import { LoginBody, MeShape, PersonShape } from '../schemas.ts';
import { createThrottle } from '../throttle.ts';

/** Each check takes 19 MiB and a thread; more at once would starve the rest. */
const CHECKS_AT_ONCE_MAX = 8;

export function addSessionRoutes(app: Api, { db, secureCookies = false }: ApiOptions): void {
  const throttle = createThrottle();
  let checks = 0;

  async function check(user: string, password: string): Promise<Person | undefined> {
    if (checks >= CHECKS_AT_ONCE_MAX) throw new ApiError('BUSY', { retryAfterS: 1 });
    const waitS = throttle.begin(user, Date.now());
    if (waitS > 0) throw new ApiError('LOGIN_THROTTLED', { retryAfterS: waitS });
    checks += 1;
    try {
      return await findPerson(db, user, password);
    } catch (error) {
      throttle.forgive(user);
      throw error;
    } finally {
      checks -= 1;
    }
  }

  app.post(
    '/api/v1/login',
    { config: { access: 'public' }, schema: { body: LoginBody, response: { 200: PersonShape } } },
    async (request, reply) => {
      const person = await check(request.body.user, request.body.password);
      if (!person) throw new ApiError('LOGIN_WRONG');
      throttle.forgive(person.user);
      setSessionCookie(reply, await openSession(db, person.user, Date.now()), secureCookies);
      return { user: person.user, roles: [...person.roles] };
    },
  );

  app.post(
    '/api/v1/logout',
    { config: { access: 'public' }, schema: { response: { 204: Type.Null() } } },
    async (request, reply) => {
      const token = request.cookies[SESSION_COOKIE];
      if (token) await closeSession(db, token);
      if (token) app.live?.endSession(sessionKey(token));
      clearSessionCookie(reply);
      return reply.code(204).send(null);
    },
  );

  app.get('/api/v1/me', { config: { access: 'loggedIn' }, schema: { response: { 200: MeShape } } }, async (request) => {
    const { user, roles } = personOf(request);
    return { user, roles: [...roles], seat: (await seatOf(db, user)) ?? null };
  });
}
