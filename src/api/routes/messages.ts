import type { FastifyRequest } from 'fastify';
import { FILE_BYTES_MAX } from '../../channel/media/admit.ts';
import { FILES_OF_REPLY_MAX } from '../../channel/media/upload.ts';
import type { ReplyFault } from '../../channel/sender.ts';
import { filesOfMessages } from '../../store/message-files.ts';
import { listMessages } from '../../store/messages.ts';
import { LEADS, personOf, READERS, reachOf } from '../access.ts';
import { mustHaveHad } from '../contact-reach.ts';
import { ApiError, type ErrorCode } from '../errors.ts';
import {
  ContactMessagesQuery,
  ContactMessagesShape,
  hasMedia,
  MessageParams,
  MessagesQuery,
  MessagesShape,
  messageView,
  ReplyBody,
  ReplyShape,
} from '../message-shapes.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ContactParams } from '../schemas.ts';
import { heldBy } from './conversations.ts';
import { readsWhole } from './reveal.ts';

const ROWS_USUAL = 50;
const AGAIN_S = 5;

const CODE_OF: Readonly<Record<ReplyFault, ErrorCode>> = {
  noConversation: 'REPLY_IMPOSSIBLE',
  noAccount: 'REPLY_IMPOSSIBLE',
  cannotSend: 'REPLY_IMPOSSIBLE',
  noTemplate: 'TEMPLATE_UNKNOWN',
  noField: 'TEMPLATE_FIELD_UNKNOWN',
  tooLong: 'REPLY_TOO_LONG',
  windowClosed: 'REPLY_WINDOW_CLOSED',
  noFiles: 'FILE_REFUSED',
  keyReused: 'KEY_REUSED',
  full: 'BUSY',
};

/** Messages of the channels: of one contact for who serves it, of all for who leads; replies; dead letters. */
export function addMessageRoutes(app: Api, options: ApiOptions): void {
  const { channels } = options;
  if (channels === undefined) return;
  addContactMessages(app, options, channels.host);
  addOverviews(app, options, channels.host);
}

type Host = NonNullable<ApiOptions['channels']>['host'];

function addContactMessages(app: Api, options: ApiOptions, host: Host): void {
  const { db, core } = options;
  app.get(
    '/api/v1/contacts/:id/messages',
    {
      config: { access: READERS },
      schema: { params: ContactParams, querystring: ContactMessagesQuery, response: { 200: ContactMessagesShape } },
    },
    async (request) => {
      const { id } = request.params;
      await mustSee(request, options, id);
      // A page that was told of a message asks for it before the records may have it.
      await host.settled();
      const { after, before, limit } = request.query;
      const page = { contact: id, ...(after === undefined ? {} : { afterId: Number(after) }) };
      const answer = await pageOf({ db }, request, { ...page, before, limit });
      const { kinds, textChars, templates } = await host.takes(id);
      const files = { kinds: [...kinds], bytesMax: FILE_BYTES_MAX, countMax: FILES_OF_REPLY_MAX };
      return {
        ...answer,
        window: (await host.budget(id)) ?? null,
        files,
        textChars,
        templates: Object.entries(templates).map(([name, { about, fields }]) => ({ name, about, fields })),
      };
    },
  );

  app.post(
    '/api/v1/contacts/:id/messages',
    {
      config: { access: ['agent', ...LEADS], audit: 'never' },
      schema: { params: ContactParams, body: ReplyBody, response: { 201: ReplyShape } },
    },
    async (request, reply) => {
      const { id } = request.params;
      await heldBy({ core, db }, request, id);
      const { text, subject, template, key, files = [] } = request.body;
      if (text.trim() === '' && template === undefined && files.length === 0)
        throw new ApiError('REQUEST_INVALID', { detail: 'text is empty' });
      if (/\p{Surrogate}/u.test(text + (subject ?? '')))
        throw new ApiError('REQUEST_INVALID', { detail: 'half a character is no text' });
      const wish = {
        contact: id,
        text,
        files,
        ...(subject === undefined ? {} : { subject }),
        ...(template === undefined ? {} : { template }),
        ...(key === undefined ? {} : { key }),
        byUser: personOf(request).user,
      };
      let done = await host.reply(wish);
      // Taken a moment ago: the records have the message in the next one.
      if (done === 'noConversation') {
        await host.settled();
        done = await host.reply(wish);
      }
      if (typeof done === 'string') throw new ApiError(CODE_OF[done], done === 'full' ? { retryAfterS: 30 } : {});
      return reply.code(201).send({ message: done });
    },
  );
}

