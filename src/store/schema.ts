import type { ColumnType, Generated } from 'kysely';
import type {
  AgentState,
  ContactOutcome,
  GapResult,
  MissedResult,
  OfferResult,
  TalkEnd,
  WaitResult,
} from '../core/command.ts';
import type { Grade } from '../core/event.ts';
import type { ModeName, ProfileEntry, SlotCounts } from '../core/settings.ts';
import type { ChatFileTable, ChatLineTable, ChatSessionTable, MessageFileTable } from './conversation-tables.ts';
import type { PersonTables } from './person-tables.ts';

/** The tables as kysely sees them. All instants are Unix time in ms, as in the journal; `…_at_ms` null means "not yet" or "never". */
export interface Database extends PersonTables {
  projection: ProjectionTable;
  projection_refusals: RefusalTable;
  contacts: ContactTable;
  legs: LegTable;
  waits: WaitTable;
  digits: DigitsTable;
  offers: OfferTable;
  talks: TalkTable;
  holds: HoldTable;
  talk_gaps: TalkGapTable;
  agent_states: AgentStateTable;
  recordings: RecordingTable;
  mode_changes: ModeChangeTable;
  missed_calls: MissedCallTable;
  callers: CallerTable;
  caller_orders: CallerOrderTable;
  alarms: AlarmTable;
  supervision: SupervisionTable;
  users: UserTable;
  seats: SeatTable;
  sessions: SessionTable;
  teams: TeamTable;
  recovery_codes: RecoveryCodeTable;
  api_tokens: ApiTokenTable;
  audit: AuditTable;
  contact_forms: ContactFormTable;
  messages: MessageTable;
  message_receipts: MessageReceiptTable;
  channel_cursors: ChannelCursorTable;
  chat_sessions: ChatSessionTable;
  chat_lines: ChatLineTable;
  chat_files: ChatFileTable;
  message_files: MessageFileTable;
}

/** How far each journal is folded into the tables. */
export interface ProjectionTable {
  journal: string;
  seq: number;
}

/** Facts that the database would not take: kept, so that nothing is lost and the rest goes on. */
export interface RefusalTable {
  journal: string;
  seq: number;
  idx: number;
  fact: ColumnType<unknown, string, never>;
  error: string;
}

/** What is known of a number. `proposed_by` has asked for it to be limited, and nobody else yet. */
export interface CallerTable {
  id: Generated<number>;
  number: string;
  elder: Generated<boolean>;
  grade: Grade | null;
  stage: 'warned' | 'limited' | null;
  stage_until_ms: number | null;
  stage_reason: string | null;
  proposed_by: string | null;
  proposed_at_ms: number | null;
  proposed_reason: string | null;
  proposed_days: number | null;
  proposed_by_approver: Generated<boolean>;
  changed_at_ms: number;
  changed_by: string;
}

/** Orders that are open. */
export interface CallerOrderTable {
  number: string;
  order_no: string;
  urgency: string;
}

/** One row a number, from its first missed call until it is made good. */
export interface MissedCallTable {
  /** The first call. */
  contact: string;
  number: string;
  queue: string;
  /** How often the number tried. */
  calls: number;
  missed_at_ms: number;
  due_at_ms: number;
  /** The contact by which it is, or was last, called back. */
  call_back: string | null;
  closed_at_ms: number | null;
  result: MissedResult | null;
  handled_by: string | null;
  note: string | null;
}

export interface ContactTable {
  id: string;
  medium: string;
  from_number: string;
  from_name: string | null;
  dialled: string;
  diversion: string | null;
  /** The merged hotline that it is for, when that was not dialled. */
  line: string | null;
  flow: string;
  opened_at_ms: number;
  closed_at_ms: number | null;
  outcome: ContactOutcome | null;
  approximate: Generated<boolean>;
  /** First entry into a queue, and first word with an agent: what the measures count from. */
  queued_at_ms: number | null;
  answered_at_ms: number | null;
  /** 1 (worst) to 5, given to `rated_agent` after the talk. */
  rating: number | null;
  rated_agent: string | null;
  rated_at_ms: number | null;
  /** Who should have had it, and the urgent order of the number that said so. */
  grade: Grade | null;
  order_no: string | null;
  disposition: string | null;
  disposition_note: string | null;
  disposed_by: string | null;
  disposed_at_ms: number | null;
  /** Where it counts: of the agent who answered, else of the one whose phone rang last. Null: `main`. */
  site: string | null;
  /** The queue it entered first. */
  queue: string | null;
  /** Promised to be called back there; dialled in vain so often. */
  call_back_number: string | null;
  call_back_tries: number | null;
  /** Of a digital contact: its name outside. */
  reference: string | null;
  /** A call beside this conversation: one matter, shown as one contact. */
  part_of: string | null;
  /** The closed conversation that it goes on from. */
  continues: string | null;
}

