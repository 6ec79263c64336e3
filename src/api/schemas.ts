import { Type } from 'typebox';
import { INSTANT_PATTERN } from './instant.ts';
import { ONE_LINE, WRITTEN, WRITTEN_LINE } from './text-pattern.ts';

/** Shapes of what goes in and out; the OpenAPI document is made from them. Instants are Unix time in ms, `null` means "not (yet)". */
export const orNull = <Shape extends 'integer' | 'string' | 'number'>(type: Shape) =>
  Type.Unsafe<(Shape extends 'string' ? string : number) | null>({ type: [type, 'null'] });
const instant = () => Type.Integer();
const maybeInstant = () => orNull('integer');
const maybeText = () => orNull('string');

export const AgentStateBody = Type.Object(
  {
    state: Type.Union([Type.Literal('ready'), Type.Literal('notReady'), Type.Literal('offline')]),
    // Without control characters: it is shown, kept in the journal, and PostgreSQL's text takes no NUL.
    reason: Type.Optional(Type.String({ maxLength: 40, pattern: WRITTEN_LINE })),
  },
  { additionalProperties: false },
);
const SiteStatus = Type.Union([Type.Literal('open'), Type.Literal('draining'), Type.Literal('down')]);
export const SiteStatusBody = Type.Object({ status: SiteStatus }, { additionalProperties: false });
export const SiteShape = Type.Object({
  site: Type.String(),
  name: Type.String(),
  kind: Type.Union([Type.Literal('main'), Type.Literal('subPlatform'), Type.Literal('subCentre')]),
  status: SiteStatus,
  capacity: Type.Optional(Type.Integer({ description: 'Calls at once.' })),
  calls: Type.Integer({ description: 'Offers and talks there now.' }),
  agents: Type.Integer({ description: 'Agents who are not offline.' }),
  idleAgents: Type.Integer(),
});
const ModeNameShape = Type.Union([
  Type.Literal('normal', { description: '平时' }),
  Type.Literal('holiday', { description: '重大节假日' }),
  Type.Literal('majorTask', { description: '重大任务' }),
  Type.Literal('emergency', { description: '应急' }),
]);
export const ModeBody = Type.Object(
  { mode: ModeNameShape, reason: Type.String({ minLength: 1, maxLength: 40, pattern: ONE_LINE }) },
  { additionalProperties: false },
);
export const ModeShape = Type.Object({
  mode: ModeNameShape,
  sinceMs: Type.Integer({ description: 'Unix time, ms.' }),
  by: Type.String({ description: 'Who set it; empty: nobody has yet.' }),
  proposed: Type.Optional(
    Type.Object(
      { mode: ModeNameShape, atMs: Type.Integer() },
      { description: 'Waits for the word of a lead: PUT the same mode.' },
    ),
  ),
});
export const ModeChangesShape = Type.Object({
  changes: Type.Array(
    Type.Object({
      atMs: Type.Integer(),
      mode: ModeNameShape,
      from: Type.Union([ModeNameShape, Type.Null()]),
      by: Type.Union([Type.String(), Type.Null()], { description: 'Null: a proposal, or its withdrawal.' }),
      reason: Type.Union([Type.String(), Type.Null()]),
      proposed: Type.Boolean({ description: 'Of a change: a proposal was confirmed. False of a withdrawal.' }),
    }),
  ),
});
export const SitesShape = Type.Object({ sites: Type.Array(SiteShape) });
export const AgentShape = Type.Object({
  agent: Type.String(),
  number: Type.String(),
  sipUser: Type.String(),
  gone: Type.Optional(Type.Literal(true, { description: 'The rules lack the seat; shown until its call is over.' })),
  skills: Type.Array(Type.String()),
  site: Type.Optional(Type.String()),
  state: Type.String({ description: 'offline, notReady, ready, ringing, talking, held or wrapUp' }),
  reason: Type.Optional(Type.String()),
  sinceMs: instant(),
  contact: Type.Optional(Type.String()),
  devices: Type.Integer(),
  next: Type.String(),
  setBy: Type.Optional(
    Type.Object(
      { by: Type.String(), reason: Type.String() },
      { description: 'Who set `next` in the agent’s stead, and why; absent: the agent’s own.' },
    ),
  ),
  slots: Type.Optional(
    Type.Object(
      { chat: Type.Optional(Type.Integer()), mail: Type.Optional(Type.Integer()) },
      { description: 'Room beside one call; absent: none.' },
    ),
  ),
  digitalFromMs: Type.Optional(
    Type.Integer({
      description: 'Too many digital offers were missed: none before, unless `ready` is asked for again.',
    }),
  ),
  conversations: Type.Optional(
    Type.Array(
      Type.Object({
        contact: Type.String(),
        medium: Type.String(),
        state: Type.String({ description: 'offered, talking, or left: the citizen is gone, time for notes' }),
        sinceMs: Type.Optional(instant()),
        token: Type.Optional(Type.Integer({ description: 'Of an offer: answer it with this.' })),
        untilMs: Type.Optional(Type.Integer({ description: 'End of the offer, or of the time for notes.' })),
      }),
    ),
  ),
});
export const AgentsShape = Type.Object({ agents: Type.Array(AgentShape) });

