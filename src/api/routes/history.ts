import { Type } from 'typebox';
import { listEarlierContacts } from '../../store/caller-history.ts';
import { LEADS } from '../access.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ContactParams, orNull } from '../schemas.ts';
import { mayWrite } from './forms.ts';

const ROWS_MAX = 20;

const HistoryShape = Type.Object({
  contacts: Type.Array(
    Type.Object({
      id: Type.String(),
      openedAtMs: Type.Integer(),
      dialled: Type.String(),
      outcome: orNull('string'),
      agent: orNull('string'),
      disposition: orNull('string'),
      type: orNull('string'),
      title: orNull('string'),
      category: orNull('string'),
    }),
  ),
});

/** What the same caller called about before: for who has the contact now, from its first ring, or had it. */
export function addHistoryRoute(app: Api, options: ApiOptions): void {
  app.get(
    '/api/v1/contacts/:id/history',
    {
      config: { access: ['agent', ...LEADS] },
      schema: { params: ContactParams, response: { 200: HistoryShape } },
    },
    async (request) => {
      await mayWrite(request, options);
      return { contacts: await listEarlierContacts(options.db, request.params.id, ROWS_MAX) };
    },
  );
}
