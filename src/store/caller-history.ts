import { sql } from 'kysely';
import type { Db } from './store.ts';

export interface EarlierContact {
  readonly id: string;
  readonly medium: string;
  readonly openedAtMs: number;
  readonly dialled: string;
  readonly outcome: string | null;
  /** Who spoke with the citizen last. */
  readonly agent: string | null;
  readonly disposition: string | null;
  /** Of a form that was submitted. */
  readonly type: string | null;
  readonly title: string | null;
  readonly category: string | null;
}

/** Other contacts of the same person over all channels, newest first. Who withheld the number, and whom nothing proves, is nobody. */
export async function listEarlierContacts(db: Db, contact: string, rowsMax: number): Promise<EarlierContact[]> {
  const { rows } = await sql<EarlierContact>`
    with mine as (
      select other.id from contact_identities as now
      join person_identities as this on this.id = now.identity
      join person_identities as other on other.person = this.person
      where now.contact = ${contact}
    ), found as (
      select came.contact, came.opened_at_ms from mine
      cross join lateral (
        select contact, opened_at_ms from contact_identities
        where identity = mine.id and contact <> ${contact}
        order by opened_at_ms desc, contact desc limit ${rowsMax}
      ) as came
      order by came.opened_at_ms desc, came.contact desc limit ${rowsMax}
    )
    select contacts.id, contacts.medium, contacts.opened_at_ms as "openedAtMs", contacts.dialled, contacts.outcome,
      contacts.disposition, form.type, form.title, form.category,
      (select agent from talks where talks.contact = contacts.id order by started_at_ms desc limit 1) as agent
    from found join contacts on contacts.id = found.contact
    left join contact_forms as form on form.contact = contacts.id and form.submitted_at_ms is not null
    order by found.opened_at_ms desc, contacts.id desc`.execute(db);
  return rows;
}
