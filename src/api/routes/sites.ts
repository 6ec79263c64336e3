import { Type } from 'typebox';
import { LEADS, personOf, STAFF } from '../access.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import { SiteShape, SiteStatusBody, SitesShape } from '../schemas.ts';
import { writeDown } from '../write-down.ts';

const SiteParams = Type.Object({ site: Type.String({ maxLength: 40 }) });

/** Domain guide S0-006, S0-007: every site at a glance; a lead drains one, closes one, opens it again. */
export function addSiteRoutes(app: Api, { core }: ApiOptions): void {
  app.get('/api/v1/sites', { config: { access: STAFF }, schema: { response: { 200: SitesShape } } }, async () => ({
    sites: [...core.sites()],
  }));

  app.put(
    '/api/v1/sites/:site/status',
    {
      config: { access: [...LEADS, 'admin'] },
      schema: { params: SiteParams, body: SiteStatusBody, response: { 200: SiteShape } },
    },
    async (request) => {
      const { site } = request.params;
      if (!core.sites().some((view) => view.site === site)) throw new ApiError('SITE_UNKNOWN');
      await writeDown(
        core,
        request,
        { type: 'siteAsked', site, status: request.body.status, by: personOf(request).user },
        'the status of a site',
      );
      const view = core.sites().find((each) => each.site === site);
      if (!view) throw new ApiError('SITE_UNKNOWN');
      return view;
    },
  );
}
