import type { AlertLimits } from '../core/settings.ts';
import { CONNECT_LIMITS, type ConnectLimits } from '../lib/measure-alarm.ts';
import { readDurationMs, readFields, readWhole } from './fields.ts';
import { complain, type Field } from './yaml-file.ts';

const CALLS_MAX = 100_000;

/** supervision.yaml: what is watched over, and by what. */
export function readSupervision(top: Field | undefined): {
  readonly connectLimits: ConnectLimits;
  /** What a lead is told of at once (U1–U4). Absent: nothing. */
  readonly alerts: { readonly alerts?: AlertLimits };
} {
  const fields = top && readFields(top, ['connectRate'], ['alerts']);
  return {
    connectLimits: readConnectLimits(fields?.connectRate),
    alerts: fields?.alerts === undefined ? {} : { alerts: readAlertLimits(fields.alerts) },
  };
}

/** Without the file as the standard asks. */
function readConnectLimits(field: Field | undefined): ConnectLimits {
  const rate = field && readFields(field, ['alarm', 'target', 'callsMin']);
  const alarmPercent = (rate && readWhole(rate.alarm, 1, 100)) ?? CONNECT_LIMITS.alarmPercent;
  const targetPercent = (rate && readWhole(rate.target, 1, 100)) ?? CONNECT_LIMITS.targetPercent;
  if (rate !== undefined && alarmPercent > targetPercent) {
    complain(
      rate.alarm,
      [
        `告警值 ${alarmPercent} 高于目标值 ${targetPercent}。`,
        `The alarm at ${alarmPercent} is above the target of ${targetPercent}.`,
      ],
      ['告警值不要高于目标值，例如 95 与 98。', 'Let the alarm be the target at most, such as 95 and 98.'],
    );
  }
  return {
    alarmPercent,
    targetPercent,
    callsMin: (rate && readWhole(rate.callsMin, 1, CALLS_MAX)) ?? CONNECT_LIMITS.callsMin,
  };
}

const MISSES_MAX = 100;
const HOUR_MS = 3_600_000;
/** A mail has a day; a city that gives it a weekend has three. */
const MAIL_MS_MAX = 72 * HOUR_MS;

function readAlertLimits(field: Field): AlertLimits {
  const fields = readFields(field, [], ['wait', 'chatWait', 'mailWait', 'hold', 'wrapUp', 'missedOffers']);
  if (fields === undefined) return {};
  const lasting = (each: Field | undefined) => each && readDurationMs(each, 1_000, HOUR_MS);
  const [waitMs, holdMs, wrapUpMs] = [fields.wait, fields.hold, fields.wrapUp].map(lasting);
  const chatWaitMs = lasting(fields.chatWait);
  const mailWaitMs = fields.mailWait && readDurationMs(fields.mailWait, 1_000, MAIL_MS_MAX);
  const missedOffers = fields.missedOffers && readWhole(fields.missedOffers, 1, MISSES_MAX);
  return {
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(chatWaitMs === undefined ? {} : { chatWaitMs }),
    ...(mailWaitMs === undefined ? {} : { mailWaitMs }),
    ...(holdMs === undefined ? {} : { holdMs }),
    ...(wrapUpMs === undefined ? {} : { wrapUpMs }),
    ...(missedOffers === undefined ? {} : { missedOffers }),
  };
}