const EstimateShape = Type.Optional(
  Type.Object({ lowMs: Type.Integer(), highMs: Type.Integer() }, { description: 'How long a wait is likely to last.' }),
);
export const QueuesShape = Type.Object({
  queues: Type.Array(
    Type.Object({
      queue: Type.String(),
      skill: Type.String({ description: 'Empty when `gone`.' }),
      gone: Type.Optional(
        Type.Literal(true, {
          description: 'The rules lack it, and somebody is in it still. Nothing new can enter it.',
        }),
      ),
      idleAgents: Type.Integer(),
      waiting: Type.Array(
        Type.Object({
          contact: Type.String(),
          from: Type.String(),
          medium: Type.Union([
            Type.Literal('voice'),
            Type.Literal('callback'),
            Type.Literal('chat'),
            Type.Literal('mail'),
          ]),
          enqueuedAtMs: instant(),
          place: Type.Integer(),
          againAtMs: Type.Optional(
            Type.Integer({ description: 'A call-back between two tries: when it stands there again.' }),
          ),
          ringing: Type.Optional(Type.String()),
          estimate: EstimateShape,
        }),
      ),
      estimate: EstimateShape,
      foreseen: Type.Object(
        { ended: Type.Integer(), inside: Type.Integer() },
        { description: 'Waits that were foreseen and are over; those inside their interval.' },
      ),
    }),
  ),
});

const Instant = () =>
  Type.String({ pattern: INSTANT_PATTERN, description: 'Unix ms, ISO 8601 with zone, or a day (+08:00)' });
export const PeriodQuery = Type.Object({ from: Type.Optional(Instant()), to: Type.Optional(Instant()) });
export const ContactsQuery = Type.Object(
  {
    ...PeriodQuery.properties,
    channel: Type.Optional(
      Type.String({ maxLength: 32, description: 'phone, callback, chat, mail, or a channel such as wechat' }),
    ),
    cursor: Type.Optional(Type.String({ maxLength: 200, description: '`next` of the page before' })),
    limit: Type.Optional(Type.String({ pattern: '^([1-9]\\d?|1\\d\\d|200)$', description: '1 to 200; 50' })),
  },
  { additionalProperties: false },
);
/** In a body, so that no number stands in an address. */
export const ContactSearchBody = Type.Union([
  Type.Object(
    { number: Type.String({ pattern: '^\\+?[0-9]{3,24}$', description: 'the whole calling number' }) },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      known: Type.String({
        minLength: 3,
        maxLength: 256,
        pattern: WRITTEN_LINE,
        description:
          'number of the contact, its name outside (of a letter or a request its number alone), a whole calling number however it is written, an openid, a mail address',
      }),
    },
    { additionalProperties: false },
  ),
]);
export const ContactParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 128 }) });
export const DispositionBody = Type.Object(
  {
    code: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$' }),
    note: Type.Optional(Type.String({ maxLength: 500, pattern: WRITTEN })),
  },
  { additionalProperties: false },
);
export const DispositionShape = Type.Object({
  contact: Type.String(),
  code: Type.String(),
  note: maybeText(),
  by: Type.String(),
});
const REASON_CHARS_MAX = 100;
/** Why a citizen's number or voice is asked for. */
export const Reason = Type.String({
  description: 'Why; it stands in the audit trail.',
  minLength: 2,
  maxLength: REASON_CHARS_MAX,
  pattern: ONE_LINE,
});
export const RecordingParams = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 128 }),
  number: Type.String({ pattern: '^[1-9]\\d{0,4}$' }),
});

/** `reason`: of who plays it by a grant. */
export const RecordingQuery = Type.Object({ reason: Type.Optional(Reason) }, { additionalProperties: false });

