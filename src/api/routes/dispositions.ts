import { contactId } from '../../core/ids.ts';
import { personOf, reachOf, WRITERS } from '../access.ts';
import { mustHaveHad } from '../contact-reach.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ContactParams, DispositionBody, DispositionShape } from '../schemas.ts';
import { writeDown } from '../write-down.ts';

/** Domain guide §3.9, wrap-up: what came of a contact, by the agent who spoke in it or a lead; also after the contact has closed. */
export function addDispositionRoute(app: Api, options: ApiOptions): void {
  const { db, core } = options;
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
      if (!has) await mustHaveHad(options, id, await reachOf(request, db));
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
