import { Type } from 'typebox';
import { orNull, PeriodQuery } from './schemas.ts';
import { SOME_LINES } from './text-pattern.ts';

/** Shapes of missed calls. Instants are Unix time in ms; numbers are masked. */
export const MissedCallsQuery = Type.Object(
  {
    ...PeriodQuery.properties,
    open: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])),
  },
  { additionalProperties: false },
);

export const MissedCallBody = Type.Object(
  { note: Type.String({ minLength: 1, maxLength: 500, pattern: SOME_LINES }) },
  { additionalProperties: false },
);

export const MissedCallsShape = Type.Object({
  missedCalls: Type.Array(
    Type.Object({
      contact: Type.String(),
      from: Type.String(),
      queue: Type.String(),
      calls: Type.Integer(),
      missedAtMs: Type.Integer(),
      dueAtMs: Type.Integer(),
      overdue: Type.Boolean(),
      callBack: orNull('string'),
      tries: Type.Integer(),
      closedAtMs: orNull('integer'),
      result: orNull('string'),
      handledBy: orNull('string'),
      note: orNull('string'),
    }),
  ),
  /** False: there are more than are listed. */
  complete: Type.Boolean(),
});
