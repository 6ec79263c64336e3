import type { FastifyRequest } from 'fastify';
import { wholeOf } from '../../store/contact-records.ts';
import {
  mergePersons,
  type PersonFault,
  personsOfChange,
  readPerson,
  servedPerson,
  splitPerson,
  undoChange,
} from '../../store/persons.ts';
import { LEADS, personOf, reachOf } from '../access.ts';
import { mustHaveHad } from '../contact-reach.ts';
import { ApiError, type ErrorCode } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import {
  ChangeParams,
  ChangeShape,
  MergeBody,
  PersonShape,
  personView,
  SplitBody,
  UndoBody,
} from '../person-shapes.ts';
import { ContactParams } from '../schemas.ts';
import { mayWrite } from './forms.ts';

/**
 * One person over all channels (decision 0019). Who it is follows from proofs alone; who leads merges and splits by hand, with a reason, and
 * undoes either. A person is named by a contact, so that no number stands in an address.
 */
export function addPersonRoutes(app: Api, options: ApiOptions): void {
  const { db } = options;
  app.get(
    '/api/v1/contacts/:id/person',
    {
      config: { access: ['agent', ...LEADS] },
      schema: { params: ContactParams, response: { 200: PersonShape } },
    },
    async (request) => {
      await mayWrite(request, options);
      // It may have come a moment ago.
      await options.channels?.host.settled();
      return personView(await readPerson(db, await wholeOf(db, request.params.id)));
    },
  );

  app.post(
    '/api/v1/contacts/:id/person/merge',
    {
      config: { access: LEADS, audit: 'now' },
      schema: { params: ContactParams, body: MergeBody, response: { 200: ChangeShape } },
    },
    async (request) => {
      const { id: contact } = request.params;
      const { other, reason } = request.body;
      request.deed = { target: contact, detail: `${other}: ${reason}` };
      const agents = await reachOf(request, db);
      for (const each of [contact, other]) await mustHaveHad(options, each, agents);
      return { change: done(await mergePersons(db, { contact, other, ...wordOf(request, reason) })) };
    },
  );

  app.post(
    '/api/v1/contacts/:id/person/split',
    {
      config: { access: LEADS, audit: 'now' },
      schema: { params: ContactParams, body: SplitBody, response: { 200: ChangeShape } },
    },
    async (request) => {
      const { id: contact } = request.params;
      const { identities = [], contacts = [], reason } = request.body;
      request.deed = { target: contact, detail: reason };
      await mustHaveHad(options, contact, await reachOf(request, db));
      const wish = { contact, identities, contacts, ...wordOf(request, reason) };
      return { change: done(await splitPerson(db, wish)) };
    },
  );

  app.post(
    '/api/v1/person-changes/:change/undo',
    {
      config: { access: LEADS, audit: 'now' },
      schema: { params: ChangeParams, body: UndoBody, response: { 200: ChangeShape } },
    },
    async (request) => {
      const change = Number(request.params.change);
      const { reason } = request.body;
      request.deed = { target: String(change), detail: reason };
      if (!(await reachesChange(request, options, change))) throw new ApiError('PERSON_CHANGE_UNKNOWN');
      return { change: done(await undoChange(db, change, wordOf(request, reason)), 'PERSON_CHANGE_UNKNOWN') };
    },
  );
}

async function reachesChange(request: FastifyRequest, { db }: ApiOptions, change: number): Promise<boolean> {
  const persons = await personsOfChange(db, change);
  const agents = await reachOf(request, db);
  if (persons === undefined || agents === undefined) return persons !== undefined;
  for (const person of persons) if (await servedPerson(db, person, agents)) return true;
  return false;
}

function wordOf(request: FastifyRequest, reason: string) {
  return { by: personOf(request).user, reason, atMs: Date.now() };
}

const CODE_OF: Readonly<Record<Exclude<PersonFault, 'unknown'>, ErrorCode>> = {
  same: 'PERSON_SAME',
  changed: 'PERSON_CHANGED',
  full: 'PERSON_FULL',
};

function done(answer: number | PersonFault, unknown: ErrorCode = 'CONTACT_UNKNOWN'): number {
  if (typeof answer === 'number') return answer;
  throw new ApiError(answer === 'unknown' ? unknown : CODE_OF[answer]);
}
