import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { hasRoomFor } from '../../channel/media/disk-room.ts';
import { openFile, removeFile } from '../../channel/media/stored-file.ts';
import {
  announceFile,
  fileArrived,
  findFiles,
  forgetUnsentFiles,
  WEB_ACCOUNT,
  WEB_CHANNEL,
} from '../../store/chat-sessions.ts';
import { fileOfConversation } from '../../store/message-files.ts';
import { takeAnyType } from '../bodies.ts';
import { type FileFault, keepFile } from '../chat/files.ts';
import { CHAT_FILE_BYTES_MAX, CHAT_FILE_TYPES, CHAT_FILES_PATH } from '../chat/messages.ts';
import { CHAT_LIFE_MS } from '../chat/resume-token.ts';
import { ApiError, FILES_AGAIN_S } from '../errors.ts';
import type { Api, ApiOptions, WebChatSource } from '../options.ts';
import { isOpenFor, limitNetworks } from '../visitors.ts';

/** Of one conversation. */
const FILES_MAX = 50;
/** What files of one network are counted in, and how much of it may come. */
const UNIT_BYTES = 1024 * 1024;
const UNITS = { times: 400, withinMs: 3_600_000 };
/** What no message named in this time is forgotten. */
const UNSENT_FOR_MS = 24 * 3_600_000;
const FORGOTTEN_AT_ONCE = 100;
const FORGET_EVERY_MS = 60_000;
const FAULTS: Readonly<Record<FileFault, string>> = {
  size: 'not as long as announced',
  digest: 'not the SHA-256 that was announced',
  type: `none of ${CHAT_FILE_TYPES.join(', ')}`,
};

