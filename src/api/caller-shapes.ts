import { Type } from 'typebox';
import { orNull } from './schemas.ts';
import { ONE_LINE, SOME_LINES } from './text-pattern.ts';

/** Shapes of what is known of callers. Instants are Unix time in ms; numbers are masked in answers. */
const GradeName = Type.Union([Type.Literal('business'), Type.Literal('expert'), Type.Literal('emergency')]);
const Reason = () => Type.String({ minLength: 1, maxLength: 500, pattern: SOME_LINES });

export const CallerBody = Type.Object({ elder: Type.Boolean() }, { additionalProperties: false });

export const GradeBody = Type.Object({ grade: Type.Union([GradeName, Type.Null()]) }, { additionalProperties: false });

export const StageBody = Type.Object(
  {
    stage: Type.Union([Type.Literal('none'), Type.Literal('warned'), Type.Literal('limited')]),
    reason: Reason(),
    /** How long it holds; absent: as was proposed, else 30. */
    days: Type.Optional(Type.Integer({ minimum: 1, maximum: 30 })),
  },
  { additionalProperties: false },
);

export const StageShape = Type.Object({
  /** `proposed`: a second person must ask for the same. */
  answer: Type.Union([Type.Literal('done'), Type.Literal('proposed')]),
});

export const CallersShape = Type.Object({
  callers: Type.Array(
    Type.Object({
      id: Type.Integer(),
      from: Type.String(),
      stage: orNull('string'),
      untilMs: orNull('integer'),
      reason: orNull('string'),
      proposedBy: orNull('string'),
      proposedReason: orNull('string'),
      /** Null: not said, so as long as may be. */
      proposedDays: orNull('integer'),
      changedAtMs: Type.Integer(),
      changedBy: Type.String(),
    }),
  ),
});

export const CallerOrderBody = Type.Object(
  {
    number: Type.String({ pattern: '^\\+?[0-9]{3,20}$' }),
    order: Type.String({ minLength: 1, maxLength: 40, pattern: ONE_LINE }),
    urgency: Type.Union([Type.Literal('emergency'), Type.Literal('urgent'), Type.Literal('normal')]),
    open: Type.Boolean(),
  },
  { additionalProperties: false },
);
