import { sql } from 'kysely';
import type { Db } from './store.ts';

export interface EarlierContact {
  readonly id: string;
  readonly openedAtMs: number;
  readonly dialled: string;
  readonly outcome: string | null;
  /** Who spoke with the caller last. */
  readonly agent: string | null;
  readonly disposition: string | null;
  /** Of a form that was submitted. */
  readonly type: string | null;
  readonly title: string | null;
  readonly category: string | null;
}

/** Other contacts of the same calling number, newest first. A number that is withheld is nobody's. */
export async function listEarlierContacts(db: Db, contact: string, rowsMax: number): Promise<EarlierContact[]> {
  const rows = await db
    .selectFrom('contacts as now')
    .innerJoin('contacts', 'contacts.from_number', 'now.from_number')
    .leftJoin('contact_forms as form', (join) =>
      join.onRef('form.contact', '=', 'contacts.id').on('form.submitted_at_ms', 'is not', null),
    )
    .where('now.id', '=', contact)
    .where('contacts.id', '<>', contact)
    .where(sql<boolean>`contacts.from_number ~ '^[+]?[0-9]{5,}$'`)
    .orderBy('contacts.opened_at_ms', 'desc')
    .limit(rowsMax)
    .select(['contacts.id', 'contacts.opened_at_ms', 'contacts.dialled', 'contacts.outcome', 'contacts.disposition'])
    .select(['form.type', 'form.title', 'form.category'])
    .select(
      sql<
        string | null
      >`(select agent from talks where talks.contact = contacts.id order by started_at_ms desc limit 1)`.as('agent'),
    )
    .execute();
  return rows.map(({ opened_at_ms, ...row }) => ({ ...row, openedAtMs: opened_at_ms }));
}
