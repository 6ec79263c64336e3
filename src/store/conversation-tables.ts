import type { ColumnType, Generated } from 'kysely';

/** A conversation of the web chat; `messages.conversation` is its id. */
export interface ChatSessionTable {
  id: string;
  entry: 'personal' | 'enterprise';
  /** As the citizen says. */
  name: string;
  created_at_ms: number;
  expires_at_ms: number;
  /** Only tokens of this one hold. */
  generation: Generated<number>;
  /** Number of its last line; the database counts. */
  last_seq: Generated<number>;
  /** Watermarks, which only rise: up to which line each side has it, and has read it. */
  citizen_delivered: Generated<number>;
  citizen_read: Generated<number>;
  agent_delivered: Generated<number>;
  agent_read: Generated<number>;
}

/** The lines of a conversation, numbered 1, 2, 3… without a gap. */
export interface ChatLineTable {
  session: string;
  seq: number;
  message: number;
}

/** A file that a citizen announced; with a `type` it is there, checked. */
export interface ChatFileTable {
  id: string;
  session: string;
  name: string;
  bytes: number;
  sha256: string;
  type: string | null;
  /** Where a photo was taken, as it says itself: WGS-84. */
  place: ColumnType<ExifPlaceRow | null, string | null, string | null>;
  at_ms: number;
}

export interface ExifPlaceRow {
  readonly latitude: number;
  readonly longitude: number;
  readonly accuracyM?: number;
}

/** A file of a message: at the platform until it is fetched, or sent by an agent. */
export interface MessageFileTable {
  /** Its name below the data folder, too. */
  id: string;
  journal: string;
  channel: string;
  account: string;
  /** Null: an agent brought it and has not sent it. */
  message: number | null;
  /** Among the message's media, from 0. */
  position: number | null;
  /** Of what an agent brought. */
  contact: string | null;
  by_user: string | null;
  name: string;
  kind: 'image' | 'audio' | 'video' | 'file';
  /** `gone`: it cannot be had; `error` says why. */
  state: 'waiting' | 'here' | 'gone';
  /** By its content, once it is here. */
  type: string | null;
  bytes: number | null;
  place: ColumnType<ExifPlaceRow | null, string | null, string | null>;
  tries: Generated<number>;
  due_at_ms: number | null;
  /** A code: `refused`, `unreachable`… */
  error: string | null;
  at_ms: number;
}
