import { Type } from 'typebox';
import { STAFF } from '../access.ts';
import type { Api, ApiOptions } from '../options.ts';

const Texts = Type.Array(Type.String());
const ReferenceShape = Type.Object({
  stages: Type.Array(
    Type.Object({
      stage: Type.String(),
      title: Type.Object({ zh: Type.String(), en: Type.String() }),
      lines: Type.Array(Type.Object({ id: Type.String(), text: Type.String() })),
    }),
  ),
  dialOut: Type.Array(Type.Object({ number: Type.String(), name: Type.String() })),
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

/** What an agent has beside a call: 话术 and the categories of the dispatch directory, as the city folder says. */
export function addReferenceRoute(app: Api, { reference }: ApiOptions): void {
  app.get(
    '/api/v1/reference',
    { config: { access: STAFF }, schema: { response: { 200: ReferenceShape } } },
    async () => ({
      stages: (reference?.stages ?? []).map((stage) => ({ ...stage, lines: [...stage.lines] })),
      dialOut: [...(reference?.dialOut ?? [])],
      categories: (reference?.categories ?? []).map((each) => ({
        ...each,
        path: [...each.path],
        urgent: [...each.urgent],
      })),
    }),
  );
}
