import { countContacts, measuresOf } from '../../store/measures.ts';
import { readInstant } from '../instant.ts';
import type { Api, ApiOptions } from '../options.ts';
import { MeasuresShape, PeriodQuery } from '../schemas.ts';

const DAY_MS = 24 * 3_600_000;

export function addMeasureRoutes(app: Api, { db }: ApiOptions): void {
  app.get(
    '/api/v1/metrics/summary',
    { config: { access: ['lead', 'admin'] }, schema: { querystring: PeriodQuery, response: { 200: MeasuresShape } } },
    async (request) => {
      const { from, to } = request.query;
      const toMs = to === undefined ? Date.now() : readInstant(to);
      const fromMs = from === undefined ? toMs - DAY_MS : readInstant(from);
      return { fromMs, toMs, measures: measuresOf(await countContacts(db, fromMs, toMs)) };
    },
  );
}
