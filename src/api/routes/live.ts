import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Type } from 'typebox';
import { WebSocketServer } from 'ws';
import { percentOf } from '../../lib/measures.ts';
import { type Alarm, listAlarms } from '../../store/alarms.ts';
import { findSessions, sessionKey } from '../../store/sessions.ts';
import { SESSION_COOKIE, sessionOf } from '../access.ts';
import { ApiError } from '../errors.ts';
import { Hub } from '../live/hub.ts';
import { type AlarmItem, LIVE_PATH, LIVE_TICKET_PATH } from '../live/messages.ts';
import { TICKET_LIFE_MS } from '../live/tickets.ts';
import type { Api, ApiOptions, LiveSources } from '../options.ts';
import { isForeignUpgrade } from '../origin.ts';

/** A client says hello and that it is there; nothing longer. */
const MESSAGE_BYTES_MAX = 4_096;
const ALARMS_SHOWN_MAX = 200;
const TICKET_ACCESS = ['agent', 'lead', 'admin'] as const;

const TicketShape = Type.Object({
  ticket: Type.String({ description: 'Opens one socket, once, in this session.' }),
  validMs: Type.Integer(),
});

/** The live socket: a snapshot, then every change. `live/messages.ts` has all that is said on it. */
export function addLiveRoutes(app: Api, options: ApiOptions): void {
  const { live, logger } = options;
  if (live === undefined) return;
  const hub = new Hub({ core: live.core, logger });
  const alarms = keepAlarms(hub, options, live);
  app.decorate('live', { endSession: (session: string) => hub.endSession(session), alarmsChanged: alarms.look });

  app.post(
    LIVE_TICKET_PATH,
    { config: { access: TICKET_ACCESS }, schema: { response: { 200: TicketShape } } },
    async (request, reply) => {
      const { person, key, endsAtMs } = sessionOf(request);
      const ticket = hub.tickets.draw({ person, session: key, endsAtMs }, Date.now());
      if (ticket === undefined) throw new ApiError('BUSY', { retryAfterS: 1 });
      return reply.header('cache-control', 'no-store').send({ ticket, validMs: TICKET_LIFE_MS });
    },
  );

  app.get(
    LIVE_PATH,
    { config: { access: 'public' }, schema: { description: 'WebSocket; its first message shows a ticket.' } },
    async () => {
      throw new ApiError('UPGRADE_REQUIRED');
    },
  );

  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES_MAX,
  });
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const session = sessionOfUpgrade(request, hub);
    if (typeof session === 'number') return refuse(socket, session);
    sockets.handleUpgrade(request, socket, head, (webSocket) => hub.welcome(webSocket, session));
  });
  const endings = [alarms.end, keepRights(hub, options, live)];
  app.addHook('preClose', async () => {
    for (const end of endings) end();
    hub.close();
  });
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Absent without a live socket. */
    live?: { endSession(session: string): void; alarmsChanged(): void };
  }
}

/** @returns the session that the cookie names, or the HTTP status of a refusal. Whether it holds, the ticket will tell. */
function sessionOfUpgrade({ url, headers }: IncomingMessage, hub: Hub): string | number {
  // Nothing stands behind the path: what is written into an address stands in logs.
  if (url !== LIVE_PATH) return url?.startsWith(`${LIVE_PATH}?`) ? 400 : 404;
  if (isForeignUpgrade(headers)) return 403;
  const token = new RegExp(`(?:^|;\\s*)${SESSION_COOKIE}=([A-Za-z0-9_-]{1,128})(?:;|$)`).exec(
    headers.cookie ?? '',
  )?.[1];
  if (token === undefined) return 401;
  return hub.admits ? sessionKey(token) : 503;
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  503: 'Service Unavailable',
};

function refuse(socket: Duplex, status: number): void {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status} ${REASONS[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** The alarms are read again whenever they may be others. */
function keepAlarms(hub: Hub, { db, logger }: ApiOptions, live: LiveSources): { look(): void; end(): void } {
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

/** Whoever is disabled, logged out everywhere or given other roles loses the socket at once. @returns what ends it. */
function keepRights(hub: Hub, { db, logger }: ApiOptions, live: LiveSources): () => void {
  return live.onAccounts(() => {
    hub.tickets.voidAll();
    findSessions(db, hub.sessions(), Date.now()).then(
      (sessions) => hub.recheck(new Map([...sessions].map(([key, { person }]) => [key, person]))),
      (error: unknown) => logger.warn({ err: error }, 'who may stay on the live socket cannot be read now'),
    );
  });
}
