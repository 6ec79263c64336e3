import { Type } from 'typebox';
import { listEarlierContacts } from '../../store/caller-history.ts';
import { wholeOf } from '../../store/contact-records.ts';
import { LEADS } from '../access.ts';
import { CHANNEL_OF_MEDIUM, platformOf } from '../contact-view.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ContactParams, orNull } from '../schemas.ts';
import { mayWrite } from './forms.ts';

const ROWS_MAX = 20;

const HistoryShape = Type.Object({
  contacts: Type.Array(
    Type.Object({
      id: Type.String(),
      channel: Type.String(),
      platform: orNull('string'),
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

/** What the same person came for before, over all channels: for who has the contact now, from its first ring, or had it. */
export function addHistoryRoute(app: Api, options: ApiOptions): void {
  app.get(
    '/api/v1/contacts/:id/history',
    {
      config: { access: ['agent', ...LEADS] },
      schema: { params: ContactParams, response: { 200: HistoryShape } },
    },
    async (request) => {
      await mayWrite(request, options);
      // It may have come a moment ago.
      await options.channels?.host.settled();
      const rows = await listEarlierContacts(options.db, await wholeOf(options.db, request.params.id), ROWS_MAX);
      return {
        contacts: rows.map(({ medium, ...row }) => ({
          ...row,
          channel: CHANNEL_OF_MEDIUM[medium] ?? medium,
          platform: platformOf(medium, row.dialled),
        })),
      };
    },
  );
}
