import { Type } from 'typebox';
import { WRITTEN_LINE } from './text-pattern.ts';

/** Without control characters: it is shown, kept in the journal, and PostgreSQL's text takes no NUL. */
const text = (minLength: number, maxLength: number) => Type.String({ minLength, maxLength, pattern: WRITTEN_LINE });
const Medium = Type.Union([Type.Literal('chat'), Type.Literal('mail')]);
const Queue = Type.String({ minLength: 1, maxLength: 40 });

export const ConversationBody = Type.Object(
  {
    medium: Medium,
    queue: Queue,
    from: Type.String({ ...text(1, 128), description: 'What the citizen is known by there: number, openid, address.' }),
    fromName: Type.Optional(text(0, 64)),
    to: Type.Optional(Type.String({ ...text(0, 128), description: 'The account or address it came to.' })),
    reference: Type.String({
      ...text(1, 128),
      description: 'Its name outside: said again while open, the same contact.',
    }),
    headStartMs: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 3_600_000, description: 'Counts as time already waited.' }),
    ),
  },
  { additionalProperties: false },
);
export const OfferBody = Type.Object(
  { contact: Type.String({ minLength: 1, maxLength: 128 }), token: Type.Integer({ minimum: 0 }), take: Type.Boolean() },
  { additionalProperties: false },
);
export const EndBody = Type.Object(
  { by: Type.Optional(Type.Literal('citizen', { description: 'The citizen has left; absent: the agent ends it.' })) },
  { additionalProperties: false },
);
export const TransferBody = Type.Object({ queue: Queue }, { additionalProperties: false });
export const ConversationShape = Type.Object({
  contact: Type.String(),
  medium: Medium,
  queue: Type.String(),
  state: Type.String({ description: 'waiting, offered, talking, left or closed' }),
  agent: Type.Optional(Type.String()),
});
