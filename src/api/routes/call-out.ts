import { Type } from 'typebox';
import { agentId, contactId } from '../../core/ids.ts';
import { hadContact, numberOfContact } from '../../store/contact-records.ts';
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
    { contact: Type.String({ minLength: 1, maxLength: 64, description: 'Whose citizen is called back.' }) },
    { additionalProperties: false },
  ),
]);

/** An agent calls: a number of the catalogue, or the citizen of a contact that this agent had. The own phone rings first (Y1–Y5). */
export function addCallOutRoute(app: Api, { db, core }: ApiOptions): void {
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
      const number = 'contact' in body ? await numberOf(body.contact, user) : body.number;
      const verdict = core.mayCallOut(agent, number, of !== undefined);
      if (verdict !== 'yes') throw new ApiError(REFUSALS[verdict]);
      const before = viewOf()?.contact;
      request.deed = { target: of ?? number };
      const event = { agent, number, ...(of === undefined ? {} : { of: contactId(of) }) };
      await writeDown(core, request, { type: 'callOutAsked', ...event }, 'a call of an agent');
      const contact = viewOf()?.contact;
      if (contact === undefined || contact === before) throw new ApiError('PHONE_BUSY');
      return { contact };
    },
  );

  /** Of a contact that this person has now, notes included, or spoke in. */
  async function numberOf(contact: string, user: string): Promise<string> {
    const has = core.agents().some((view) => view.agent === user && view.contact === contact);
    if (!has && !(await hadContact(db, contact, [user]))) throw new ApiError('CONTACT_UNKNOWN');
    return (await numberOfContact(db, contact)) ?? '';
  }
}

const REFUSALS = { noWay: 'CALL_OUT_CLOSED', number: 'NUMBER_NOT_LISTED', agent: 'PHONE_BUSY' } as const;
