import { CONNECT_LIMITS, type ConnectLimits } from '../lib/measure-alarm.ts';
import { readFields, readWhole } from './fields.ts';
import type { Field } from './yaml-file.ts';

const CALLS_MAX = 100_000;

/** supervision.yaml: by what the connect rate is watched; without the file as the standard asks. */
export function readConnectLimits(top: Field | undefined): ConnectLimits {
  const fields = top && readFields(top, ['connectRate']);
  const rate = fields && readFields(fields.connectRate, ['alarm', 'target', 'callsMin']);
  return {
    alarmPercent: (rate && readWhole(rate.alarm, 1, 100)) ?? CONNECT_LIMITS.alarmPercent,
    targetPercent: (rate && readWhole(rate.target, 1, 100)) ?? CONNECT_LIMITS.targetPercent,
    callsMin: (rate && readWhole(rate.callsMin, 1, CALLS_MAX)) ?? CONNECT_LIMITS.callsMin,
  };
}
