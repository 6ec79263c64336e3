import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { appendAudit, type Deed } from '../store/audit.ts';
import type { Db } from '../store/store.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * `now`: the answer waits until it is written down, or cannot be now. `first`: there is no answer before, nor without it.
     * `later`: calls must not wait for the database. `never`: nothing worth it.
     * Usually `later` for what changes something, `never` for what only looks.
     */
    audit?: 'first' | 'now' | 'later' | 'never';
  }
  interface FastifyRequest {
    /** What the trail cannot see by itself. Never a secret. */
    deed: { who?: string; target?: string; detail?: string } | null;
    /** Code of the error that was answered. */
    problem: string;
  }
}

const SERVER_ERROR = 500;
const LOOKS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Of what was refused before anybody was known, only these are worth a row. */
const LOGIN_URL = '/api/v1/login';
/** Too much at once, or away: nothing was decided. */
const UNDECIDED = new Set([404, 429, 503]);
export const DEEDS_WAITING_MAX = 10_000;
const BATCH_MAX = 500;
const RETRY_MS = 1_000;

/** Writes down who did what, from where, and what came of it. */
export function keepAuditTrail(app: FastifyInstance, db: Db, logger: Logger): void {
  const waiting = createWaiting(db, logger);
  app.decorateRequest('deed', null);
  app.decorateRequest('problem', '');
  app.addHook('onSend', async (request, reply, payload) => {
    const deed = deedOf(request, reply);
    if (deed === undefined) return payload;
    const when = request.routeOptions.config.audit;
    if (when === 'first' && reply.statusCode < SERVER_ERROR) await appendAudit(db, [deed]);
    else if (when !== 'now') waiting.add(deed);
    else await appendAudit(db, [deed]).catch(() => waiting.add(deed));
    return payload;
  });
  app.addHook('onClose', () => waiting.close());
}

function deedOf(request: FastifyRequest, reply: FastifyReply): Deed | undefined {
  const { method, routeOptions, person, session, deed, params } = request;
  const { url, config } = routeOptions;
  const when = config?.audit ?? (LOOKS.has(method) ? 'never' : 'later');
  const { statusCode: status } = reply;
  // Where an answer is worth a row, so is having asked for what is somebody else's.
  const isUndecided = UNDECIDED.has(status) && !(when === 'first' && status === 404);
  if (url === undefined || when === 'never' || isUndecided) return undefined;
  const who = deed?.who ?? person?.user ?? '';
  if (who === '' && url !== LOGIN_URL) return undefined;
  return {
    atMs: Date.now(),
    who,
    via: session !== null ? 'session' : person !== null ? 'token' : 'nobody',
    source: request.client,
    action: `${method} ${url}`,
    target: deed?.target ?? Object.values((params ?? {}) as Record<string, unknown>).join(' '),
    status,
    code: request.problem,
    detail: deed?.detail ?? '',
  };
}

/** Deeds on their way to the database, in order; it may be away for a while. */
function createWaiting(db: Db, logger: Logger) {
  const deeds: Deed[] = [];
  let lost = 0;
  let writing: Promise<void> | undefined;
  let closing = false;

  async function write(): Promise<void> {
    while (deeds.length > 0) {
      const batch = deeds.slice(0, BATCH_MAX);
      try {
        await appendAudit(db, batch);
        deeds.splice(0, batch.length);
      } catch (error) {
        logger.warn({ err: error, waiting: deeds.length }, 'the audit trail cannot be written now');
        if (closing) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
    writing = undefined;
  }

  return {
    add(deed: Deed): void {
      if (deeds.length >= DEEDS_WAITING_MAX) {
        lost += 1;
        if (lost === 1 || lost % 1_000 === 0)
          logger.error({ lost, deed }, 'the audit trail is full: this stands in the log alone');
        return;
      }
      deeds.push(deed);
      writing ??= write();
    },
    async close(): Promise<void> {
      closing = true;
      await writing;
      for (const deed of deeds) logger.error({ deed }, 'not in the audit trail: the database was away');
    },
  };
}
