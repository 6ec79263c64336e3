import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { contactId } from '../../core/ids.ts';
import { maskNumber } from '../../lib/mask-number.ts';
import {
  type CallerRow,
  isProposed,
  listStages,
  noteCaller,
  setCallerOrder,
  setStage,
  stageUntilMs,
} from '../../store/callers.ts';
import { numberOfContact } from '../../store/contact-records.ts';
import { hasRole, LEADS, personOf, reachOf } from '../access.ts';
import { CallerBody, CallerOrderBody, CallersShape, GradeBody, StageBody, StageShape } from '../caller-shapes.ts';
import { mustHaveHad } from '../contact-reach.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ContactParams } from '../schemas.ts';
import { writeDown } from '../write-down.ts';

/**
 * Domain guide §3.9, S0-010, E6: elders, grades, open orders, and malicious callers in stages. A caller is named by a contact, so that no number stands
 * in an address.
 */
export function addCallerRoutes(app: Api, options: ApiOptions): void {
  addNoteRoutes(app, options);
  addStageRoutes(app, options);

  app.put(
    '/api/v1/caller-orders',
    {
      config: { access: ['integrator'], scope: 'callers:write' },
      schema: { body: CallerOrderBody, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const { number, order: no, urgency, open } = request.body;
      request.deed = { target: no, detail: open ? urgency : 'closed' };
      await setCallerOrder(options.db, { number, no, urgency, open });
      return reply.status(204).send(null);
    },
  );
}

function addNoteRoutes(app: Api, options: ApiOptions): void {
  const { db, core } = options;
  app.put(
    '/api/v1/contacts/:id/caller',
    {
      config: { access: ['agent', ...LEADS] },
      schema: { params: ContactParams, body: CallerBody, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const number = await callerOf(options, request, request.params.id);
      const { elder } = request.body;
      request.deed = { target: request.params.id, detail: elder ? 'elder' : 'no elder' };
      await noteCaller(db, number, { elder }, personOf(request).user, Date.now());
      return reply.status(204).send(null);
    },
  );

  app.put(
    '/api/v1/contacts/:id/grade',
    {
      config: { access: ['agent', ...LEADS] },
      schema: { params: ContactParams, body: GradeBody, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { grade } = request.body;
      const number = await numberBehind(options, request, id);
      // G4 is about the wait: only the note for the next call needs somebody to be known by.
      if (number === undefined && core.digital(id) === undefined) throw new ApiError('CALLER_WITHHELD');
      const by = personOf(request).user;
      request.deed = { target: id, detail: grade ?? 'none' };
      if (number !== undefined) await noteCaller(db, number, { grade }, by, Date.now());
      await writeDown(core, request, { type: 'contactRegraded', contact: contactId(id), grade, by }, 'a grade');
      return reply.status(204).send(null);
    },
  );
}

function addStageRoutes(app: Api, options: ApiOptions): void {
  const { db } = options;
  app.get(
    '/api/v1/callers',
    { config: { access: [...LEADS, 'auditor'] }, schema: { response: { 200: CallersShape } } },
    async () => {
      const nowMs = Date.now();
      return { callers: (await listStages(db, nowMs)).map((row) => callerView(row, nowMs)) };
    },
  );

  app.put(
    '/api/v1/contacts/:id/caller/stage',
    {
      config: { access: ['agent', ...LEADS], audit: 'now' },
      schema: { params: ContactParams, body: StageBody, response: { 200: StageShape } },
    },
    async (request) => {
      const { stage, reason, days } = request.body;
      request.deed = { target: request.params.id, detail: `${stage}: ${reason}` };
      if (stage !== 'limited' && !LEADS.some((role) => hasRole(request, role))) throw new ApiError('FORBIDDEN');
      const number = await callerOf(options, request, request.params.id);
      const who = { by: personOf(request).user, mayApprove: hasRole(request, 'supervisor') };
      const answer = await setStage(db, { number, stage, reason, days, ...who, nowMs: Date.now() });
      if (answer === 'sameUser') throw new ApiError('SECOND_PERSON_NEEDED');
      const asked = days === undefined ? '' : `, ${days} d`;
      const became = answer === 'proposed' ? `proposed${asked}` : await inForce(db, number);
      request.deed.detail = `${stage}: ${reason} (${became})`;
      return { answer };
    },
  );
}

/** For the trail: how long what was decided holds. */
async function inForce(db: ApiOptions['db'], number: string): Promise<string> {
  const untilMs = await stageUntilMs(db, number);
  return untilMs === null ? 'in force' : `in force until ${new Date(untilMs).toISOString()}`;
}

/** As `numberBehind`, where nothing can be done without it. */
async function callerOf(options: ApiOptions, request: FastifyRequest, id: string): Promise<string> {
  const number = await numberBehind(options, request, id);
  if (number === undefined) throw new ApiError('CALLER_WITHHELD');
  return number;
}

/** The number behind a contact that this person may see, or has on the line. Undefined: withheld, or from a page. */
async function numberBehind(options: ApiOptions, request: FastifyRequest, id: string): Promise<string | undefined> {
  const { db, core } = options;
  const has = core.agents().some(({ agent, contact }) => agent === personOf(request).user && contact === id);
  if (!has) await mustHaveHad(options, id, await reachOf(request, db));
  const number = await numberOfContact(db, id);
  if (number === undefined) throw new ApiError('CONTACT_UNKNOWN');
  return /\d{3}/.test(number) ? number : undefined;
}

/** A stage that is over, and a proposal that nobody took up in time, are none. */
function callerView(row: CallerRow, nowMs: number) {
  const holds = row.stage_until_ms !== null && row.stage_until_ms > nowMs;
  const proposed = isProposed(row, nowMs);
  return {
    id: row.id,
    from: maskNumber(row.number),
    stage: holds ? row.stage : null,
    untilMs: holds ? row.stage_until_ms : null,
    reason: holds ? row.stage_reason : null,
    proposedBy: proposed ? row.proposed_by : null,
    proposedReason: proposed ? row.proposed_reason : null,
    proposedDays: proposed ? row.proposed_days : null,
    changedAtMs: row.changed_at_ms,
    changedBy: row.changed_by,
  };
}
