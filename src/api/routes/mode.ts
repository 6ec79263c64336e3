import { LEADS, personOf, STAFF } from '../access.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ModeBody, ModeChangesShape, ModeShape } from '../schemas.ts';
import { writeDown } from '../write-down.ts';

const CHANGES_LISTED_MAX = 200;

/** 平时, 重大节假日, 重大任务, 应急: what holds, what is proposed, and who changed it when. */
export function addModeRoutes(app: Api, { db, core }: ApiOptions): void {
  app.get(
    '/api/v1/mode',
    { config: { access: [...STAFF, 'auditor'] }, schema: { response: { 200: ModeShape } } },
    async () => core.mode(),
  );

  app.put(
    '/api/v1/mode',
    { config: { access: [...LEADS, 'admin'] }, schema: { body: ModeBody, response: { 200: ModeShape } } },
    async (request) => {
      const { mode, reason } = request.body;
      await writeDown(core, request, { type: 'modeAsked', mode, reason, by: personOf(request).user }, 'a mode');
      return core.mode();
    },
  );

  app.get(
    '/api/v1/mode/changes',
    { config: { access: [...LEADS, 'auditor', 'admin'] }, schema: { response: { 200: ModeChangesShape } } },
    async () => {
      const rows = await db
        .selectFrom('mode_changes')
        .selectAll()
        .orderBy('seq', 'desc')
        .orderBy('idx', 'desc')
        .limit(CHANGES_LISTED_MAX)
        .execute();
      return {
        changes: rows.map(({ at_ms: atMs, mode, from_mode: from, by_user: by, reason, proposed }) => {
          return { atMs, mode, from, by, reason, proposed };
        }),
      };
    },
  );
}
