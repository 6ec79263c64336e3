import { sql } from 'kysely';
import { numberForms } from '../lib/phone-number.ts';
import type { ContactTable } from './schema.ts';
import type { Db } from './store.ts';

export interface ContactsWanted {
  /** Opened at or after. Unix time, ms. */
  readonly fromMs: number;
  /** Opened before. Unix time, ms. */
  readonly toMs: number;
  readonly medium?: string;
  /** Channel of a conversation, such as `wechat`. */
  readonly platform?: string;
  /** Its number, its name outside, or by what its citizen is known: a whole number, however it is written, an openid, a mail address. */
  readonly known?: string;
  /** Where it may have a name outside, such as `open311/one`: what is known may be such a name alone. */
  readonly places?: readonly string[];
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
  const { agents, after, medium, platform, known, places = [] } = wanted;
  let query = db
    .selectFrom('contacts')
    .selectAll()
    .where('opened_at_ms', '>=', wanted.fromMs)
    .where('opened_at_ms', '<', wanted.toMs)
    .orderBy('opened_at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(wanted.rowsMax);
  if (medium !== undefined) query = query.where('medium', '=', medium);
  if (platform !== undefined)
    query = query
      .where('medium', 'in', ['chat', 'mail'])
      .where(sql<boolean>`split_part(dialled, '/', 1) = ${platform}`);
  query =
    known === undefined
      ? query.where('part_of', 'is', null)
      : query.where(sql<boolean>`id in (${isKnownBy(known, places)})`);
  if (after) query = query.where(sql<boolean>`(opened_at_ms, id) < (${after.openedAtMs}::bigint, ${after.id}::text)`);
  if (agents !== undefined) query = query.where(sql<boolean>`${wasTheirs(agents)}`);
  return (await query.execute()) as ContactRow[];
}

const ID = /^c(\d{10,15}(?:\.\d{1,6})?)-([0-9a-f]{6})$/i;

/** Each part by an index. */
function isKnownBy(known: string, places: readonly string[]) {
  const numbers = [known, ...numberForms(known)];
  const references = [known, ...places.map((place) => `${place}/${known}`)];
  const [, number, journal] = ID.exec(known) ?? [];
  const id = number === undefined ? known : `C${number}-${journal?.toLowerCase()}`;
  return sql`
    select id from contacts where id = ${id}
    union select id from contacts where from_number = any(${numbers})
    union select id from contacts where medium in ('chat', 'mail') and reference = any(${references})
    union select contact from contact_identities where identity in (
      select other.id from person_identities as this join person_identities as other on other.person = this.person
      where this.kind <> 'contact' and this.value = any(${[known.toLowerCase(), ...numbers]}))`;
}

function wasTheirs(agents: readonly string[]) {
  return sql`(exists (select 1 from offers where offers.agent = any(${agents}) and offers.contact = contacts.id)
    or exists (select 1 from talks where talks.agent = any(${agents}) and talks.contact = contacts.id))`;
}

/** All that is known of one contact, each list in the order it happened. `agents`: only if one of these was offered it. */
export async function readContact(db: Db, id: string, agents?: readonly string[]) {
  let query = db.selectFrom('contacts').selectAll().where('id', '=', id);
  if (agents !== undefined) query = query.where(sql<boolean>`${wasTheirs(agents)}`);
  const contact = await query.executeTakeFirst();
  if (!contact) return undefined;
  const [continuedBy, calls, legs, waits, digits, offers, talks, holds, gaps, recordings] = await Promise.all([
    readContinuing(db, id),
    readCalls(db, id),
    db.selectFrom('legs').selectAll().where('contact', '=', id).orderBy('opened_at_ms').orderBy('id').execute(),
    db.selectFrom('waits').selectAll().where('contact', '=', id).orderBy('seq').orderBy('idx').execute(),
    db.selectFrom('digits').selectAll().where('contact', '=', id).orderBy('seq').orderBy('idx').execute(),
    db.selectFrom('offers').selectAll().where('contact', '=', id).orderBy('token').execute(),
    db.selectFrom('talks').selectAll().where('contact', '=', id).orderBy('seq').orderBy('idx').execute(),
    db.selectFrom('holds').selectAll().where('contact', '=', id).orderBy('seq').orderBy('idx').execute(),
    db.selectFrom('talk_gaps').selectAll().where('contact', '=', id).orderBy('seq').orderBy('idx').execute(),
    db.selectFrom('recordings').selectAll().where('contact', '=', id).orderBy('number').execute(),
  ]);
  return { contact, continuedBy, calls, legs, waits, digits, offers, talks, holds, gaps, recordings };
}

const CALLS_MAX = 50;

/** Calls beside a conversation, with their talks and recordings. */
async function readCalls(db: Db, partOf: string) {
  const calls = await db
    .selectFrom('contacts')
    .select(['id', 'opened_at_ms', 'answered_at_ms', 'closed_at_ms', 'outcome'])
    .where('part_of', '=', partOf)
    .orderBy('opened_at_ms')
    .limit(CALLS_MAX)
    .execute();
  if (calls.length === 0) return [];
  const ids = calls.map(({ id }) => id);
  const [talks, recordings] = await Promise.all([
    talksOf(db, ids),
    db.selectFrom('recordings').selectAll().where('contact', 'in', ids).orderBy('number').execute(),
  ]);
  return calls.map((call) => ({
    ...call,
    talks: talks.filter(({ contact }) => contact === call.id),
    recordings: recordings.filter(({ contact }) => contact === call.id),
  }));
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

/** The first contact that goes on from this one. */
async function readContinuing(db: Db, id: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('contacts')
    .select('id')
    .where('continues', '=', id)
    .orderBy('opened_at_ms')
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}

/** What a conversation is called outside, and the queue that it was in last. */
export async function readConversationName(db: Db, id: string) {
  return await db
    .selectFrom('contacts')
    .select(['medium', 'from_number', 'from_name', 'dialled', 'reference'])
    .select(
      sql<string | null>`(select queue from waits where contact = contacts.id order by seq desc, idx desc limit 1)`.as(
        'queue',
      ),
    )
    .where('id', '=', id)
    .executeTakeFirst();
}

/** Of a call beside a conversation, the conversation; else itself. */
export async function wholeOf(db: Db, id: string): Promise<string> {
  const row = await db.selectFrom('contacts').select('part_of').where('id', '=', id).executeTakeFirst();
  return row?.part_of ?? id;
}

/** The calling number; undefined: no such contact. */
export async function numberOfContact(db: Db, id: string): Promise<string | undefined> {
  const row = await db.selectFrom('contacts').select('from_number').where('id', '=', id).executeTakeFirst();
  return row?.from_number;
}

/** Whether it is a chat or mail. */
export async function isConversation(db: Db, id: string): Promise<boolean> {
  const row = await db.selectFrom('contacts').select('medium').where('id', '=', id).executeTakeFirst();
  return row?.medium === 'chat' || row?.medium === 'mail';
}

/** File and state of a contact's nth recording, 1 is the first, and the contact's talks. */
export async function findRecording(db: Db, contact: string, number: number) {
  const recording = await db
    .selectFrom('recordings')
    .select(['file', 'started_at_ms', 'ended_at_ms'])
    .where('contact', '=', contact)
    .where('number', '=', number)
    .executeTakeFirst();
  return recording && { ...recording, talks: await talksOf(db, [contact]) };
}

/** In no order. */
async function talksOf(db: Db, contacts: readonly string[]) {
  return await db
    .selectFrom('talks')
    .select(['contact', 'agent', 'started_at_ms', 'ended_at_ms'])
    .where('contact', 'in', contacts)
    .execute();
}
