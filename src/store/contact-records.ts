import { sql } from 'kysely';
import type { ContactTable } from './schema.ts';
import type { Db } from './store.ts';

export interface ContactsWanted {
  /** Opened at or after. Unix time, ms. */
  readonly fromMs: number;
  /** Opened before. Unix time, ms. */
  readonly toMs: number;
  readonly medium?: string;
  /** Whole calling number. */
  readonly from?: string;
  /** Only contacts that one of these agents was offered or spoke in. */
  readonly agents?: readonly string[];
  /** Goes on after this contact. */
  readonly after?: ContactPlace;
  readonly rowsMax: number;
}

/** Contacts are listed newest first; this is where one stands. */
export interface ContactPlace {
  readonly openedAtMs: number;
  readonly id: string;
}

export type ContactRow = ContactTable & { readonly approximate: boolean };

export async function listContacts(db: Db, wanted: ContactsWanted): Promise<ContactRow[]> {
  const { agents, after, medium, from } = wanted;
  let query = db
    .selectFrom('contacts')
    .selectAll()
    .where('opened_at_ms', '>=', wanted.fromMs)
    .where('opened_at_ms', '<', wanted.toMs)
    .orderBy('opened_at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(wanted.rowsMax);
  if (medium !== undefined) query = query.where('medium', '=', medium);
  if (from !== undefined) query = query.where('from_number', '=', from);
  if (after) query = query.where(sql<boolean>`(opened_at_ms, id) < (${after.openedAtMs}::bigint, ${after.id}::text)`);
  if (agents !== undefined) query = query.where(sql<boolean>`${wasOffered(agents)}`);
  return (await query.execute()) as ContactRow[];
}

function wasOffered(agents: readonly string[]) {
  return sql`exists (select 1 from offers where offers.agent = any(${agents}) and offers.contact = contacts.id)`;
}

/** All that is known of one contact, each list in the order it happened. `agents`: only if one of these was offered it. */
export async function readContact(db: Db, id: string, agents?: readonly string[]) {
  let query = db.selectFrom('contacts').selectAll().where('id', '=', id);
  if (agents !== undefined) query = query.where(sql<boolean>`${wasOffered(agents)}`);
  const contact = await query.executeTakeFirst();
  if (!contact) return undefined;
  const [legs, waits, digits, offers, talks, holds, gaps, recordings] = await Promise.all([
    db.selectFrom('legs').selectAll().where('contact', '=', id).orderBy('opened_at_ms').orderBy('id').execute(),
    db.selectFrom('waits').selectAll().where('contact', '=', id).orderBy('seq').orderBy('idx').execute(),
    db.selectFrom('digits').selectAll().where('contact', '=', id).orderBy('seq').orderBy('idx').execute(),
    db.selectFrom('offers').selectAll().where('contact', '=', id).orderBy('token').execute(),
    db.selectFrom('talks').selectAll().where('contact', '=', id).orderBy('seq').orderBy('idx').execute(),
    db.selectFrom('holds').selectAll().where('contact', '=', id).orderBy('seq').orderBy('idx').execute(),
    db.selectFrom('talk_gaps').selectAll().where('contact', '=', id).orderBy('seq').orderBy('idx').execute(),
    db.selectFrom('recordings').selectAll().where('contact', '=', id).orderBy('number').execute(),
  ]);
  return { contact, legs, waits, digits, offers, talks, holds, gaps, recordings };
}

export type ContactRecord = NonNullable<Awaited<ReturnType<typeof readContact>>>;

/** Whether there is such a contact; `agents`: in which one of these spoke with the citizen. */
export async function hadContact(db: Db, id: string, agents?: readonly string[]): Promise<boolean> {
  let query = db.selectFrom('contacts').select('id').where('id', '=', id);
  if (agents !== undefined) {
    query = query.where(
      sql<boolean>`exists (select 1 from talks where talks.agent = any(${agents}) and talks.contact = contacts.id)`,
    );
  }
  return (await query.executeTakeFirst()) !== undefined;
}

/** The calling number; undefined: no such contact. */
export async function numberOfContact(db: Db, id: string): Promise<string | undefined> {
  const row = await db.selectFrom('contacts').select('from_number').where('id', '=', id).executeTakeFirst();
  return row?.from_number;
}

/** File and state of a contact's nth recording, 1 is the first. */
export async function findRecording(db: Db, contact: string, number: number) {
  return await db
    .selectFrom('recordings')
    .select(['file', 'ended_at_ms'])
    .where('contact', '=', contact)
    .where('number', '=', number)
    .executeTakeFirst();
}
