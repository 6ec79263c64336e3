import { type Static, Type } from 'typebox';
import type { FormText } from '../store/contact-forms.ts';
import type { ContactFormTable } from '../store/schema.ts';
import { WRITTEN } from './text-pattern.ts';

/** Domain guide §3.2 Request, as far as there are fields for it before work orders; §3.3 for the enumerations. */
export const REQUEST_TYPES = 'CONSULT HELP COMPLAINT REPORT SUGGESTION PRAISE OTHER INVALID'.split(' ');
export const URGENCIES = 'EMERGENCY URGENT NORMAL'.split(' ');
export const RESOLUTIONS = 'DIRECT_ANSWER ORDER TRANSFER LINKAGE MERGED REJECTED INVALID'.split(' ');

const written = (maxLength: number) => Type.String({ maxLength, pattern: WRITTEN });
/** Empty in a draft: not chosen yet. */
const oneOf = (names: readonly string[]) =>
  Type.Unsafe<string>({ type: 'string', enum: ['', ...names], description: 'Empty: not chosen yet.' });

const fields = {
  type: oneOf(REQUEST_TYPES),
  urgency: oneOf(URGENCIES),
  category: Type.String({ pattern: '^([0-9]{2,10})?$', description: 'Code of the dispatch directory, 派单目录.' }),
  title: written(80),
  place: written(200),
  occurred: written(80),
  content: written(4_000),
  resolution: oneOf(RESOLUTIONS),
  wantsCallback: Type.Boolean(),
  confidential: Type.Boolean(),
  anonymous: Type.Boolean(),
  revision: Type.Integer({
    ...{ minimum: 1, maximum: 1_000_000_000 },
    description:
      'Counted by the writer: each one later than the one it goes on from, and other words are another revision.',
  }),
};
export const FormBody = Type.Object(
  {
    ...fields,
    base: Type.Optional(
      Type.Integer({
        ...{ minimum: 0, maximum: 1_000_000_000 },
        description:
          'Revision of the stored form that these words go on from, 0: of none. Another one stored by then, whoever wrote it: 409 FORM_NEWER; the stored revision with the stored words once more: 200. Without it any earlier revision is replaced, somebody else’s, too: for pages of before alone.',
      }),
    ),
  },
  { additionalProperties: false },
);
export const FormShape = Type.Object({
  ...fields,
  contact: Type.String(),
  by: Type.String(),
  savedAtMs: Type.Integer(),
  submittedAtMs: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
});
export const SubmitHeaders = Type.Object({
  'idempotency-key': Type.String({
    pattern: '^[A-Za-z0-9_-]{16,64}$',
    description: 'The same for every attempt at the same form; with another one: 409.',
  }),
});

export function formText({
  wantsCallback,
  revision: _revision,
  base: _base,
  ...rest
}: Static<typeof FormBody>): FormText {
  return { ...rest, wants_callback: wantsCallback };
}

export function formView(row: ContactFormTable) {
  const { contact, type, urgency, category, title, place, occurred, content, resolution, revision } = row;
  return {
    ...{ contact, type, urgency, category, title, place, occurred, content, resolution, revision },
    ...{ wantsCallback: row.wants_callback, confidential: row.confidential, anonymous: row.anonymous },
    ...{ by: row.by_user, savedAtMs: row.saved_at_ms, submittedAtMs: row.submitted_at_ms },
  };
}