function addOverviews(app: Api, { db }: ApiOptions, host: Host): void {
  app.get(
    '/api/v1/messages',
    {
      config: { access: [...LEADS, 'auditor'] },
      schema: { querystring: MessagesQuery, response: { 200: MessagesShape } },
    },
    async (request) => {
      const { before, limit, ...wanted } = request.query;
      return await pageOf({ db }, request, { ...wanted, before, limit });
    },
  );

  app.post(
    '/api/v1/messages/:message/resend',
    { config: { access: LEADS }, schema: { params: MessageParams, response: { 200: ReplyShape } } },
    async (request) => {
      const message = Number(request.params.message);
      if (!(await host.resend(message))) throw new ApiError('MESSAGE_UNKNOWN');
      return { message };
    },
  );

  app.post(
    '/api/v1/messages/:message/reread',
    { config: { access: LEADS }, schema: { params: MessageParams, response: { 200: ReplyShape } } },
    async (request) => {
      const message = Number(request.params.message);
      const result = await host.reread(message);
      if (result === 'unknown') throw new ApiError('MESSAGE_UNKNOWN');
      if (result === 'full') throw new ApiError('BUSY', { retryAfterS: AGAIN_S });
      if (result === 'away') throw new ApiError('STORE_AWAY', { retryAfterS: AGAIN_S });
      if (result !== 'read') throw new ApiError('MESSAGE_UNREADABLE', { detail: result.stillUnreadable });
      return { message };
    },
  );
}

/** Who has it now, or one that goes on from it, and whoever sees its record. @throws as `mustHaveHad`. */
export async function mustSee(
  request: FastifyRequest,
  options: Pick<ApiOptions, 'db' | 'core' | 'channels'>,
  id: string,
): Promise<void> {
  const { db, core } = options;
  const known = core.digital(id);
  const { user } = personOf(request);
  if (known !== undefined && known !== 'call' && known.agent === user) return;
  if (goesOn(core, user, id)) return;
  const reach = await reachOf(request, db);
  if (reach !== undefined) await mustHaveHad(options, id, reach);
}

/** The agent has the conversation that goes on from this one. */
function goesOn(core: ApiOptions['core'], user: string, id: string): boolean {
  const own = core.agents().find(({ agent }) => agent === user)?.conversations ?? [];
  return own.some(({ contact, state }) => {
    const view = state === 'offered' ? undefined : core.digital(contact);
    return view !== undefined && view !== 'call' && view.continues === id;
  });
}

async function pageOf(
  { db }: Pick<ApiOptions, 'db'>,
  request: FastifyRequest,
  {
    before,
    limit,
    ...wanted
  }: Omit<Parameters<typeof listMessages>[1], 'rowsMax'> & { before?: string | undefined; limit?: string | undefined },
) {
  const rowsMax = Number(limit ?? ROWS_USUAL);
  const from = before === undefined ? {} : { beforeId: Number(before) };
  const rows = await listMessages(db, { ...wanted, ...from, rowsMax: rowsMax + 1 });
  const shown = rows.slice(0, rowsMax);
  const last = rows.length > rowsMax ? shown.at(-1) : undefined;
  const files = await filesOfMessages(
    db,
    shown.filter(hasMedia).map(({ id }) => id),
  );
  const filesOf = (message: number) => files.filter((file) => file.message === message);
  return {
    messages: shown.map((row) => messageView(row, filesOf(row.id), readsWhole(request))),
    next: last === undefined ? null : String(last.id),
  };
}
