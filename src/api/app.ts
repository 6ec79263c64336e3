import cookie from '@fastify/cookie';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { guardRoutes } from './access.ts';
import { keepAuditTrail } from './audit-trail.ts';
import { limitBodies, takeJson } from './bodies.ts';
import { knowClients } from './clients.ts';
import { ApiError, answerError } from './errors.ts';
import type { Api, ApiOptions } from './options.ts';
import { refuseForeignOrigin } from './origin.ts';
import { refuseUnknownQuestions } from './questions.ts';
import { addAgentRoutes } from './routes/agents.ts';
import { addAlarmRoutes } from './routes/alarms.ts';
import { addTokenRoutes } from './routes/api-tokens.ts';
import { addAuditRoutes } from './routes/audit.ts';
import { addCallOutRoute } from './routes/call-out.ts';
import { addCallerRoutes } from './routes/callers.ts';
import { addChatRoutes } from './routes/chat.ts';
import { addChatDeskRoutes } from './routes/chat-desk.ts';
import { addContactRoutes } from './routes/contacts.ts';
import { addConversationRoutes } from './routes/conversations.ts';
import { addDispositionRoute } from './routes/dispositions.ts';
import { addFormRoutes } from './routes/forms.ts';
import { addFreeSwitchRoutes } from './routes/freeswitch.ts';
import { addHistoryRoute } from './routes/history.ts';
import { addIntakeRoutes } from './routes/intake.ts';
import { addLiveRoutes } from './routes/live.ts';
import { addMeasureRoutes } from './routes/measures.ts';
import { addMessageRoutes } from './routes/messages.ts';
import { addMissedCallRoutes } from './routes/missed-calls.ts';
import { addModeRoutes } from './routes/mode.ts';
import { addOpen311Routes } from './routes/open311.ts';
import { addOperationRoutes } from './routes/operations.ts';
import { addPageRoute } from './routes/page.ts';
import { addPersonRoutes } from './routes/persons.ts';
import { addPhoneRoute } from './routes/phone.ts';
import { addRecordingRoutes } from './routes/recordings.ts';
import { addReferenceRoute } from './routes/reference.ts';
import { addReopenRoute } from './routes/reopen.ts';
import { addReplyFileRoute } from './routes/reply-files.ts';
import { addRevealRoute } from './routes/reveal.ts';
import { addSessionRoutes } from './routes/session.ts';
import { addSiteRoutes } from './routes/sites.ts';
import { addSupervisionRoutes } from './routes/supervision.ts';
import { addTeamRoutes } from './routes/teams.ts';
import { addUserRoutes } from './routes/users.ts';
import { addWebCallRoute } from './routes/web-calls.ts';

const BODY_BYTES_MAX = 64 * 1024;
const HEADER_BYTES_MAX = 16 * 1024;
/** Of files, over a telephone's line; as long as the pages wait. All else has less: `bodies.ts`. */
const REQUEST_MAX_MS = 120_000;
const HEADERS_MAX_MS = 10_000;
/** How often sockets are looked over for those that are too late. */
const LATENESS_CHECK_MS = 1_000;

/** The HTTP interface, not yet listening. `inject()` of fastify asks it without a socket. */
export async function createApi(options: ApiOptions): Promise<FastifyInstance> {
  const http = {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: HEADERS_MAX_MS,
    connectionsCheckingInterval: LATENESS_CHECK_MS,
  };
  const app = fastify({
    loggerInstance: options.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MAX_MS,
    // A body is taken as it is or not at all: no number becomes a text, nothing is left out in silence.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    frameworkErrors: (error, request, reply) => answerError(error, request, reply),
    ...(options.tls ? { https: { ...http, ...options.tls } } : { http }),
  }).withTypeProvider<TypeBoxTypeProvider>() as unknown as Api;
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => answerError(new ApiError('NOT_FOUND'), request, reply));
  takeJson(app as unknown as FastifyInstance);
  limitBodies(app as unknown as FastifyInstance);
  await app.register(cookie);
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Minhu 民呼', version: '1', license: { name: 'Apache-2.0' } } },
  });
  refuseUnknownQuestions(app as unknown as FastifyInstance);
  knowClients(app, options.trustedProxies);
  app.addHook('onRequest', refuseForeignOrigin);
  keepAuditTrail(app as unknown as FastifyInstance, options.db, options.logger);
  guardRoutes(app as unknown as FastifyInstance, { db: options.db, atWork: (user) => isAtWork(options, user) });
  for (const add of ROUTES) add(app, options);
  return app as unknown as FastifyInstance;
}

/** Ready, or with a contact. */
function isAtWork({ core }: ApiOptions, user: string): boolean {
  const view = core.agents().find(({ agent }) => agent === user);
  return view !== undefined && view.state !== 'offline' && view.state !== 'notReady';
}

const ROUTES = [
  addSessionRoutes,
  addAgentRoutes,
  addCallOutRoute,
  addContactRoutes,
  addConversationRoutes,
  addReopenRoute,
  addMessageRoutes,
  addReplyFileRoute,
  addIntakeRoutes,
  addOpen311Routes,
  addDispositionRoute,
  addSupervisionRoutes,
  addRecordingRoutes,
  addMeasureRoutes,
  addAlarmRoutes,
  addMissedCallRoutes,
  addCallerRoutes,
  addSiteRoutes,
  addModeRoutes,
  addUserRoutes,
  addTeamRoutes,
  addTokenRoutes,
  addAuditRoutes,
  addOperationRoutes,
  addFreeSwitchRoutes,
  addLiveRoutes,
  addFormRoutes,
  addPhoneRoute,
  addHistoryRoute,
  addPersonRoutes,
  addRevealRoute,
  addReferenceRoute,
  addWebCallRoute,
  addChatRoutes,
  addChatDeskRoutes,
  addPageRoute,
];
