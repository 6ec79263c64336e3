import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Role } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { membersOf } from '../../store/teams.ts';
import { readWholeNumbers } from '../../store/whole-numbers.ts';
import { personOf } from '../access.ts';
import { readFollowed } from '../contact-reach.ts';
import { ApiError } from '../errors.ts';
import { limitEach } from '../limiter.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ContactParams, orNull, Reason } from '../schemas.ts';

/** By their role. */
const REVEALERS: readonly Role[] = ['agent', 'lead', 'supervisor'];
/** When an admin has said so of the account. An admin neither: who grants does not see. */
const GRANTED: readonly Role[] = ['dispatcher', 'handlingUnit', 'auditor'];
/** Of one person: more than any work needs, less than a list to carry off. */
const REVEALS = { times: 60, withinMs: 600_000 };

const RevealBody = Type.Object({ reason: Reason }, { additionalProperties: false });
const NumbersShape = Type.Object({
  from: Type.String(),
  fromName: orNull('string'),
  diversion: orNull('string'),
  callBackNumber: orNull('string'),
});

/** The whole numbers of one contact, for a reason. They leave only once it is written down who asked, and why. */
export function addRevealRoute(app: Api, options: ApiOptions): void {
  const limiter = limitEach(REVEALS);
  app.post(
    '/api/v1/contacts/:id/reveal',
    {
      config: { access: [...REVEALERS, ...GRANTED], audit: 'first' },
      schema: { params: ContactParams, body: RevealBody, response: { 200: NumbersShape } },
    },
    async (request, reply) => {
      const { id } = request.params;
      request.deed = { target: id, detail: request.body.reason.trim() };
      const waitS = limiter.take(personOf(request).user, Date.now());
      if (waitS > 0) throw new ApiError('REVEAL_THROTTLED', { retryAfterS: waitS });
      const reach = await reachOf(request, options.db);
      const isTheirsNow = reach?.includes(whoHas(options, id) ?? '') === true;
      const numbers = await readFollowed(options, () =>
        readWholeNumbers(options.db, id, isTheirsNow ? undefined : reach),
      );
      return reply.header('cache-control', 'no-store').send({
        from: numbers.from_number,
        fromName: numbers.from_name,
        diversion: numbers.diversion,
        callBackNumber: numbers.call_back_number,
      });
    },
  );
}

/** From the first ring or offer, before anybody has spoken. */
function whoHas({ core }: ApiOptions, id: string): string | undefined {
  const digital = core.digital(id);
  if (typeof digital === 'object') return digital.agent;
  return core.agents().find(({ contact }) => contact === id)?.agent;
}

/** Whether somebody reads what citizens wrote as it is: who may reveal numbers. All others see the numbers in it masked. */
export function readsWhole(request: FastifyRequest): boolean {
  const { roles, mayReveal } = personOf(request);
  const has = (role: Role): boolean => roles.includes(role);
  return REVEALERS.some(has) || (mayReveal === true && GRANTED.some(has));
}

/** Whose contacts; undefined: everybody's. Whatever else a person is, these roles alone count. */
async function reachOf(request: FastifyRequest, db: Db): Promise<readonly string[] | undefined> {
  const { user, roles, team, mayReveal } = personOf(request);
  const has = (role: Role): boolean => roles.includes(role);
  if (mayReveal === true && GRANTED.some(has)) return undefined;
  if (!REVEALERS.some(has)) throw new ApiError('FORBIDDEN');
  if (has('supervisor') || (has('lead') && team === undefined)) return undefined;
  return has('lead') && team !== undefined ? [user, ...(await membersOf(db, team))] : [user];
}