export interface LegTable {
  id: string;
  contact: string;
  node: string;
  role: 'citizen' | 'agent' | 'supervisor';
  agent: string | null;
  address: string;
  opened_at_ms: number;
  answered_at_ms: number | null;
  closed_at_ms: number | null;
  cause: string | null;
  sip_status: number | null;
  approximate: Generated<boolean>;
}

/** `seq` and `idx` say where in the journal a row began: the same fact makes the same row, however often it is applied. */
interface Placed {
  seq: number;
  idx: number;
}

export interface WaitTable extends Placed {
  contact: string;
  queue: string;
  enqueued_at_ms: number;
  started_at_ms: number;
  ended_at_ms: number | null;
  result: WaitResult | null;
}

export interface DigitsTable extends Placed {
  contact: string;
  step: string;
  digits: string;
  at_ms: number;
}

export interface OfferTable {
  contact: string;
  token: number;
  agent: string;
  made_at_ms: number;
  lease_until_ms: number;
  ended_at_ms: number | null;
  result: OfferResult | null;
}

export interface TalkTable extends Placed {
  contact: string;
  agent: string;
  /** Null of a digital contact. */
  citizen_leg: string | null;
  agent_leg: string | null;
  started_at_ms: number;
  ended_at_ms: number | null;
  ended_by: TalkEnd | null;
}

export interface HoldTable extends Placed {
  contact: string;
  agent: string;
  started_at_ms: number;
  ended_at_ms: number | null;
}

export interface TalkGapTable extends Placed {
  contact: string;
  agent: string;
  /** Of the end of the leg that was lost. */
  cause: string;
  started_at_ms: number;
  ended_at_ms: number | null;
  result: GapResult | null;
}

export interface AgentStateTable extends Placed {
  agent: string;
  state: AgentState;
  reason: string | null;
  contact: string | null;
  from_ms: number;
  until_ms: number | null;
}

/** One file. The ledger: what should be on it against what is. */
export interface RecordingTable {
  file: string;
  contact: string;
  leg: string;
  /** 1, 2, … within its contact. */
  number: number;
  started_at_ms: number;
  ended_at_ms: number | null;
  expected_ms: number | null;
  duration_ms: number | null;
  bytes: number | null;
  /** The two differ by more than a second, or there is no file. */
  differs: Generated<boolean>;
}

/** One figure that was too low, said once. */
export interface AlarmTable {
  id: Generated<number>;
  kind: 'connectRate';
  scope: AlarmScope;
  /** Site or dialled number. */
  key: string;
  from_ms: number;
  to_ms: number;
  raised_at_ms: number;
  numerator: number;
  denominator: number;
  limit_percent: number;
  acknowledged_at_ms: number | null;
  acknowledged_by: string | null;
  note: string | null;
}

export type AlarmScope = 'site' | 'number';

/** Up to where the quarters were judged, so that none is judged twice. */
export interface SupervisionTable {
  kind: 'connectRate';
  judged_to_ms: number;
}

/** Channels guide §2.4: who may do what stands at each route. */
export const ROLES = [
  'admin',
  'lead',
  'agent',
  'dispatcher',
  'handlingUnit',
  'supervisor',
  'auditor',
  'integrator',
] as const;
export type Role = (typeof ROLES)[number];

export interface UserTable {
  name: string;
  password_hash: string;
  roles: ColumnType<Role[], Role[], Role[]>;
  disabled: Generated<boolean>;
  created_at_ms: number;
  team: string | null;
  /** Whole numbers, for a reason, though the role alone would not. */
  may_reveal: Generated<boolean>;
  may_play: Generated<boolean>;
  /** After too many wrong passwords. */
  locked_until_ms: number | null;
  /** Encrypted; without `totp_confirmed_at_ms` it is only being set up. */
  totp_secret: string | null;
  totp_confirmed_at_ms: number | null;
  /** The last 30 s for which a code was taken: none before is taken again. */
  totp_step: Generated<number>;
}

export interface TeamTable {
  name: string;
  title: string;
  created_at_ms: number;
}

/** Each opens the account once, instead of a second factor. */
export interface RecoveryCodeTable {
  user_name: string;
  code_hash: Buffer;
}

