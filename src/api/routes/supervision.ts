import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { SupervisionMode } from '../../core/command.ts';
import type { PeopleEvent } from '../../core/event.ts';
import { agentId, contactId } from '../../core/ids.ts';
import type { SupervisionView, TalkView } from '../../core/talk-view.ts';
import { isLouder } from '../../lib/louder.ts';
import { seatOf } from '../../store/accounts.ts';
import { LEADS, personOf, reachOf } from '../access.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ContactParams } from '../schemas.ts';
import {
  AlertParams,
  ApprovalBody,
  SensitiveBody,
  SupervisionBody,
  SupervisionChange,
  TalkShape,
} from '../supervision-shapes.ts';
import { writeDown } from '../write-down.ts';

const URL = '/api/v1/contacts/:id/supervision';
/** Nobody listens before it is written down who does, and why. */
const config = { access: LEADS, audit: 'now' } as const;
const params = ContactParams;

/** Channels guide, rights: a talk is heard by who leads, at the own seat, for a reason. Rules V1 to V7 of the core. */
export function addSupervisionRoutes(app: Api, options: ApiOptions): void {
  app.get(URL, { config: { access: LEADS }, schema: { params, response: { 200: TalkShape } } }, (request) =>
    talkOf(options, request, request.params.id),
  );
  addOwnRoutes(app, options);
  addApprovalRoute(app, options);
  addMarkRoute(app, options);
  addAlertRoute(app, options);
}

/** Begins, changes, ends the own. */
function addOwnRoutes(app: Api, options: ApiOptions): void {
  app.post(
    URL,
    { config, schema: { params, body: SupervisionBody, response: { 201: TalkShape } } },
    async (request, reply) => {
      const { id } = request.params;
      request.deed = { target: id, detail: `${request.body.mode}: ${request.body.reason}` };
      return reply.code(201).send(await begin(options, request, id, request.body));
    },
  );

  app.patch(
    URL,
    { config, schema: { params, body: SupervisionChange, response: { 200: TalkShape } } },
    async (request) => {
      const { id } = request.params;
      const { mode, reason = '' } = request.body;
      const about = (detail: string) => ({ target: id, detail: reason === '' ? detail : `${detail}: ${reason}` });
      request.deed = about(mode);
      const { by, mode: before } = await own(options, request, id);
      request.deed = about(`${before} → ${mode}`);
      if (reason === '' && isLouder(mode, before)) throw new ApiError('SUPERVISION_REASON_NEEDED');
      await tell(options, request, { type: 'supervisionAsked', contact: contactId(id), by, mode, reason });
      return await talkOf(options, request, id);
    },
  );

  // Whoever began it may end it, whatever has become of the account meanwhile.
  const access = 'loggedIn';
  const ending = { config: { access, audit: 'now' }, schema: { params, response: { 204: Type.Null() } } } as const;
  app.delete(URL, ending, async (request, reply) => {
    const { id } = request.params;
    request.deed = { target: id };
    const by = options.core.talk(contactId(id))?.supervision?.by;
    if (by === undefined || by !== personOf(request).user) throw new ApiError('SUPERVISION_NONE');
    await tell(options, request, { type: 'supervisionLeft', contact: contactId(id), by });
    return reply.code(204).send(null);
  });
}

async function begin(
  options: ApiOptions,
  request: FastifyRequest,
  id: string,
  { mode, reason }: { readonly mode: SupervisionMode; readonly reason: string },
): Promise<TalkView> {
  const { core } = options;
  const by = await ownSeat(options, request);
  const talk = await talkOf(options, request, id);
  if (talk.agent === by) throw new ApiError('OWN_TALK');
  if (talk.supervision !== undefined) throw new ApiError('SUPERVISED_ALREADY');
  if (!core.canSupervise(by)) throw new ApiError('SUPERVISOR_BUSY');
  await tell(options, request, { type: 'supervisionAsked', contact: contactId(id), by, mode, reason });
  // Between the look and the core's own the talk may have ended, or somebody else have come first.
  const begun = core.talk(contactId(id));
  if (begun === undefined) throw new ApiError('CONTACT_NOT_TALKING');
  if (begun.supervision?.by !== by) throw new ApiError('SUPERVISED_ALREADY');
  return begun;
}

