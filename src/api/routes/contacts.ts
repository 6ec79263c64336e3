import { Type } from 'typebox';
import type { Medium } from '../../core/medium.ts';
import { maskKey } from '../../lib/mask-number.ts';
import { type ContactPlace, hadContact, listContacts, readContact } from '../../store/contact-records.ts';
import { LEADS, personOf, READERS, reachOf } from '../access.ts';
import { mustHaveHad, readFollowed } from '../contact-reach.ts';
import { CHANNEL_OF_MEDIUM, contactDetail, contactSummary } from '../contact-view.ts';
import { ApiError } from '../errors.ts';
import { hearingsOf } from '../hearing.ts';
import { readInstant } from '../instant.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ContactParams, ContactSearchBody, ContactShape, ContactsQuery, ContactsShape } from '../schemas.ts';

const ROWS_USUAL = 50;

export function addContactRoutes(app: Api, options: ApiOptions): void {
  const { db, core } = options;
  addSearchRoute(app, options);
  app.get(
    '/api/v1/contacts',
    {
      config: { access: READERS },
      schema: { querystring: ContactsQuery, response: { 200: ContactsShape } },
    },
    async (request) => {
      const { from, to, channel, cursor, limit } = request.query;
      const agents = await reachOf(request, db);
      const rowsMax = Number(limit ?? ROWS_USUAL);
      const rows = await listContacts(db, {
        fromMs: from === undefined ? 0 : readInstant(from),
        toMs: to === undefined ? Number.MAX_SAFE_INTEGER : readInstant(to),
        ...(channel === undefined ? {} : cameBy(channel)),
        ...(agents === undefined ? {} : { agents }),
        ...(cursor === undefined ? {} : { after: readCursor(cursor) }),
        rowsMax: rowsMax + 1,
      });
      const shown = rows.slice(0, rowsMax);
      const last = rows.length > rowsMax ? shown.at(-1) : undefined;
      return { contacts: shown.map(contactSummary), next: last ? writeCursor(last) : null };
    },
  );

  app.get(
    '/api/v1/contacts/:id',
    { config: { access: READERS }, schema: { params: ContactParams, response: { 200: ContactShape } } },
    async (request) => {
      const [reach, hears] = await Promise.all([reachOf(request, db), hearingsOf(personOf(request), db)]);
      return contactDetail(await readFollowed(options, () => readContact(db, request.params.id, reach)), hears);
    },
  );

  app.get(
    '/api/v1/contacts/:id/explain',
    {
      config: { access: LEADS, audit: 'later' },
      schema: { params: ContactParams, response: { 200: Type.Any() } },
    },
    async (request) => {
      const agents = await reachOf(request, db);
      if (agents !== undefined) await mustHaveHad(options, request.params.id, agents);
      const explanation = await core.explain(request.params.id).catch((error: unknown) => {
        request.log.error({ err: error, contact: request.params.id }, 'a contact cannot be explained');
        throw new ApiError('EXPLAIN_FAILED');
      });
      if (explanation === undefined)
        throw new ApiError((await hadContact(db, request.params.id)) ? 'EXPLAIN_UNKNOWN' : 'CONTACT_UNKNOWN');
      return explanation;
    },
  );
}

/** Over all channels, newest first, at most 50: who leads finds by it what a citizen complains of. */
function addSearchRoute(app: Api, { db, channels }: ApiOptions): void {
  app.post(
    '/api/v1/contacts/search',
    {
      config: { access: LEADS, audit: 'later' },
      schema: { body: ContactSearchBody, response: { 200: ContactsShape } },
    },
    async (request) => {
      const known = 'number' in request.body ? request.body.number : request.body.known.trim();
      request.deed = { target: maskKey(known) };
      const agents = await reachOf(request, db);
      const places = channels?.host.health().map(({ channel, account }) => `${channel}/${account}`) ?? [];
      const rows = await listContacts(db, {
        ...{ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, known, places, rowsMax: ROWS_USUAL },
        ...(agents === undefined ? {} : { agents }),
      });
      return { contacts: rows.map(contactSummary), next: null };
    },
  );
}

const MEDIA: ReadonlySet<string> = new Set(['voice', 'callback', 'chat', 'mail'] satisfies Medium[]);

function cameBy(channel: string): { readonly medium: string } | { readonly platform: string } {
  const medium = Object.entries(CHANNEL_OF_MEDIUM).find(([, name]) => name === channel)?.[0] ?? channel;
  return MEDIA.has(medium) ? { medium } : { platform: channel };
}

function writeCursor({ opened_at_ms, id }: { opened_at_ms: number; id: string }): string {
  return Buffer.from(`${opened_at_ms} ${id}`).toString('base64url');
}

function readCursor(cursor: string): ContactPlace {
  const match = /^(\d{1,15}) ([^\0]+)$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (!match) throw new ApiError('REQUEST_INVALID', { detail: 'cursor is not one of ours' });
  return { openedAtMs: Number(match[1]), id: match[2]! };
}
