import { dateOfDay, dayOfDate, MINUTE_MS } from '../lib/civil-day.ts';
import { instantOf, localOf, offsetAt, type ZoneOffset } from './calendar.ts';

const INSTANT =
  /^(\d{4}-\d\d-\d\d)(?:T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,3}))?)?(Z|[+-][01]\d:[0-5]\d)?)?$/;

/** `2026-02-13T10:00+08:00`; without an offset the local clock is meant, without a time the day's midnight. Undefined: no instant. */
export function parseInstant(text: string, offsets: readonly ZoneOffset[]): number | undefined {
  const match = INSTANT.exec(text);
  const day = dayOfDate(match?.[1] ?? '');
  if (match === null || day === undefined) return undefined;
  const [hour, minute, second] = [match[2], match[3], match[4]].map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
  ];
  const restMs = second * 1_000 + Number((match[5] ?? '0').padEnd(3, '0'));
  const clock = hour * 60 + minute;
  const zone = match[6];
  if (zone === undefined) return instantOf(offsets, day, clock) + restMs;
  const ahead = zone === 'Z' ? 0 : (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))) * (zone[0] === '-' ? -1 : 1);
  return instantOf([{ fromMs: 0, offsetMinutes: ahead }], day, clock) + restMs;
}

/** ISO 8601 with the zone's offset, to the second: `2026-02-28T00:00:00+08:00`; ms only when there are any. */
export function spellInstant(offsets: readonly ZoneOffset[], atMs: number): string {
  const { day, msOfDay } = localOf(offsets, atMs);
  const offset = offsetAt(offsets, atMs);
  const minutes = Math.floor(msOfDay / MINUTE_MS);
  const clock = [Math.floor(minutes / 60), minutes % 60, Math.floor(msOfDay / 1_000) % 60].map(two).join(':');
  const ms = msOfDay % 1_000;
  const fraction = ms === 0 ? '' : `.${ms.toString().padStart(3, '0')}`;
  const ahead = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${dateOfDay(day)}T${clock}${fraction}${ahead}`;
}

function two(n: number): string {
  return n.toString().padStart(2, '0');
}
