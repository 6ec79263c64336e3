import { Type } from 'typebox';
import { ONE_LINE } from './text-pattern.ts';

const Mode = Type.Union(
  [Type.Literal('listen'), Type.Literal('whisper'), Type.Literal('barge'), Type.Literal('takeOver')],
  {
    description:
      'listen: nobody hears the supervisor; whisper: the agent does; barge: both do; takeOver: the citizen and the supervisor talk, the agent no longer.',
  },
);
const Reason = Type.String({
  minLength: 1,
  maxLength: 40,
  pattern: ONE_LINE,
});

export const SupervisionBody = Type.Object({ mode: Mode, reason: Reason }, { additionalProperties: false });
/** What the second person has read: it may be another by the time it is heard. */
export const ApprovalBody = Type.Object(
  { by: Type.String({ minLength: 1, maxLength: 64, description: 'who asks' }), mode: Mode },
  { additionalProperties: false },
);
/** `reason`: why the mode is another now. Only a mode by which no more hear the supervisor goes without: the reason before goes on. */
export const SupervisionChange = Type.Object(
  { mode: Mode, reason: Type.Optional(Reason) },
  { additionalProperties: false },
);
export const AlertParams = Type.Object({
  alert: Type.Union([
    Type.Literal('longWait'),
    Type.Literal('longAnswer'),
    Type.Literal('longHold'),
    Type.Literal('longWrapUp'),
    Type.Literal('missedOffers'),
  ]),
  of: Type.String({ minLength: 1, maxLength: 128, description: 'the contact or the agent that it is about' }),
});
export const SensitiveBody = Type.Object({ sensitive: Type.Boolean() }, { additionalProperties: false });
export const ForcedStateBody = Type.Object(
  {
    state: Type.Union([Type.Literal('ready'), Type.Literal('notReady'), Type.Literal('offline')]),
    reason: Reason,
  },
  { additionalProperties: false },
);
export const TalkShape = Type.Object({
  contact: Type.String(),
  agent: Type.String(),
  sensitive: Type.Boolean(),
  unmarkAskedBy: Type.Optional(Type.String({ description: 'The mark goes when a second person says so, too.' })),
  supervision: Type.Optional(
    Type.Object({
      by: Type.String(),
      mode: Type.String(),
      step: Type.String({ description: 'asked (a second person is needed), ringing or on' }),
      reason: Type.String({ description: 'Of `wanted`, while there is one.' }),
      approvedBy: Type.Optional(Type.String()),
      untilMs: Type.Optional(Type.Integer()),
      wanted: Type.Optional(Type.String({ description: 'A mode to which a second person must agree.' })),
    }),
  ),
});
