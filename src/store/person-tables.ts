import type { ColumnType, Generated } from 'kysely';

/** Who writes and calls, over all channels. */
export interface PersonTables {
  persons: PersonTable;
  person_identities: PersonIdentityTable;
  contact_identities: ContactIdentityTable;
  person_changes: PersonChangeTable;
}

/** No more than a number: who it is, is said by the identities. */
export interface PersonTable {
  id: Generated<number>;
  created_at_ms: number;
}

/** What proves who somebody is: `phone`, `mail`, `union`, `contact` (somebody's word about that contact alone), else a channel's name. */
export interface PersonIdentityTable {
  id: Generated<number>;
  kind: string;
  /** Within which `value` is unique: a channel's account, for `union` its channel; empty: everywhere. */
  realm: string;
  value: string;
  person: number;
  /** Somebody said whose it is: no proof moves it any more. */
  by_hand: Generated<boolean>;
  at_ms: number;
}

/** By which identity a contact came. */
export interface ContactIdentityTable {
  contact: string;
  identity: number;
  /** As in `contacts`. */
  opened_at_ms: number;
}

/** Identities went from one person to another. Never changed, only undone by another. */
export interface PersonChangeTable {
  id: Generated<number>;
  /** `joined`: by a proof, by nobody's hand. */
  kind: 'joined' | 'merged' | 'split' | 'undone';
  from_person: number;
  to_person: number;
  identities: ColumnType<number[], string, never>;
  by_user: string | null;
  reason: string;
  at_ms: number;
  undoes: number | null;
}
