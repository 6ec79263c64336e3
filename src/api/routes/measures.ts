import type { Static } from 'typebox';
import { HOME_SITE } from '../../lib/home-site.ts';
import { MEASURES, measuresOf } from '../../lib/measures.ts';
import { type CallsWanted, countCalls, countCallsBy } from '../../store/measures.ts';
import { LEADS, STAFF } from '../access.ts';
import { ApiError } from '../errors.ts';
import { readPeriod } from '../instant.ts';
import { DefinitionsShape, MeasuresQuery, MeasuresShape } from '../measure-shapes.ts';
import type { Api, ApiOptions } from '../options.ts';

const DAY_MS = 24 * 3_600_000;
const PERIOD_MAX_MS = 400 * DAY_MS;
const QUARTERS_PERIOD_MAX_MS = 31 * DAY_MS;
/** Enough for 31 days of quarters and for any city's sites, numbers and queues. */
const GROUPS_MAX = 3_000;

/** Domain guide §3.7, recomputed from the records at every asking. */
export function addMeasureRoutes(app: Api, options: ApiOptions): void {
  const { db } = options;
  app.get(
    '/api/v1/metrics/summary',
    {
      config: { access: [...LEADS, 'auditor', 'admin', 'integrator'], scope: 'metrics:read' },
      schema: { querystring: MeasuresQuery, response: { 200: MeasuresShape } },
    },
    async (request) => {
      const { by } = request.query;
      const wanted = callsWanted(request.query);
      const { fromMs, toMs } = wanted;
      await mustExist(options, wanted);
      const answer = { fromMs, toMs, measures: measuresOf(await countCalls(db, wanted)) };
      if (by === undefined) return answer;
      const groups = await countCallsBy(db, wanted, by, GROUPS_MAX + 1);
      if (groups.length > GROUPS_MAX) throw new ApiError('TOO_MANY_GROUPS');
      return { ...answer, groups: groups.map(({ key, counts }) => ({ key, measures: measuresOf(counts) })) };
    },
  );

  app.get(
    '/api/v1/metrics/definitions',
    {
      config: { access: [...STAFF, 'auditor', 'integrator'], scope: 'metrics:read' },
      schema: { response: { 200: DefinitionsShape } },
    },
    async () => ({ measures: MEASURES }),
  );
}

/** What the rules no longer name, but had calls then, is answered as well. @throws ApiError */
async function mustExist({ db, core }: ApiOptions, { fromMs, toMs, site, queue }: CallsWanted): Promise<void> {
  const had = async (what: Partial<CallsWanted>) => (await countCalls(db, { fromMs, toMs, ...what })).inbound > 0;
  const isSite = site === undefined || site === HOME_SITE || core.sites().some((each) => each.site === site);
  if (!isSite && !(await had({ site }))) throw new ApiError('SITE_UNKNOWN', { detail: site });
  const isQueue = queue === undefined || core.queues().some((each) => each.queue === queue);
  if (!isQueue && !(await had({ queue }))) throw new ApiError('QUEUE_UNKNOWN', { detail: queue });
}

/** @throws ApiError when the period is too long or ends before it begins. */
function callsWanted({ from, to, by, site, number, queue }: Static<typeof MeasuresQuery>): CallsWanted {
  const { fromMs, toMs } = readPeriod({ from, to }, DAY_MS);
  const maxMs = by === 'quarter' ? QUARTERS_PERIOD_MAX_MS : PERIOD_MAX_MS;
  if (toMs - fromMs > maxMs) throw new ApiError('PERIOD_TOO_LONG', { detail: `at most ${maxMs / DAY_MS} days` });
  return {
    fromMs,
    toMs,
    ...(site === undefined ? {} : { site }),
    ...(number === undefined ? {} : { number }),
    ...(queue === undefined ? {} : { queue }),
  };
}
