import { Type } from 'typebox';
import { USER_NAME_PATTERN } from '../store/accounts.ts';
import { SCOPES, TOKEN_DAYS_MAX } from '../store/api-tokens.ts';
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from '../store/passwords.ts';
import { ROLES } from '../store/schema.ts';
import { TEAM_NAME_PATTERN } from '../store/teams.ts';
import { INSTANT_PATTERN } from './instant.ts';
import { orNull } from './schemas.ts';
import { ONE_LINE } from './text-pattern.ts';

/** Shapes of accounts, rights and the audit trail. Instants are Unix time in ms. */
const STRICT = { additionalProperties: false } as const;
export const RoleName = Type.Enum([...ROLES]);
export const Digest = Type.Union([Type.Literal('md5'), Type.Literal('sha256')]);
export const UserName = Type.String({ pattern: USER_NAME_PATTERN });
const TeamName = Type.String({ pattern: TEAM_NAME_PATTERN });
const Password = Type.String({ maxLength: PASSWORD_LENGTH_MAX });
const NewPassword = Type.String({ minLength: PASSWORD_LENGTH_MIN, maxLength: PASSWORD_LENGTH_MAX });
const Code = Type.String({
  maxLength: 32,
  description: 'Six digits of the second factor, or a recovery code.',
});

export const LoginBody = Type.Object(
  { user: Type.String({ maxLength: 64 }), password: Password, code: Type.Optional(Code) },
  STRICT,
);
export const ProofBody = Type.Object({ password: Password, code: Type.Optional(Code) }, STRICT);
export const CodeBody = Type.Object({ code: Code }, STRICT);
export const OwnPasswordBody = Type.Object(
  { password: Password, newPassword: NewPassword, code: Type.Optional(Code) },
  STRICT,
);
export const PersonShape = Type.Object({ user: Type.String(), roles: Type.Array(RoleName) });
export const MeShape = Type.Object({
  user: Type.String(),
  roles: Type.Array(RoleName),
  team: orNull('string'),
  mayReveal: Type.Boolean(),
  mayPlay: Type.Boolean(),
  seat: Type.Union([Type.Object({ agent: Type.String(), number: Type.String(), sipUser: Type.String() }), Type.Null()]),
});
export const TotpShape = Type.Object({
  secret: Type.String({ description: 'Base32, said once.' }),
  uri: Type.String({ description: 'For a QR code.' }),
});
export const RecoveryCodesShape = Type.Object({
  recoveryCodes: Type.Array(Type.String(), { description: 'Each opens the account once. Said once.' }),
});

const SiteName = Type.String({ pattern: '^[A-Za-z0-9_-]{1,40}$' });
const QueueName = Type.String({ pattern: '^[A-Za-z0-9_-]{1,40}$' });
const Skills = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9_-]{1,40}$' }),
  Type.Integer({ minimum: 1, maximum: 5 }),
  // Otherwise a name that does not fit would be let through with anything behind it.
  { additionalProperties: false, minProperties: 1, maxProperties: 50 },
);
const Profile = Type.Array(
  Type.Object(
    {
      queue: QueueName,
      rank: Type.Integer({ minimum: 1, maximum: 9 }),
      delayMs: Type.Integer({ minimum: 0, maximum: 600_000 }),
    },
    STRICT,
  ),
  { minItems: 1, maxItems: 50, description: 'The queues that the seat serves, and how early.' },
);
const slot = () => Type.Optional(Type.Integer({ minimum: 0, maximum: 20 }));
const Slots = Type.Object(
  { chat: slot(), mail: slot() },
  { ...STRICT, description: 'Chats and mails beside a call; absent: by the city.' },
);
const SeatNumber = Type.String({ pattern: '^\\d{1,12}$', description: '工号' });
const SipUser = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$' });
const seatPlace = {
  site: Type.Optional(SiteName),
  home: Type.Optional(QueueName),
  profile: Type.Optional(Profile),
  slots: Type.Optional(Slots),
};
const SeatBody = Type.Object(
  { number: SeatNumber, sipUser: SipUser, digest: Type.Optional(Digest), skills: Skills, ...seatPlace },
  STRICT,
);
const nullable = <Shape extends Parameters<typeof Type.Union>[0][number]>(shape: Shape) =>
  Type.Optional(Type.Union([shape, Type.Null()]));
const SeatChangeBody = Type.Object(
  {
    number: Type.Optional(SeatNumber),
    skills: Type.Optional(Skills),
    site: nullable(SiteName),
    home: nullable(QueueName),
    profile: nullable(Profile),
    slots: nullable(Slots),
    // Only for a seat that is new.
    sipUser: Type.Optional(SipUser),
    digest: Type.Optional(Digest),
  },
  STRICT,
);
const Roles = Type.Array(RoleName, { minItems: 1, maxItems: ROLES.length, uniqueItems: true });