/** For programs. The token itself is the program's alone; here stands its SHA-256. */
export interface ApiTokenTable {
  id: string;
  token_hash: Buffer;
  user_name: string;
  title: string;
  scopes: ColumnType<string[], string[], string[]>;
  created_at_ms: number;
  created_by: string;
  expires_at_ms: number;
  revoked_at_ms: number | null;
  used_at_ms: number | null;
}

/** Who did what from where, and what came of it. Rows are never changed; each carries the hash of all before it. */
export interface AuditTable {
  seq: number;
  at_ms: number;
  who: string;
  via: string;
  source: string;
  action: string;
  target: string;
  status: number;
  code: string;
  detail: string;
  hash: Buffer;
}

/** `by_user` null: a proposal, or, not `proposed`, its withdrawal. */
export interface ModeChangeTable {
  seq: number;
  idx: number;
  at_ms: number;
  mode: ModeName;
  from_mode: ModeName | null;
  by_user: string | null;
  reason: string | null;
  proposed: boolean;
}

export type Digest = 'md5' | 'sha256';

export interface SeatTable {
  user_name: string;
  number: string;
  sip_user: string;
  digest: Digest;
  ha1_md5: string;
  ha1_sha256: string;
  skills: ColumnType<Record<string, number>, string, string>;
  site: string | null;
  home: string | null;
  profile: ColumnType<readonly ProfileEntry[] | null, string | null, string | null>;
  slots: ColumnType<SlotCounts | null, string | null, string | null>;
}

/** The token itself is the browser's alone; here stands its SHA-256. */
export interface SessionTable {
  token_hash: Buffer;
  user_name: string;
  created_at_ms: number;
  expires_at_ms: number;
  /** When its person did something last. */
  seen_at_ms: number;
}

/** What an agent wrote down of a contact, 登记单: a draft until it is submitted, and then never changed. */
export interface ContactFormTable {
  contact: string;
  by_user: string;
  type: string;
  urgency: string;
  category: string;
  title: string;
  place: string;
  content: string;
  /** When it happened, in the caller's words. */
  occurred: string;
  resolution: string;
  wants_callback: boolean;
  confidential: boolean;
  anonymous: boolean;
  /** Counts what was saved: an older page's draft never covers a newer one. */
  revision: number;
  saved_at_ms: number;
  submitted_at_ms: number | null;
  /** By which key it was submitted: the same again is no second one. */
  submit_key: string | null;
}

/** What came in by a channel, and what is to go out. `content`: as the channel's contract shapes it. */
export interface MessageTable {
  id: Generated<number>;
  /** The hotline that took it: the journal that its contact is in. */
  journal: string;
  direction: 'in' | 'out';
  channel: string;
  account: string;
  conversation: string;
  kind: 'message' | 'event' | 'unreadable' | 'reply' | 'receipt';
  /** Of what came in: `stored`; `settled` of what could not be read, and was read since. */
  state: MessageState;
  /** The platform's name of it. */
  external_id: string | null;
  /** Of what came in: what proves who wrote it (`Identity[]`). */
  identities: ColumnType<unknown, string | null, never>;
  contact: string | null;
  /** It is the first of its contact. */
  opened: Generated<boolean>;
  content: ColumnType<unknown, string, string>;
  /** The delivery as it came, with the first message that it brought. */
  raw: Buffer | null;
  /** By the platform's clock. */
  sent_at_ms: number | null;
  /** Stored here. */
  at_ms: number;
  by_user: string | null;
  /** The same key in the same contact is the same reply. */
  send_key: string | null;
  tries: Generated<number>;
  due_at_ms: number | null;
  /** When the platform took it. */
  gone_at_ms: number | null;
  error: string | null;
  /** When the platform refused it last because its reply window is shut. */
  shut_at_ms: number | null;
}

/** `dead`: not tried any more until somebody says so. Receipts move on from `sent` only. */
export type MessageState = 'stored' | 'settled' | 'waiting' | 'dead' | 'sent' | 'delivered' | 'read' | 'failed';

/** What platforms told of our messages, perhaps before we knew their names. */
export interface MessageReceiptTable {
  channel: string;
  account: string;
  of_id: string;
  status: 'delivered' | 'read' | 'failed';
  at_ms: number;
  reason: string | null;
}

/** Where a pulled source goes on. */
export interface ChannelCursorTable {
  channel: string;
  account: string;
  cursor: string;
  at_ms: number;
}