const FileWish = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f/\\\\]*$' }),
    bytes: Type.Integer({ minimum: 1, maximum: CHAT_FILE_BYTES_MAX }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  },
  { additionalProperties: false },
);
const FileParams = Type.Object({ id: Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' }) });

/**
 * Files of citizens: announced, then sent once to the address that the announcement answers with, checked by their content. Whoever reads one
 * gets it as a file to keep, never as a page.
 */
export function addChatFileRoutes(app: Api, options: ApiOptions, webChat: WebChatSource): void {
  const { db, channels } = options;
  const { fileFolder, fileUnitsPerNetwork = UNITS } = webChat;
  const limiter = limitNetworks(fileUnitsPerNetwork);
  const forget = forgetter(options, fileFolder);
  app.post(
    CHAT_FILES_PATH,
    {
      config: { access: 'public', audit: 'never' },
      schema: { body: FileWish, response: { 201: Type.Object({ id: Type.String(), url: Type.String() }) } },
    },
    async (request, reply) => {
      const session = await sessionOf(request, webChat);
      const id = randomBytes(16).toString('base64url');
      const { name, bytes, sha256 } = request.body;
      const nowMs = Date.now();
      const waitS = limiter.take(request.client, nowMs, Math.ceil(bytes / UNIT_BYTES));
      if (waitS > 0) throw new ApiError('CHAT_THROTTLED', { retryAfterS: waitS });
      await forget(nowMs);
      if (!(await hasRoomFor(fileFolder, bytes, webChat.reservedBytes)))
        throw new ApiError('DISK_FULL', { retryAfterS: FILES_AGAIN_S });
      if (!(await announceFile(db, { id, session, name, bytes, sha256, at_ms: nowMs }, FILES_MAX)))
        throw new ApiError('CHAT_THROTTLED');
      return reply.code(201).send({ id, url: `${CHAT_FILES_PATH}/${id}` });
    },
  );

  addUploadRoute(app, options, webChat);

  app.get(
    `${CHAT_FILES_PATH}/:id`,
    { config: { access: 'public', audit: 'never' }, schema: { params: FileParams } },
    async (request, reply) => {
      const session = await sessionOf(request, webChat);
      const { id } = request.params;
      const [file] = await findFiles(db, [id]);
      const theirs = file?.session === session && file.type !== null;
      const own = theirs ? await openFile(webChat.fileFolder, id) : undefined;
      const whose = { channel: WEB_CHANNEL, account: WEB_ACCOUNT, conversation: session };
      const sent = own === undefined ? await fileOfConversation(db, { ...whose, id }) : undefined;
      const found = sent && channels ? await openFile(channels.fileFolder, id) : own;
      const { name, type } = sent ?? file ?? {};
      if (name === undefined || found === undefined) throw new ApiError('NOT_FOUND');
      return attach(reply, name, type ?? '')
        .header('content-length', found.bytes)
        .send(found.stream);
    },
  );
}

/** Removes what nobody sent, now and then: a file that no message names is nobody's business to keep. */
function forgetter({ db }: Pick<ApiOptions, 'db'>, folder: string): (nowMs: number) => Promise<void> {
  let atMs = 0;
  return async (nowMs) => {
    if (nowMs - atMs < FORGET_EVERY_MS) return;
    atMs = nowMs;
    const beforeMs = nowMs - UNSENT_FOR_MS;
    const forgotten = await forgetUnsentFiles(db, beforeMs - CHAT_LIFE_MS, beforeMs, FORGOTTEN_AT_ONCE);
    for (const id of forgotten) await removeFile(folder, id);
  };
}

function addUploadRoute(app: Api, options: ApiOptions, webChat: WebChatSource): void {
  const { db } = options;
  const arriving = new Set<string>();
  void app.register(async (scope) => {
    takeAnyType(scope);
    // Taken as it comes, byte by byte: what it is, its content says.
    scope.addContentTypeParser('*', (_request: FastifyRequest, body: Readable, done: (e: null, b: Readable) => void) =>
      done(null, body),
    );
    scope.put(
      `${CHAT_FILES_PATH}/:id`,
      {
        config: { access: 'public', audit: 'never', slowBody: true },
        bodyLimit: CHAT_FILE_BYTES_MAX,
        schema: { params: FileParams, response: { 204: Type.Null() } },
      },
      async (request, reply) => {
        const session = await sessionOf(request, webChat);
        const { id } = request.params as { id: string };
        const [file] = await findFiles(db, [id]);
        if (file === undefined || file.session !== session || file.type !== null || arriving.has(id))
          throw new ApiError('NOT_FOUND');
        // What was announced when there was room may come when there is none.
        if (!(await hasRoomFor(webChat.fileFolder, file.bytes, webChat.reservedBytes)))
          throw new ApiError('DISK_FULL', { retryAfterS: FILES_AGAIN_S });
        arriving.add(id);
        try {
          const kept = await keepFile(webChat.fileFolder, file, request.body as Readable);
          if (typeof kept === 'string') throw new ApiError('FILE_REFUSED', { detail: FAULTS[kept] });
          await fileArrived(db, id, kept);
        } finally {
          arriving.delete(id);
        }
        return reply.code(204).send(null);
      },
    );
  });
}

/** Whose token the request shows. */
export async function sessionOf(request: FastifyRequest, webChat: WebChatSource): Promise<string> {
  if (!isOpenFor(webChat, request.raw)) throw new ApiError('NOT_FOUND');
  const token = /^Bearer (\S{1,200})$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const chat = await webChat.hub.chatOf(token);
  if (chat === undefined) throw new ApiError('CHAT_OVER');
  return chat.id;
}

/** Something to keep, whatever a browser takes it for (RFC 6266, RFC 8187). */
export function attach(reply: FastifyReply, name: string, type: string): FastifyReply {
  const plain = name.replace(/[^A-Za-z0-9._-]+/g, '_');
  const coded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return reply
    .header('content-disposition', `attachment; filename="${plain}"; filename*=UTF-8''${coded}`)
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('cross-origin-resource-policy', 'same-origin')
    .header('cache-control', 'private, no-store')
    .type(type);
}
