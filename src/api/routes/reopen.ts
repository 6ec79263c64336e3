import type { FastifyRequest } from 'fastify';
import { contactId } from '../../core/ids.ts';
import { isDigital, type Medium } from '../../core/medium.ts';
import type { ReopenVerdict } from '../../core/reopen.ts';
import { hadContact, readConversationName } from '../../store/contact-records.ts';
import { LEADS, personOf, reachOf } from '../access.ts';
import { ConversationShape } from '../conversation-shapes.ts';
import { ApiError, type ErrorCode } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ContactParams } from '../schemas.ts';
import { writeDown } from '../write-down.ts';

const AGAIN_S = 5;

const CODE_OF: Readonly<Record<Exclude<ReopenVerdict, 'yes'>, ErrorCode>> = {
  open: 'CONTACT_OPEN',
  queue: 'QUEUE_UNKNOWN',
  agent: 'OFF_DUTY',
  slots: 'SLOTS_FULL',
  full: 'BUSY',
};

/** Who had a chat or mail that is closed, or leads, writes in it again: in a new contact that goes on from it, while the platform takes replies. */
export function addReopenRoute(app: Api, options: ApiOptions): void {
  const { core, channels } = options;
  app.post(
    '/api/v1/contacts/:id/reopen',
    {
      config: { access: ['agent', ...LEADS] },
      schema: { params: ContactParams, response: { 201: ConversationShape } },
    },
    async (request, reply) => {
      const { id } = request.params;
      const agent = core.agents().find((view) => view.agent === personOf(request).user)?.agent;
      if (agent === undefined) throw new ApiError('NO_SEAT');
      await channels?.host.settled();
      const name = await nameOf(options, request, id);
      const verdict = core.digital(id) === undefined ? core.mayReopen(agent, name) : 'open';
      if (verdict !== 'yes') throw new ApiError(CODE_OF[verdict], verdict === 'full' ? { retryAfterS: AGAIN_S } : {});
      const window = await channels?.host.budget(id);
      if (window?.messages === 0) throw new ApiError('REPLY_WINDOW_CLOSED');
      const reopened = { type: 'conversationReopened', ...name, contact: contactId(id), agent } as const;
      await writeDown(core, request, reopened, 'a contact that is taken up again');
      const contact = core.conversation(name.medium, name.reference);
      const view = contact === undefined ? undefined : core.digital(contact);
      // Somebody was quicker, or the citizen was.
      if (view === undefined || view === 'call' || view.agent !== agent || view.continues !== id)
        throw new ApiError('CONTACT_OPEN');
      request.deed = { target: id, detail: view.contact };
      return reply.code(201).send(view);
    },
  );
}

/** By what the conversation is known outside, as its record has it. */
async function nameOf({ db }: ApiOptions, request: FastifyRequest, id: string) {
  if (!(await hadContact(db, id, await reachOf(request, db)))) throw new ApiError('CONTACT_UNKNOWN');
  const record = await readConversationName(db, id);
  const medium = record?.medium as Medium;
  if (!isDigital(medium)) throw new ApiError('CONTACT_IS_CALL');
  const { from_number, from_name, dialled, reference, queue } = record!;
  if (reference === null || queue === null) throw new ApiError('CONTACT_UNKNOWN');
  return {
    medium,
    queue,
    from: from_number,
    ...(from_name === null ? {} : { fromName: from_name }),
    to: dialled,
    reference,
  };
}