export const UserBody = Type.Object(
  {
    user: UserName,
    password: Type.Optional(NewPassword),
    roles: Roles,
    team: Type.Optional(TeamName),
    seat: Type.Optional(SeatBody),
  },
  STRICT,
);
export const UserChangeBody = Type.Object(
  {
    roles: Type.Optional(Roles),
    team: nullable(TeamName),
    mayReveal: Type.Optional(
      Type.Boolean({ description: 'Whole numbers for a reason, to a dispatcher, a handling unit or an auditor.' }),
    ),
    mayPlay: Type.Optional(Type.Boolean({ description: 'Recordings for a reason, to a dispatcher.' })),
    disabled: Type.Optional(Type.Boolean({ description: 'Logs out, too.' })),
    locked: Type.Optional(Type.Literal(false, { description: 'Ends a lock after wrong passwords.' })),
    secondFactor: Type.Optional(Type.Literal(false, { description: 'For somebody who has lost it.' })),
    seat: Type.Optional(
      Type.Union([SeatChangeBody, Type.Null()], {
        description: 'Null: the seat is gone. Of a user without one: a new seat.',
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
);
export const UserParams = Type.Object({ user: Type.String({ maxLength: 64 }) });
const userFields = {
  user: Type.String(),
  roles: Type.Array(RoleName),
  team: orNull('string'),
  disabled: Type.Boolean(),
  mayReveal: Type.Boolean(),
  mayPlay: Type.Boolean(),
  createdAtMs: Type.Integer(),
  lockedUntilMs: orNull('integer'),
  secondFactor: Type.Boolean(),
  seat: Type.Union([
    Type.Object({
      number: Type.String(),
      sipUser: Type.String(),
      digest: Digest,
      skills: Type.Record(Type.String(), Type.Integer()),
      site: orNull('string'),
      home: orNull('string'),
      profile: Type.Union([Profile, Type.Null()]),
      slots: Type.Union([Slots, Type.Null()]),
    }),
    Type.Null(),
  ]),
};
export const UsersShape = Type.Object({ users: Type.Array(Type.Object(userFields)) });
export const UserShape = Type.Object({
  ...userFields,
  sipPassword: Type.Optional(Type.String({ description: 'Of a seat that is new; said once.' })),
});
/** Passwords that were made here are said once, and never again. */
export const UserMadeShape = Type.Object({
  user: Type.String(),
  roles: Type.Array(RoleName),
  password: Type.Optional(Type.String()),
  sipPassword: Type.Optional(Type.String()),
});
export const PasswordBody = Type.Object({ password: Type.Optional(NewPassword) }, STRICT);
export const PasswordMadeShape = Type.Object({ password: Type.Optional(Type.String()) });

export const SkillsShape = Type.Object({ skills: Type.Array(Type.String()) });

export const TeamParams = Type.Object({ team: TeamName });
export const TeamBody = Type.Object({ title: Type.String({ minLength: 1, maxLength: 40, pattern: ONE_LINE }) }, STRICT);
export const TeamShape = Type.Object({ team: Type.String(), title: Type.String(), members: Type.Integer() });
export const TeamsShape = Type.Object({ teams: Type.Array(TeamShape) });

export const TokenBody = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: 60, pattern: ONE_LINE }),
    scopes: Type.Array(Type.Enum([...SCOPES]), {
      minItems: 1,
      maxItems: SCOPES.length,
      uniqueItems: true,
    }),
    days: Type.Integer({ minimum: 1, maximum: TOKEN_DAYS_MAX }),
  },
  STRICT,
);
export const TokenMadeShape = Type.Object({
  id: Type.String(),
  token: Type.String({ description: 'Said once; to be sent as `Authorization: Bearer …`.' }),
});
export const TokenParams = Type.Object({ id: Type.String({ maxLength: 32 }) });
export const TokensShape = Type.Object({
  tokens: Type.Array(
    Type.Object({
      id: Type.String(),
      user: Type.String(),
      title: Type.String(),
      scopes: Type.Array(Type.String()),
      createdAtMs: Type.Integer(),
      createdBy: Type.String(),
      expiresAtMs: Type.Integer(),
      revokedAtMs: orNull('integer'),
      usedAtMs: orNull('integer'),
    }),
  ),
});

const Instant = () =>
  Type.Optional(
    Type.String({ pattern: INSTANT_PATTERN, description: 'Unix ms, ISO 8601 with zone, or a day (+08:00)' }),
  );
export const AuditQuery = Type.Object(
  {
    from: Instant(),
    to: Instant(),
    who: Type.Optional(Type.String({ maxLength: 64 })),
    action: Type.Optional(Type.String({ maxLength: 200 })),
    before: Type.Optional(Type.String({ pattern: '^[1-9]\\d{0,14}$', description: '`next` of the page before' })),
  },
  STRICT,
);
export const AuditShape = Type.Object({
  deeds: Type.Array(
    Type.Object({
      seq: Type.Integer(),
      atMs: Type.Integer(),
      who: Type.String({ description: 'Empty: nobody that is known.' }),
      via: Type.String({ description: 'session, token, cli or nobody' }),
      source: Type.String(),
      action: Type.String(),
      target: Type.String(),
      status: Type.Integer(),
      code: Type.String({ description: 'Empty: done.' }),
      detail: Type.String(),
      hash: Type.String(),
    }),
  ),
  next: orNull('integer'),
});
export const AuditVerdictShape = Type.Object({
  rows: Type.Integer(),
  head: Type.String({
    description: 'Hash of the last row: written down elsewhere, it proves later that none was cut off.',
  }),
  brokenAt: orNull('integer'),
});
