import type { FastifyRequest } from 'fastify';
import { contactId } from '../../core/ids.ts';
import type { DigitalView } from '../../core/view.ts';
import { hasRole, LEADS, personOf, reachOf } from '../access.ts';
import { agentShown } from '../agent-view.ts';
import { ConversationBody, ConversationShape, EndBody, OfferBody, TransferBody } from '../conversation-shapes.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import { AgentShape, ContactParams } from '../schemas.ts';
import { writeDown } from '../write-down.ts';

type Core = ApiOptions['core'];

/** Digital contacts: opened by whoever brings them, taken, ended and given on by agents. */
export function addConversationRoutes(app: Api, options: ApiOptions): void {
  const { core } = options;
  app.post(
    '/api/v1/contacts',
    {
      config: { access: ['integrator'], scope: 'contacts:write' },
      schema: { body: ConversationBody, response: { 200: ConversationShape, 201: ConversationShape } },
    },
    async (request, reply) => {
      const { medium, reference, queue } = request.body;
      if (!takesNew(core, queue)) throw new ApiError('QUEUE_UNKNOWN');
      const before = core.conversation(medium, reference);
      await writeDown(core, request, { type: 'conversationOpened', ...request.body }, 'a conversation');
      const contact = core.conversation(medium, reference);
      if (contact === undefined) throw new ApiError('QUEUE_FULL', { retryAfterS: 30 });
      return reply.code(contact === before ? 200 : 201).send(viewOf(core, contact, { medium, queue }));
    },
  );

  addOfferRoute(app, core);

  app.post(
    '/api/v1/contacts/:id/end',
    {
      config: { access: ['agent', ...LEADS, 'integrator'], scope: 'contacts:write' },
      schema: { params: ContactParams, body: EndBody, response: { 200: ConversationShape } },
    },
    async (request) => {
      const known = await heldBy(options, request, request.params.id);
      const { by = 'agent' } = request.body;
      if (by === 'citizen' && !bringsContacts(request)) throw new ApiError('FORBIDDEN');
      const { user: who } = personOf(request);
      await writeDown(
        core,
        request,
        { type: 'conversationEnded', contact: known.contact, by, who },
        'the end of a contact',
      );
      return viewOf(core, known.contact, known);
    },
  );

  app.post(
    '/api/v1/contacts/:id/transfer',
    {
      config: { access: ['agent', ...LEADS] },
      schema: { params: ContactParams, body: TransferBody, response: { 200: ConversationShape } },
    },
    async (request) => {
      const known = await heldBy(options, request, request.params.id);
      const { queue } = request.body;
      if (!takesNew(core, queue)) throw new ApiError('QUEUE_UNKNOWN');
      const { user: who } = personOf(request);
      await writeDown(
        core,
        request,
        { type: 'conversationReturned', contact: known.contact, queue, who },
        'a transfer',
      );
      return viewOf(core, known.contact, known);
    },
  );
}

/** One that is gone from the rules is told of, and serves those in it alone. */
function takesNew(core: Core, queue: string): boolean {
  return core.queues().some((view) => view.queue === queue && view.gone === undefined);
}

/** A channel says what its citizens do. */
function bringsContacts(request: FastifyRequest): boolean {
  return hasRole(request, 'integrator');
}

function addOfferRoute(app: Api, core: Core): void {
  app.put(
    '/api/v1/agents/me/offer',
    { config: { access: ['agent', ...LEADS] }, schema: { body: OfferBody, response: { 200: AgentShape } } },
    async (request) => {
      const { user } = personOf(request);
      const { contact, token, take } = request.body;
      const own = () => core.agents().find(({ agent }) => agent === user);
      const mine = () => own()?.conversations?.find((each) => each.contact === contact);
      const view = own();
      if (view === undefined) throw new ApiError('NO_SEAT');
      if (mine()?.token !== token) throw new ApiError('OFFER_GONE');
      const { agent } = view;
      await writeDown(
        core,
        request,
        { type: 'offerAnswered', agent, contact: contactId(contact), token, take },
        'an answer',
      );
      // It may have ended between our look and the decision.
      if (take && (mine()?.state ?? 'offered') === 'offered') throw new ApiError('OFFER_GONE');
      const after = own();
      if (after === undefined) throw new ApiError('NO_SEAT');
      return agentShown(after);
    },
  );
}

/** The open digital contact, for the agent who has it, who leads that agent or finds it with nobody, or the program that brought it. */
export async function heldBy(
  { core, db }: Pick<ApiOptions, 'core' | 'db'>,
  request: FastifyRequest,
  id: string,
): Promise<DigitalView> {
  const known = core.digital(id);
  if (known === undefined) throw new ApiError('CONTACT_UNKNOWN');
  if (known === 'call') throw new ApiError('CONTACT_IS_CALL');
  const has = known.agent === personOf(request).user && known.state !== 'offered';
  if (has || bringsContacts(request)) return known;
  if (!LEADS.some((role) => hasRole(request, role))) throw new ApiError('CONTACT_NOT_HELD');
  const agents = await reachOf(request, db);
  if (known.agent !== undefined && agents?.includes(known.agent) === false) throw new ApiError('CONTACT_NOT_HELD');
  return known;
}

function viewOf(core: Core, contact: DigitalView['contact'], before: Pick<DigitalView, 'medium' | 'queue'>) {
  const now = core.digital(contact);
  const { medium, queue } = before;
  return now === undefined || now === 'call' ? { contact, medium, queue, state: 'closed' } : now;
}
