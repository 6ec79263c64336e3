import { listAudit, verifyAudit } from '../../store/audit.ts';
import { hasRole, personOf } from '../access.ts';
import { AuditQuery, AuditShape, AuditVerdictShape } from '../account-shapes.ts';
import { readInstant } from '../instant.ts';
import type { Api, ApiOptions } from '../options.ts';

const ROWS_MAX = 200;

/** Who did what. An auditor sees all of it; an admin the own acts. Looking is an act, too. */
export function addAuditRoutes(app: Api, { db }: ApiOptions): void {
  app.get(
    '/api/v1/audit',
    {
      config: { access: ['auditor', 'admin'], audit: 'later' },
      schema: { querystring: AuditQuery, response: { 200: AuditShape } },
    },
    async (request) => {
      const { from, to, who, action, before } = request.query;
      const only = hasRole(request, 'auditor') ? who : personOf(request).user;
      const rows = await listAudit(db, {
        fromMs: from === undefined ? 0 : readInstant(from),
        toMs: to === undefined ? Number.MAX_SAFE_INTEGER : readInstant(to),
        ...(only === undefined ? {} : { who: only }),
        ...(action === undefined ? {} : { action }),
        ...(before === undefined ? {} : { before: Number(before) }),
        rowsMax: ROWS_MAX + 1,
      });
      const shown = rows.slice(0, ROWS_MAX);
      return {
        deeds: shown.map(({ at_ms: atMs, hash, ...row }) => ({ ...row, atMs, hash: hash.toString('hex') })),
        next: rows.length > ROWS_MAX ? shown.at(-1)!.seq : null,
      };
    },
  );

  app.get(
    '/api/v1/audit/verify',
    { config: { access: ['auditor'], audit: 'later' }, schema: { response: { 200: AuditVerdictShape } } },
    async () => verifyAudit(db),
  );
}
