import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Gauge } from 'prom-client';
import { Type } from 'typebox';
import { WebSocketServer } from 'ws';
import { networkOf } from '../../lib/network-of.ts';
import { beginChat } from '../../store/chat-sessions.ts';
import { CHAT_FRAME_BYTES_MAX, CHAT_PATH, CHAT_PROTOCOL, CHAT_SESSIONS_PATH } from '../chat/messages.ts';
import { CHAT_LIFE_MS, makeChatToken } from '../chat/resume-token.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions, WebChatSource } from '../options.ts';
import { isForeignUpgrade } from '../origin.ts';
import { refuseUpgrade } from '../refuse-upgrade.ts';
import { WRITTEN_LINE } from '../text-pattern.ts';
import { isOpenFor, limitNetworks } from '../visitors.ts';
import { addChatFileRoutes } from './chat-files.ts';

const SESSIONS = { times: 20, withinMs: 600_000 };

const SessionWish = Type.Object(
  {
    entry: Type.Optional(Type.Union([Type.Literal('personal'), Type.Literal('enterprise')])),
    name: Type.Optional(Type.String({ maxLength: 64, pattern: WRITTEN_LINE })),
  },
  { additionalProperties: false },
);
const SessionShape = Type.Object({
  session: Type.String(),
  token: Type.String({ description: 'Whoever has it is the citizen.' }),
  expiresAtMs: Type.Integer(),
});

/** Citizens write from a page: a conversation is begun here, and held over the socket. `chat/messages.ts` has all that is said on it. */
export function addChatRoutes(app: Api, options: ApiOptions): void {
  const { webChat, db, metrics } = options;
  if (webChat === undefined) return;
  const { hub } = webChat;
  const limiter = limitNetworks(webChat.sessionsPerNetwork ?? SESSIONS);

  app.post(
    CHAT_SESSIONS_PATH,
    { config: { access: 'public', audit: 'never' }, schema: { body: SessionWish, response: { 201: SessionShape } } },
    async (request, reply) => {
      if (!isOpenFor(webChat, request.raw)) throw new ApiError('NOT_FOUND');
      const nowMs = Date.now();
      const waitS = limiter.take(request.client, nowMs);
      if (waitS > 0) throw new ApiError('CHAT_THROTTLED', { retryAfterS: waitS });
      const { entry = 'personal', name = '' } = request.body;
      const session = `s_${randomBytes(16).toString('base64url')}`;
      const expiresAtMs = nowMs + CHAT_LIFE_MS;
      await beginChat(db, { id: session, entry, name, created_at_ms: nowMs, expires_at_ms: expiresAtMs });
      const token = makeChatToken(hub.key, { session, expiresAtMs, generation: 1 });
      return reply.code(201).header('cache-control', 'no-store').send({ session, token, expiresAtMs });
    },
  );

  app.get(
    CHAT_PATH,
    { config: { access: 'public' }, schema: { description: 'WebSocket; subprotocol hotline.v1.' } },
    async () => {
      throw new ApiError('UPGRADE_REQUIRED');
    },
  );

  addChatFileRoutes(app, options, webChat);
  takeUpgrades(app, webChat);
  new Gauge({
    name: 'minhu_chat_sockets',
    help: 'Pages of citizens in the web chat that are open',
    registers: [metrics.registry],
    collect() {
      this.set(hub.size);
    },
  });
}

function takeUpgrades(app: Api, webChat: WebChatSource): void {
  const { hub } = webChat;
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: CHAT_FRAME_BYTES_MAX,
    handleProtocols: () => CHAT_PROTOCOL,
  });
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url?.split('?', 1)[0] !== CHAT_PATH) return;
    const network = networkOf(app.clientOf(request));
    const status = refusalOf(request, webChat, network);
    if (status !== undefined) return refuseUpgrade(socket, status);
    sockets.handleUpgrade(request, socket, head, (webSocket) => hub.welcome(webSocket, network));
  });
  app.addHook('preClose', async () => hub.close());
}

/** @returns the HTTP status; undefined: it may come in. */
function refusalOf(request: IncomingMessage, webChat: WebChatSource, network: string): number | undefined {
  const { url, headers } = request;
  if (!isOpenFor(webChat, request)) return 404;
  // Nothing stands behind the path: what is written into an address stands in logs.
  if (url !== CHAT_PATH) return 400;
  if (isForeignUpgrade(headers)) return 403;
  const offered = String(headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/);
  if (!offered.includes(CHAT_PROTOCOL)) return 400;
  return webChat.hub.admits(network) ? undefined : 503;
}
