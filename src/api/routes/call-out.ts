import { Type } from 'typebox';
import { agentId, contactId } from '../../core/ids.ts';
import { hadContact, isConversation, numberOfContact } from '../../store/contact-records.ts';
import { phonesOf } from '../../store/persons.ts';
import { LEADS, personOf } from '../access.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import { writeDown } from '../write-down.ts';

const Wish = Type.Union([
  Type.Object(
    { number: Type.String({ pattern: '^[0-9]{1,20}$', description: 'Of the catalogue.' }) },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      contact: Type.String({ minLength: 1, maxLength: 64, description: 'Whose citizen is called back.' }),
      identity: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: Number.MAX_SAFE_INTEGER,
          description: 'Of a conversation: which number of the person; absent: the one proved last.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
]);

/** An agent calls: a number of the catalogue, or the citizen of a contact that this agent had or has. The own phone rings first (Y1–Y6). */
export function addCallOutRoute(app: Api, { db, core, channels }: ApiOptions): void {
  app.post(
    '/api/v1/agents/me/calls',
    {
      config: { access: ['agent', ...LEADS] },
      schema: { body: Wish, response: { 200: Type.Object({ contact: Type.String() }) } },
    },
    async (request) => {
      const { user } = personOf(request);
      const agent = agentId(user);
      const { body } = request;
      const viewOf = () => core.agents().find((view) => view.agent === user);
      if (viewOf() === undefined) throw new ApiError('NO_SEAT');
      const of = 'contact' in body ? body.contact : undefined;
      const asked = 'contact' in body ? await citizenOf(body.contact, body.identity, user) : { number: body.number };
      const { number } = asked;
      const verdict = core.mayCallOut(agent, number, of !== undefined);
      if (verdict !== 'yes') throw new ApiError(REFUSALS[verdict]);
      const before = viewOf()?.contact;
      request.deed = { target: of ?? number };
      const event = { ...asked, agent, ...(of === undefined ? {} : { of: contactId(of) }) };
      await writeDown(core, request, { type: 'callOutAsked', ...event }, 'a call of an agent');
      const contact = viewOf()?.contact;
      if (contact === undefined || contact === before) throw new ApiError('PHONE_BUSY');
      return { contact };
    },
  );

  /** Of a contact that this person has now, notes included, or spoke in: the number that called, or one that is proved to be the citizen's. */
  async function citizenOf(
    contact: string,
    identity: number | undefined,
    user: string,
  ): Promise<{ readonly number: string; readonly beside?: true }> {
    const view = core.agents().find(({ agent }) => agent === user);
    const talks = view?.conversations?.some((each) => each.contact === contact && each.state !== 'offered');
    if (view?.contact !== contact && talks !== true && !(await hadContact(db, contact, [user])))
      throw new ApiError('CONTACT_UNKNOWN');
    const known = core.digital(contact);
    const isCall = known === 'call' || (known === undefined && !(await isConversation(db, contact)));
    if (isCall) return { number: (await numberOfContact(db, contact)) ?? '' };
    await channels?.host.settled();
    const phones = await phonesOf(db, contact);
    const phone = identity === undefined ? phones[0] : phones.find(({ id }) => id === identity);
    return { number: phone?.number ?? '', beside: true };
  }
}

const REFUSALS = { noWay: 'CALL_OUT_CLOSED', number: 'NUMBER_NOT_LISTED', agent: 'PHONE_BUSY' } as const;
