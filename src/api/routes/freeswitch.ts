import type { FastifyRequest } from 'fastify';
import { sameSecret } from '../../channel/channel.ts';
import { pageHa1, seatOfName, seatOfPageLogin } from '../../lib/page-login.ts';
import { directoryHa1Of, md5Ha1Of } from '../../store/directory.ts';
import { SIP_REALM } from '../../store/passwords.ts';
import type { Db } from '../../store/store.ts';
import { ApiError } from '../errors.ts';
import { NOT_FOUND_XML, seatXml } from '../freeswitch/directory-xml.ts';
import type { Api, ApiOptions } from '../options.ts';

/** FreeSWITCH sends one REGISTER's headers, some 2 kB. */
const QUESTION_BYTES_MAX = 16 * 1024;
/** A seat's name, or a page's login of one. */
const SIP_USER = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}(~\d{10,12}~[A-Za-z0-9_-]{12})?$/;

/**
 * Where FreeSWITCH's mod_xml_curl asks for seats. Whoever asks shows the shared secret, from this machine too: through a proxy on this
 * machine everybody would look like it. There is no such route without a secret.
 */
export function addFreeSwitchRoutes(app: Api, { db, directorySecret }: ApiOptions): void {
  if (directorySecret === undefined) return;
  void app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: QUESTION_BYTES_MAX },
      (_request, body, done) => done(null, new URLSearchParams(String(body))),
    );
    scope.post(
      '/api/v1/freeswitch/directory',
      {
        config: { access: 'public', audit: 'never' },
        schema: { hide: true },
        bodyLimit: QUESTION_BYTES_MAX,
        // Before anything of the body is read.
        onRequest: async (request) => refuseStranger(request, directorySecret),
      },
      async (request, reply) => {
        const user = userAskedFor(request.body);
        const ha1 = user === undefined ? undefined : await ha1Of(db, user, Date.now());
        return reply
          .header('cache-control', 'no-store')
          .type('text/xml; charset=utf-8')
          .send(user === undefined || ha1 === undefined ? NOT_FOUND_XML : seatXml(SIP_REALM, user, ha1));
      },
    );
  });
}

/** Of a seat, or of a page's login while it is good: that FreeSWITCH remembers it a little longer is within the clocks' slack. */
async function ha1Of(db: Db, user: string, nowMs: number): Promise<string | undefined> {
  if (seatOfName(user) === user) return md5Ha1Of(db, user);
  const sipUser = seatOfPageLogin(user, nowMs);
  const seatHa1 = sipUser === undefined ? undefined : await directoryHa1Of(db, sipUser);
  return seatHa1 === undefined ? undefined : pageHa1(user, SIP_REALM, seatHa1);
}

/** Whose HA1 is wanted for a digest; FreeSWITCH also asks for domains, gateways and more, of which there are none. */
function userAskedFor(question: unknown): string | undefined {
  if (!(question instanceof URLSearchParams)) return undefined;
  if (question.get('section') !== 'directory' || question.get('action') !== 'sip_auth') return undefined;
  if (question.get('domain') !== SIP_REALM) return undefined;
  const user = question.get('user') ?? '';
  return SIP_USER.test(user) ? user : undefined;
}

/** HTTP Basic (RFC 7617); the user's name does not matter. */
function refuseStranger(request: FastifyRequest, secret: string): void {
  const encoded = /^Basic ([A-Za-z0-9+/=]{1,512})$/i.exec(request.headers.authorization ?? '')?.[1];
  const shown = Buffer.from(encoded ?? '', 'base64')
    .toString('utf8')
    .replace(/^[^:]*:/, '');
  if (encoded === undefined || !sameSecret(shown, secret)) throw new ApiError('SECRET_WRONG');
}
