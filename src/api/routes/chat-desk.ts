import { Type } from 'typebox';
import { openFile } from '../../channel/media/stored-file.ts';
import { fileOfContact, lineOfMessage, WEB_CHANNEL } from '../../store/chat-sessions.ts';
import { fileOfMessage } from '../../store/message-files.ts';
import { lastMessageOf } from '../../store/messages.ts';
import { LEADS, READERS } from '../access.ts';
import { ApiError } from '../errors.ts';
import { fileNameShown } from '../message-shapes.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ContactParams } from '../schemas.ts';
import { attach } from './chat-files.ts';
import { heldBy } from './conversations.ts';
import { mustSee } from './messages.ts';
import { readsWhole } from './reveal.ts';

const TypingBody = Type.Object({ on: Type.Boolean() }, { additionalProperties: false });
const SeenBody = Type.Object(
  {
    message: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    as: Type.Union([Type.Literal('delivered'), Type.Literal('read')]),
  },
  { additionalProperties: false },
);
const FileParams = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 128 }),
  file: Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' }),
});

/** What an agent does in a conversation beside writing: types, sees, looks at files. */
export function addChatDeskRoutes(app: Api, options: ApiOptions): void {
  const { core, db, channels, webChat } = options;
  if (channels === undefined) return;
  addTokenEnd(app, options);
  app.put(
    '/api/v1/contacts/:id/typing',
    {
      config: { access: ['agent', ...LEADS], audit: 'never' },
      schema: { params: ContactParams, body: TypingBody, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      await heldBy({ core, db }, request, request.params.id);
      await channels.host.typing(request.params.id, request.body.on);
      return reply.code(204).send(null);
    },
  );

  app.put(
    '/api/v1/contacts/:id/seen',
    {
      config: { access: ['agent', ...LEADS], audit: 'never' },
      schema: { params: ContactParams, body: SeenBody, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const { id } = request.params;
      await heldBy({ core, db }, request, id);
      const { message, as } = request.body;
      const line = webChat === undefined ? undefined : await lineOfMessage(db, id, message);
      if (line !== undefined) await webChat?.hub.agentSaw(line.session, as, line.seq);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/api/v1/contacts/:id/files/:file',
    { config: { access: READERS, audit: 'later' }, schema: { params: FileParams } },
    async (request, reply) => {
      const { id, file } = request.params;
      await mustSee(request, options, id);
      const sent = webChat === undefined ? undefined : await fileOfContact(db, id, file);
      const known = sent ?? (await fileOfMessage(db, id, file));
      const folder = sent === undefined ? channels.fileFolder : webChat?.fileFolder;
      const found = known && folder && (await openFile(folder, known.id));
      if (known === undefined || !found) throw new ApiError('NOT_FOUND');
      const name = fileNameShown(known.name, readsWhole(request));
      return attach(reply, name, known.type ?? 'application/octet-stream')
        .header('content-length', found.bytes)
        .send(found.stream);
    },
  );

  app.post(
    '/api/v1/contacts/:id/files/:file/fetch',
    {
      config: { access: ['agent', ...LEADS] },
      schema: { params: FileParams, response: { 202: Type.Object({ id: Type.String() }) } },
    },
    async (request, reply) => {
      const { id, file } = request.params;
      await mustSee(request, options, id);
      if (!(await channels.host.fetchAgain(id, file))) throw new ApiError('FILE_UNKNOWN');
      return reply.code(202).send({ id: file });
    },
  );
}

/** A citizen's phone was lost: the page on it is shut out of the conversation. */
function addTokenEnd(app: Api, options: ApiOptions): void {
  const { db, webChat } = options;
  app.delete(
    '/api/v1/contacts/:id/chat-token',
    {
      config: { access: ['agent', ...LEADS], audit: 'now' },
      schema: { params: ContactParams, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const { id } = request.params;
      await mustSee(request, options, id);
      const last = await lastMessageOf(db, id);
      if (webChat === undefined || last?.channel !== WEB_CHANNEL) throw new ApiError('NO_CHAT_TOKEN');
      await webChat.hub.endTokens(last.conversation);
      return reply.code(204).send(null);
    },
  );
}
