import { contactId } from '../../core/ids.ts';
import { hadContact } from '../../store/contact-records.ts';
import { personOf, reachOf, WRITERS } from '../access.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ContactParams, DispositionBody, DispositionShape } from '../schemas.ts';
import { writeDown } from '../write-down.ts';

/** Domain guide §3.9, wrap-up: what came of a contact, by the agent who spoke in it or a lead; also after the contact has closed. */
export function addDispositionRoute(app: Api, { db, core }: ApiOptions): void {
  app.put(
    '/api/v1/contacts/:id/disposition',
    {
      config: { access: WRITERS },
      schema: { params: ContactParams, body: DispositionBody, response: { 200: DispositionShape } },
    },
    async (request) => {
      const { id } = request.params;
      const { user } = personOf(request);
      const { code, note } = request.body;
      const now = core.agents().find((view) => view.agent === user);
      const has = now?.contact === id && now.state !== 'ringing';
      if (!has && !(await hadContact(db, id, await reachOf(request, db)))) throw new ApiError('CONTACT_UNKNOWN');
      await writeDown(
        core,
        request,
        {
          type: 'dispositionGiven',
          contact: contactId(id),
          by: user,
          code,
          ...(note === undefined ? {} : { note }),
        },
        'what came of a contact',
      );
      return { contact: id, code, note: note ?? null, by: user };
    },
  );
}
