import { Type } from 'typebox';
import { maskNumber } from '../../lib/mask-number.ts';
import { findMissedCall, listMissedCalls, type MissedCallRow } from '../../store/missed-calls.ts';
import { LEADS, personOf } from '../access.ts';
import { ApiError } from '../errors.ts';
import { readPeriod } from '../instant.ts';
import { MissedCallBody, MissedCallsQuery, MissedCallsShape } from '../missed-call-shapes.ts';
import type { Api, ApiOptions } from '../options.ts';
import { writeDown } from '../write-down.ts';

const WEEK_MS = 7 * 24 * 3_600_000;
const ROWS_MAX = 1_000;
const MissedCallParams = Type.Object({ contact: Type.String({ maxLength: 80 }) });

/** Domain guide §3.9, S0-010: who was missed, by when they are to be called back, and what became of it. */
export function addMissedCallRoutes(app: Api, { db, core }: ApiOptions): void {
  app.get(
    '/api/v1/missed-calls',
    {
      config: { access: LEADS },
      schema: { querystring: MissedCallsQuery, response: { 200: MissedCallsShape } },
    },
    async (request) => {
      const period = readPeriod(request.query, WEEK_MS);
      const rows = await listMissedCalls(db, {
        ...period,
        open: request.query.open === 'true',
        rowsMax: ROWS_MAX + 1,
      });
      return {
        missedCalls: rows.slice(0, ROWS_MAX).map((row) => missedCallView(row, Date.now())),
        complete: rows.length <= ROWS_MAX,
      };
    },
  );

  app.post(
    '/api/v1/missed-calls/:contact/handled',
    {
      config: { access: LEADS },
      schema: { params: MissedCallParams, body: MissedCallBody, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const missed = await findMissedCall(db, request.params.contact);
      if (missed === undefined) throw new ApiError('MISSED_CALL_UNKNOWN');
      if (missed.closed_at_ms !== null) throw new ApiError('MISSED_CALL_CLOSED');
      const { note } = request.body;
      const by = personOf(request).user;
      await writeDown(
        core,
        request,
        { type: 'missedCallHandled', number: missed.number, by, note },
        'the end of a missed call',
      );
      return reply.status(204).send(null);
    },
  );
}

function missedCallView(row: MissedCallRow, nowMs: number) {
  return {
    contact: row.contact,
    from: maskNumber(row.number),
    queue: row.queue,
    calls: row.calls,
    missedAtMs: row.missed_at_ms,
    dueAtMs: row.due_at_ms,
    overdue: (row.closed_at_ms ?? nowMs) > row.due_at_ms,
    callBack: row.call_back,
    tries: row.tries,
    closedAtMs: row.closed_at_ms,
    result: row.result,
    handledBy: row.handled_by,
    note: row.note,
  };
}