const RecordingShape = Type.Object({
  number: Type.Integer(),
  startedAtMs: instant(),
  endedAtMs: maybeInstant(),
  expectedMs: orNull('integer'),
  durationMs: orNull('integer'),
  bytes: orNull('integer'),
  differs: Type.Boolean(),
  hearing: Type.String({ description: 'whether who asks may play it now: yes, reason (when one is given) or no' }),
});
const contactFields = {
  id: Type.String(),
  channel: Type.String({ description: 'phone, callback, chat or mail' }),
  platform: maybeText(),
  partOf: maybeText(),
  continues: Type.Union([Type.String(), Type.Null()], { description: 'the closed conversation that it goes on from' }),
  from: Type.String(),
  fromName: maybeText(),
  dialled: Type.String(),
  diversion: maybeText(),
  flow: Type.String(),
  openedAtMs: instant(),
  queuedAtMs: maybeInstant(),
  answeredAtMs: maybeInstant(),
  closedAtMs: maybeInstant(),
  outcome: maybeText(),
  approximate: Type.Boolean(),
  rating: orNull('integer'),
  grade: maybeText(),
  order: maybeText(),
  disposition: maybeText(),
};
export const ContactsShape = Type.Object({
  contacts: Type.Array(Type.Object(contactFields)),
  /** For `cursor`; null on the last page. */
  next: maybeText(),
});
export const ContactShape = Type.Object({
  ...contactFields,
  continuedBy: maybeText(),
  callBackNumber: maybeText(),
  callBackTries: orNull('integer'),
  ratedAgent: maybeText(),
  dispositionNote: maybeText(),
  disposedBy: maybeText(),
  disposedAtMs: maybeInstant(),
  legs: Type.Array(
    Type.Object({
      leg: Type.String(),
      role: Type.String(),
      agent: maybeText(),
      address: Type.String(),
      node: Type.String(),
      openedAtMs: instant(),
      answeredAtMs: maybeInstant(),
      closedAtMs: maybeInstant(),
      cause: maybeText(),
      sipStatus: orNull('integer'),
      approximate: Type.Boolean(),
    }),
  ),
  waits: Type.Array(
    Type.Object({
      queue: Type.String(),
      enqueuedAtMs: instant(),
      startedAtMs: instant(),
      endedAtMs: maybeInstant(),
      result: maybeText(),
    }),
  ),
  digits: Type.Array(Type.Object({ step: Type.String(), digits: Type.String(), atMs: instant() })),
  offers: Type.Array(
    Type.Object({
      token: Type.Integer(),
      agent: Type.String(),
      madeAtMs: instant(),
      leaseUntilMs: instant(),
      endedAtMs: maybeInstant(),
      result: maybeText(),
    }),
  ),
  talks: Type.Array(
    Type.Object({ agent: Type.String(), startedAtMs: instant(), endedAtMs: maybeInstant(), endedBy: maybeText() }),
  ),
  holds: Type.Array(Type.Object({ agent: Type.String(), startedAtMs: instant(), endedAtMs: maybeInstant() })),
  gaps: Type.Array(
    Type.Object({
      agent: Type.String(),
      cause: Type.String(),
      startedAtMs: instant(),
      endedAtMs: maybeInstant(),
      result: maybeText(),
    }),
    { description: 'times in a talk when the phone of the agent was lost and the citizen heard music' },
  ),
  recordings: Type.Array(RecordingShape),
  calls: Type.Array(
    Type.Object({
      contact: Type.String(),
      openedAtMs: instant(),
      answeredAtMs: maybeInstant(),
      closedAtMs: maybeInstant(),
      outcome: maybeText(),
      recordings: Type.Array(RecordingShape),
    }),
    { description: 'beside this conversation' },
  ),
});

export const ChannelsShape = Type.Object({
  channels: Type.Array(
    Type.Object({
      channel: Type.String(),
      account: Type.String(),
      healthy: Type.Boolean(),
      medium: Type.Optional(Type.String()),
      title: Type.Optional(Type.Object({ zh: Type.String(), en: Type.String() })),
      lastArrivalMs: Type.Optional(Type.Integer()),
      silentSinceMs: Type.Optional(Type.Integer({ description: 'Nothing comes since, although something should.' })),
      broken: Type.Optional(Type.String({ description: 'Why the platform refuses the account.' })),
      waitingOut: Type.Optional(Type.Integer()),
      pausedUntilMs: Type.Optional(Type.Number({ description: 'Nothing goes out until then.' })),
      pulled: Type.Optional(Type.Boolean({ description: 'We ask the source; otherwise the platform delivers.' })),
      trouble: Type.Optional(
        Type.Object(
          { sinceMs: Type.Integer(), reason: Type.String() },
          { description: 'The source that we ask does not answer as it should.' },
        ),
      ),
      gapMs: Type.Optional(Type.Integer({ description: 'So long without anything counts as silent.' })),
      previousKeysUntilMs: Type.Optional(Type.Integer()),
      limits: Type.Optional(
        Type.Object({
          sends: Type.Boolean({ description: 'False: nobody can reply by it.' }),
          sendPerSecond: Type.Number(),
          textChars: Type.Integer(),
          tries: Type.Integer(),
          waitingMax: Type.Integer(),
          replyWindow: Type.Optional(Type.Object({ forMs: Type.Integer(), messages: Type.Integer() })),
        }),
      ),
    }),
  ),
  leftOut: Type.Array(
    Type.Object({
      channel: Type.String({ description: 'As written; empty: the whole file cannot be read.' }),
      account: Type.String(),
      line: Type.Integer({ description: 'Of the file of accounts.' }),
      message: Type.String(),
      fix: Type.String(),
    }),
    { description: 'Accounts with a mistake: nothing comes or goes by them.' },
  ),
  backlog: Type.Object(
    { storing: Type.Integer(), deciding: Type.Integer(), held: Type.Integer(), most: Type.Integer() },
    {
      description:
        'Messages that wait to be stored, to be decided on, and for room; from `most` on platforms are told to come again.',
    },
  ),
});
export const ReadinessShape = Type.Object({
  ready: Type.Boolean(),
  switch: Type.Boolean(),
  nodes: Type.Record(Type.String(), Type.Boolean(), { description: 'each switch by name' }),
  journal: Type.Boolean(),
  store: Type.Boolean(),
});
