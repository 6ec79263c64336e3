import { Type } from 'typebox';
import { maskKey } from '../lib/mask-number.ts';
import { PERSON_IDENTITIES_MAX } from '../store/identities.ts';
import type { PersonChange, PersonIdentity, PersonRecord } from '../store/persons.ts';
import { orNull } from './schemas.ts';
import { ONE_LINE } from './text-pattern.ts';

const ContactId = Type.String({ minLength: 1, maxLength: 128 });
const Reason = Type.String({ minLength: 1, maxLength: 200, pattern: ONE_LINE });

export const MergeBody = Type.Object(
  { other: { ...ContactId, description: 'A contact of the other person.' }, reason: Reason },
  { additionalProperties: false },
);
export const SplitBody = Type.Object(
  {
    identities: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), { maxItems: PERSON_IDENTITIES_MAX }),
    ),
    contacts: Type.Optional(Type.Array(ContactId, { maxItems: 20, description: 'Go alone, without their identity.' })),
    reason: Reason,
  },
  { additionalProperties: false },
);
export const UndoBody = Type.Object({ reason: Reason }, { additionalProperties: false });
export const ChangeParams = Type.Object({ change: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }) });
export const ChangeShape = Type.Object({ change: Type.Integer({ description: 'Undone by this number.' }) });

export const PersonShape = Type.Object({
  person: orNull('integer'),
  sinceMs: orNull('integer'),
  identities: Type.Array(
    Type.Object({
      id: Type.Integer(),
      kind: Type.String({ description: 'phone, mail, union, contact, or a channel' }),
      realm: Type.String({ description: 'the account of that channel' }),
      value: Type.String(),
      atMs: Type.Integer(),
      byHand: Type.Boolean({ description: 'no proof moves it any more' }),
    }),
  ),
  changes: Type.Array(
    Type.Object({
      id: Type.Integer(),
      kind: Type.String({ description: 'joined (by a proof), merged, split, undone' }),
      from: Type.Integer(),
      to: Type.Integer(),
      identities: Type.Integer({ description: 'how many went' }),
      by: orNull('string'),
      reason: Type.String(),
      atMs: Type.Integer(),
      undone: Type.Boolean(),
    }),
  ),
});

/** Numbers and openids masked; a contact's own number is no secret. */
export function personView(record: PersonRecord | undefined) {
  if (record === undefined) return { person: null, sinceMs: null, identities: [], changes: [] };
  const undone = new Set(record.changes.map(({ undoes }) => undoes));
  return {
    person: record.id,
    sinceMs: record.sinceMs,
    identities: record.identities.map(identityView),
    changes: record.changes.map((change) => changeView(change, undone.has(change.id))),
  };
}

function identityView({ id, kind, realm, value, at_ms, by_hand }: PersonIdentity) {
  return { id, kind, realm, value: kind === 'contact' ? value : maskKey(value), atMs: at_ms, byHand: by_hand };
}

function changeView(change: PersonChange, undone: boolean) {
  const { id, kind, from_person, to_person, identities, by_user, reason, at_ms } = change;
  return {
    ...{ id, kind, from: from_person, to: to_person, identities: identities.length },
    ...{ by: by_user, reason, atMs: at_ms, undone },
  };
}
