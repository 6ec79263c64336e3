import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Counter, Gauge } from 'prom-client';
import { Type } from 'typebox';
import { WebSocketServer } from 'ws';
import type { AgentId, ContactId } from '../../core/ids.ts';
import { sessionKey, touchSession } from '../../store/sessions.ts';
import type { Db } from '../../store/store.ts';
import { LEADS, personOf, reachOf, SESSION_COOKIE, sessionOf } from '../access.ts';
import { CHAT_PATH } from '../chat/messages.ts';
import { ApiError } from '../errors.ts';
import { keepChannels } from '../live/channel-feed.ts';
import { keepDay } from '../live/day-feed.ts';
import { keepAlarms, keepRights } from '../live/feeds.ts';
import { FormFeed } from '../live/form-feed.ts';
import { Hub } from '../live/hub.ts';
import { LIVE_PATH, LIVE_TICKET_PATH } from '../live/messages.ts';
import { SupervisionRights } from '../live/supervision-rights.ts';
import { TICKET_LIFE_MS } from '../live/tickets.ts';
import type { Api, ApiOptions, LiveSources } from '../options.ts';
import { isForeignUpgrade } from '../origin.ts';
import { refuseUpgrade } from '../refuse-upgrade.ts';
import { WRITTEN_LINE } from '../text-pattern.ts';

/** A client says hello and that it is there; nothing longer. */
const MESSAGE_BYTES_MAX = 4_096;

const HintParams = Type.Object({ agent: Type.String({ maxLength: 64 }) });
const HintBody = Type.Object(
  { text: Type.String({ minLength: 1, maxLength: 200, pattern: WRITTEN_LINE }) },
  { additionalProperties: false },
);
const TicketShape = Type.Object({
  ticket: Type.String({ description: 'Opens one socket, once, in this session.' }),
  validMs: Type.Integer(),
});

/** The live socket: a snapshot, then every change. `live/messages.ts` has all that is said on it. */
export function addLiveRoutes(app: Api, options: ApiOptions): void {
  const { db, live } = options;
  if (live === undefined) return;
  const hub = openHub(options, live);
  const alarms = keepAlarms(hub, options, live);
  const rights = keepRights(hub, options, live);
  const supervisions = new SupervisionRights(options, live, (user) => hub.watch.isAtWork(user));
  app.decorate('live', {
    endSession(session: string) {
      hub.endSession(session);
      supervisions.look();
    },
    seen: (session: string) => hub.seen(session),
    changesHeard: () => hub.tickets.changes,
    recheckUser(user: string) {
      rights.look(user);
      supervisions.look();
    },
    alarmsChanged: alarms.look,
    forms: new FormFeed(hub, options),
    receiptsCame(agent: AgentId, contact: ContactId) {
      hub.watch.receiptsCame(agent, contact, Date.now());
      hub.tell();
    },
    writes(agent: AgentId, contact: ContactId, on: boolean) {
      hub.watch.citizenWrites(agent, contact, on, Date.now());
      hub.tell();
    },
  });

  app.post(
    LIVE_TICKET_PATH,
    { config: { access: 'loggedIn', idle: true, audit: 'never' }, schema: { response: { 200: TicketShape } } },
    async (request, reply) => {
      const { person, key: session, endsAtMs, seenAtMs } = sessionOf(request);
      const ticket = hub.tickets.draw({ person, session, endsAtMs, seenAtMs }, request.changesHeard, Date.now());
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

  addHintRoute(app, db, hub);
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES_MAX,
  });
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Citizens' sockets are another route's.
    if (options.webChat !== undefined && request.url?.split('?', 1)[0] === CHAT_PATH) return;
    const session = sessionOfUpgrade(request, hub);
    if (typeof session === 'number') return refuseUpgrade(socket, session);
    sockets.handleUpgrade(request, socket, head, (webSocket) => hub.welcome(webSocket, socket, session));
  });
  const endings = [alarms.end, rights.end, () => supervisions.end(), keepDay(hub, options, live)];
  if (options.channels !== undefined) endings.push(keepChannels(hub, options.channels.host));
  app.addHook('preClose', async () => {
    for (const end of endings) end();
    hub.close();
  });
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Absent without a live socket. */
    live?: {
      endSession(session: string): void;
      /** The session's person did something. */
      seen(session: string): void;
      /** Changes of rights so far. */
      changesHeard(): number;
      /** Some sessions of this user may have ended. */
      recheckUser(user: string): void;
      alarmsChanged(): void;
      /** Forms of contacts, and who is told of them. */
      readonly forms: Pick<FormFeed, 'read' | 'stored'>;
      /** What became of messages of this agent in a contact is other than before. */
      receiptsCame(agent: AgentId, contact: ContactId): void;
      /** The citizen of a contact that this agent has writes, or no longer. */
      writes(agent: AgentId, contact: ContactId, on: boolean): void;
    };
  }
}

/** With its own figures in `/metrics`. */
function openHub({ db, logger, metrics }: ApiOptions, live: LiveSources): Hub {
  const closed = new Counter({
    name: 'minhu_live_closed_total',
    help: 'Live sockets that were closed, by code',
    labelNames: ['code'],
    registers: [metrics.registry],
  });
  const hub = new Hub({
    onClosed: (code) => closed.inc({ code: String(code) }),
    core: live.core,
    logger,
    onActive: (key, seenAtMs) =>
      void touchSession(db, { key, seenAtMs }, Date.now()).catch((error: unknown) =>
        logger.debug({ err: error }, 'an active session cannot be kept now'),
      ),
  });
  new Gauge({
    name: 'minhu_live_sockets',
    help: 'Live sockets that are open',
    registers: [metrics.registry],
    collect() {
      this.set(hub.size);
    },
  });
  return hub;
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

/** A lead's word to an agent: on the agent's page at once, and in nobody's records. */
function addHintRoute(app: Api, db: Db, hub: Hub): void {
  app.post(
    '/api/v1/agents/:agent/hints',
    {
      config: { access: LEADS, audit: 'later' },
      schema: { params: HintParams, body: HintBody, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const { agent } = request.params;
      const agents = await reachOf(request, db);
      if (agents !== undefined && !agents.includes(agent)) throw new ApiError('USER_UNKNOWN');
      const hint = { by: personOf(request).user, text: request.body.text, atMs: Date.now() };
      if (!(await hub.hint(agent, hint))) throw new ApiError('AGENT_AWAY');
      return reply.code(204).send(null);
    },
  );
}
