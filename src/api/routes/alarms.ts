import { percentOf } from '../../lib/measures.ts';
import { type Alarm, acknowledgeAlarm, listAlarms } from '../../store/alarms.ts';
import { LEADS, personOf } from '../access.ts';
import { ApiError } from '../errors.ts';
import { readPeriod } from '../instant.ts';
import { AcknowledgeBody, AlarmParams, AlarmShape, AlarmsQuery, AlarmsShape } from '../measure-shapes.ts';
import type { Api, ApiOptions } from '../options.ts';

const WEEK_MS = 7 * 24 * 3_600_000;
const ROWS_MAX = 1_000;

/** Domain guide S0-008: where too few calls were answered, and who has seen it. */
export function addAlarmRoutes(app: Api, { db, connectLimits }: ApiOptions): void {
  app.get(
    '/api/v1/alarms',
    {
      config: { access: [...LEADS, 'auditor', 'admin'] },
      schema: { querystring: AlarmsQuery, response: { 200: AlarmsShape } },
    },
    async (request) => {
      const period = readPeriod(request.query, WEEK_MS);
      const open = request.query.open === 'true';
      const rows = await listAlarms(db, { ...period, open, rowsMax: ROWS_MAX + 1 });
      const alarms = rows.slice(0, ROWS_MAX).map(alarmView);
      return { limits: connectLimits, alarms, complete: rows.length <= ROWS_MAX };
    },
  );

  app.post(
    '/api/v1/alarms/:id/acknowledge',
    {
      config: { access: [...LEADS, 'admin'] },
      schema: { params: AlarmParams, body: AcknowledgeBody, response: { 200: AlarmShape } },
    },
    async (request) => {
      const note = request.body.note ?? null;
      const by = personOf(request).user;
      const alarm = await acknowledgeAlarm(db, Number(request.params.id), { by, note, atMs: Date.now() });
      if (!alarm) throw new ApiError('ALARM_UNKNOWN');
      app.live?.alarmsChanged();
      return alarmView(alarm);
    },
  );
}

function alarmView(alarm: Alarm) {
  return {
    id: alarm.id,
    kind: alarm.kind,
    scope: alarm.scope,
    key: alarm.key,
    fromMs: alarm.from_ms,
    toMs: alarm.to_ms,
    raisedAtMs: alarm.raised_at_ms,
    numerator: alarm.numerator,
    denominator: alarm.denominator,
    value: percentOf(alarm.numerator, alarm.denominator),
    limitPercent: alarm.limit_percent,
    acknowledgedAtMs: alarm.acknowledged_at_ms,
    acknowledgedBy: alarm.acknowledged_by,
    note: alarm.note,
  };
}
