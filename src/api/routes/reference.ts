import { Type } from 'typebox';
import { STAFF } from '../access.ts';
import type { Api, ApiOptions } from '../options.ts';

const Texts = Type.Array(Type.String());
const Title = Type.Object({ zh: Type.String(), en: Type.String() });
const ReferenceShape = Type.Object({
  stages: Type.Array(
    Type.Object({
      stage: Type.String(),
      title: Title,
      lines: Type.Array(Type.Object({ id: Type.String(), text: Type.String() })),
    }),
  ),
  dialOut: Type.Array(Type.Object({ number: Type.String(), name: Type.String() })),
  channels: Type.Array(Type.Object({ channel: Type.String(), title: Title }), {
    description: 'Those that are in service, each once; the phone and the web chat have no title.',
  }),
  categories: Type.Array(
    Type.Object({
      code: Type.String(),
      path: Texts,
      type: Type.String(),
      urgency: Type.String(),
      urgent: Texts,
    }),
  ),
});

/** What stands beside a contact: 话术 and the categories of the dispatch directory, as the city folder says, and how channels are called. */
export function addReferenceRoute(app: Api, { channels, reference }: ApiOptions): void {
  app.get(
    '/api/v1/reference',
    { config: { access: [...STAFF, 'auditor'] }, schema: { response: { 200: ReferenceShape } } },
    async () => ({
      stages: (reference?.stages ?? []).map((stage) => ({ ...stage, lines: [...stage.lines] })),
      dialOut: [...(reference?.dialOut ?? [])],
      channels: titlesOf(channels?.host.health() ?? []),
      categories: (reference?.categories ?? []).map((each) => ({
        ...each,
        path: [...each.path],
        urgent: [...each.urgent],
      })),
    }),
  );
}

interface Titled {
  readonly channel: string;
  readonly title: { readonly zh: string; readonly en: string };
}

/** A channel has several accounts. */
function titlesOf(accounts: readonly Titled[]): Titled[] {
  return [...new Map(accounts.map(({ channel, title }) => [channel, { channel, title }])).values()];
}
