import { sql } from 'kysely';
import type { Db } from './store.ts';

/** Numbers of one contact's citizen, as they came. */
export interface WholeNumbers {
  readonly from_number: string;
  readonly from_name: string | null;
  readonly diversion: string | null;
  readonly call_back_number: string | null;
}

/** Undefined: no such contact, or, with `agents`, none in which one of these spoke with the citizen. */
export async function readWholeNumbers(
  db: Db,
  contact: string,
  agents?: readonly string[],
): Promise<WholeNumbers | undefined> {
  let query = db
    .selectFrom('contacts')
    .select(['from_number', 'from_name', 'diversion', 'call_back_number'])
    .where('id', '=', contact);
  if (agents !== undefined)
    query = query.where(
      sql<boolean>`exists (select 1 from talks where talks.agent = any(${agents}) and talks.contact = contacts.id)`,
    );
  return await query.executeTakeFirst();
}
