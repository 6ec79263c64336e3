import { ask } from '../request.ts';

/** Who it is, as `GET /api/v1/contacts/ID/person` tells. */
export interface Person {
  readonly person: number | null;
  readonly identities: readonly {
    readonly id: number;
    readonly kind: string;
    readonly realm: string;
    /** Masked, unless one sees whole numbers. */
    readonly value: string;
    readonly byHand: boolean;
  }[];
  readonly changes: readonly {
    readonly id: number;
    readonly kind: string;
    readonly identities: number;
    readonly by: string | null;
    readonly reason: string;
    readonly atMs: number;
    readonly undone: boolean;
  }[];
}

export function personOf(contact: string): Promise<Person> {
  return ask<Person>(`/contacts/${contact}/person`);
}

export function merge(contact: string, other: string, reason: string): Promise<unknown> {
  return ask(`/contacts/${contact}/person/merge`, { method: 'POST', body: { other, reason } });
}

export function split(
  contact: string,
  going: { readonly identities?: readonly number[]; readonly contacts?: readonly string[] },
  reason: string,
): Promise<unknown> {
  return ask(`/contacts/${contact}/person/split`, { method: 'POST', body: { ...going, reason } });
}

export function undo(change: number, reason: string): Promise<unknown> {
  return ask(`/person-changes/${change}/undo`, { method: 'POST', body: { reason } });
}