/** V5: the second person agrees to what this person has read, not to what it has become meanwhile. */
function addApprovalRoute(app: Api, options: ApiOptions): void {
  const schema = { params, body: ApprovalBody, response: { 200: TalkShape } };
  app.post(`${URL}/approval`, { config, schema }, async (request) => {
    const { id } = request.params;
    const { by, mode } = request.body;
    const { user } = personOf(request);
    request.deed = { target: id, detail: `${by}, ${mode}` };
    const { agent, supervision } = await talkOf(options, request, id);
    const waiting = waitingMode(supervision);
    if (supervision === undefined || waiting === undefined) throw new ApiError('SUPERVISION_NONE');
    request.deed = { target: id, detail: `${by}, ${mode}: ${supervision.reason}` };
    if (user === supervision.by || user === agent) throw new ApiError('SECOND_PERSON_NEEDED');
    if (supervision.by !== by || waiting !== mode) throw new ApiError('APPROVAL_STALE');
    const supervisor = supervision.by;
    await tell(options, request, { type: 'supervisionApproved', contact: contactId(id), by: user, supervisor, mode });
    const talk = await talkOf(options, request, id);
    // Between the look and the core's own it may have become another.
    if (waitingMode(talk.supervision) !== undefined) throw new ApiError('APPROVAL_STALE');
    return talk;
  });
}

/** What a second person is waited for. */
function waitingMode(supervision: SupervisionView | undefined): SupervisionMode | undefined {
  return supervision?.wanted ?? (supervision?.step === 'asked' ? supervision.mode : undefined);
}

function addMarkRoute(app: Api, options: ApiOptions): void {
  app.put(
    '/api/v1/contacts/:id/sensitive',
    { config, schema: { params, body: SensitiveBody, response: { 200: TalkShape } } },
    async (request) => {
      const { id } = request.params;
      const { sensitive } = request.body;
      request.deed = { target: id, detail: sensitive ? 'sensitive' : 'not sensitive' };
      const { agent, unmarkAskedBy } = await talkOf(options, request, id);
      const by = personOf(request).user;
      if (!sensitive && (by === agent || by === unmarkAskedBy)) throw new ApiError('SECOND_PERSON_NEEDED');
      await tell(options, request, { type: 'contactMarked', contact: contactId(id), sensitive, by });
      return await talkOf(options, request, id);
    },
  );
}

/** U5: who leads the agent, or anybody who leads when it is about a wait. */
function addAlertRoute(app: Api, options: ApiOptions): void {
  app.post(
    '/api/v1/alerts/:alert/:of/acknowledge',
    { config: { access: LEADS }, schema: { params: AlertParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      const { alert, of } = request.params;
      const agents = await reachOf(request, options.db);
      const known = options.live?.core.alerts().get(`${alert}/${of}`);
      if (known === undefined || (known.agent !== undefined && agents?.includes(known.agent) === false))
        throw new ApiError('ALERT_UNKNOWN');
      const by = personOf(request).user;
      const about = alert === 'longWait' || alert === 'longAnswer' ? contactId(of) : agentId(of);
      await tell(options, request, { type: 'alertSeen', alert, of: about, by });
      return reply.code(204).send(null);
    },
  );
}

/** The talk, for who may hear of it. */
async function talkOf({ core, db }: ApiOptions, request: FastifyRequest, id: string): Promise<TalkView> {
  const talk = core.talk(contactId(id));
  const agents = await reachOf(request, db);
  if (talk === undefined || agents?.includes(talk.agent) === false) throw new ApiError('CONTACT_NOT_TALKING');
  return talk;
}

async function own(options: ApiOptions, request: FastifyRequest, id: string): Promise<SupervisionView> {
  const { supervision } = await talkOf(options, request, id);
  if (supervision?.by !== personOf(request).user) throw new ApiError('SUPERVISION_NONE');
  return supervision;
}

async function ownSeat({ db }: ApiOptions, request: FastifyRequest) {
  const seat = await seatOf(db, personOf(request).user);
  if (seat === undefined) throw new ApiError('NO_SEAT');
  return agentId(seat.agent);
}

function tell({ core }: ApiOptions, request: FastifyRequest, event: PeopleEvent): Promise<void> {
  return writeDown(core, request, event, 'a supervision');
}
