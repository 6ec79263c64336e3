import { percentOf } from '../../lib/measures.ts';
import { type Alarm, listAlarms } from '../../store/alarms.ts';
import { isUnmade } from '../../store/migrate.ts';
import { findSessions } from '../../store/sessions.ts';
import { loadTeams } from '../../store/teams.ts';
import type { ApiOptions, LiveSources } from '../options.ts';
import type { Hub } from './hub.ts';
import type { AlarmItem } from './messages.ts';

const ALARMS_SHOWN_MAX = 200;

/** The alarms are read again whenever they may be others. */
export function keepAlarms(hub: Hub, { db, logger }: ApiOptions, live: LiveSources): { look(): void; end(): void } {
  const look = (): void => {
    listAlarms(db, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, open: true, rowsMax: ALARMS_SHOWN_MAX }).then(
      (alarms) => {
        hub.watch.setAlarms(alarms.map(alarmItem));
        hub.tell();
      },
      (error: unknown) => logger.debug({ err: error }, 'the alarms cannot be read now'),
    );
  };
  const ends = [live.onAlarm(look), live.onAccounts(look)];
  look();
  return { look, end: () => ends.forEach((end) => void end()) };
}

function alarmItem(alarm: Alarm): AlarmItem {
  const { id, scope, numerator, denominator } = alarm;
  return {
    key: `alarm/${id}`,
    kind: 'alarm',
    id,
    scope,
    about: alarm.key,
    fromMs: alarm.from_ms,
    toMs: alarm.to_ms,
    raisedAtMs: alarm.raised_at_ms,
    figure: { numerator, denominator, value: percentOf(numerator, denominator) },
    limitPercent: alarm.limit_percent,
  };
}

/** They could not be read: once more after so long. */
const AGAIN_MS = 1_000;

/** Whoever is disabled, logged out everywhere or given other rights loses the socket at once, or as soon as the database can be asked. */
export function keepRights(
  hub: Hub,
  { db, logger }: ApiOptions,
  live: LiveSources,
): { look(user?: string): void; end(): void } {
  let again: NodeJS.Timeout | undefined;
  const failed = (error: unknown): void => {
    // A first start is still making its tables: nobody can be here yet, and every change of accounts is heard of.
    if (isUnmade(error)) return;
    logger.warn({ err: error }, 'who may stay on the live socket cannot be read now');
    again ??= setTimeout(lookAtAll, AGAIN_MS).unref();
  };
  const look = (user?: string): void => {
    const asked = hub.sessions(user);
    findSessions(db, asked, Date.now()).then(
      (sessions) => hub.recheck(asked, new Map([...sessions].map(([key, { person }]) => [key, person]))),
      failed,
    );
  };
  const teams = (): void => {
    loadTeams(db).then((teamOf) => {
      hub.watch.setTeams(teamOf);
      hub.tell();
    }, failed);
  };
  const lookAtAll = (): void => {
    again = undefined;
    look();
    teams();
  };
  const unfollow = live.onAccounts(() => {
    hub.tickets.voidAll();
    lookAtAll();
  });
  teams();
  const end = (): void => {
    clearTimeout(again);
    unfollow();
  };
  return { look, end };
}
