import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { FILE_BYTES_MAX } from '../../channel/media/admit.ts';
import type { UploadFault } from '../../channel/media/upload.ts';
import { LEADS, personOf } from '../access.ts';
import { takeAnyType } from '../bodies.ts';
import { CHAT_FILE_TYPES } from '../chat/messages.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ContactParams } from '../schemas.ts';
import { heldBy } from './conversations.ts';

const FAULTS: Readonly<Record<UploadFault, string>> = {
  empty: 'it is empty',
  tooLarge: `larger than ${FILE_BYTES_MAX} bytes`,
  damaged: 'no program could show this picture or film',
  type: `none of ${CHAT_FILE_TYPES.join(', ')}`,
  kind: 'this channel does not take files of this kind',
  many: 'too many files wait to be sent in this conversation',
};

const Named = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 500, description: 'Of the file, as the citizen will see it.' }) },
  { additionalProperties: false },
);
const Kept = Type.Object({
  id: Type.String({ description: 'For `files` of a reply, within a day.' }),
  kind: Type.String(),
  name: Type.String(),
  type: Type.String({ description: 'By its content.' }),
  bytes: Type.Integer({ description: 'Of what is kept: without what a picture or film tells beside.' }),
});

/** Files of agents: brought one by one, taken as they come, told by their content; sent with a reply. */
export function addReplyFileRoute(app: Api, { core, db, channels }: ApiOptions): void {
  if (channels === undefined) return;
  void app.register(async (scope) => {
    takeAnyType(scope);
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: FILE_BYTES_MAX },
      (_request: FastifyRequest, body: Buffer, done: (error: null, body: Buffer) => void) => done(null, body),
    );
    scope.post(
      '/api/v1/contacts/:id/files',
      {
        config: { access: ['agent', ...LEADS], slowBody: true },
        bodyLimit: FILE_BYTES_MAX,
        schema: { params: ContactParams, querystring: Named, response: { 201: Kept } },
      },
      async (request, reply) => {
        const { id: contact } = request.params as { id: string };
        const { name } = request.query as { name: string };
        await heldBy({ core, db }, request, contact);
        const content = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const kept = await channels.host.upload({ contact, name, content, byUser: personOf(request).user });
        if (typeof kept === 'string') throw new ApiError('FILE_REFUSED', { detail: FAULTS[kept] });
        return reply.code(201).send(kept);
      },
    );
  });
}
