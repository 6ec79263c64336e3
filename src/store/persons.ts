import { type Selectable, sql, type Transaction } from 'kysely';
import { contactIdentity, identityOf, lockPersons, moveIdentities, PERSON_IDENTITIES_MAX } from './identities.ts';
import type { PersonChangeTable, PersonIdentityTable } from './person-tables.ts';
import type { Database } from './schema.ts';
import type { Db } from './store.ts';

export type PersonIdentity = Selectable<PersonIdentityTable>;
export type PersonChange = Selectable<PersonChangeTable>;

export interface PersonRecord {
  readonly id: number;
  readonly sinceMs: number;
  /** Oldest first. */
  readonly identities: readonly PersonIdentity[];
  /** Newest first, at most 50. */
  readonly changes: readonly PersonChange[];
}

/** Who did it, and why. */
export interface Word {
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
}

/** `same`: nothing to do. `changed`: something was moved since. `full`: more identities than one person may have. */
export type PersonFault = 'unknown' | 'same' | 'changed' | 'full';

const CHANGES_SHOWN = 50;
const SPLIT_MAX = PERSON_IDENTITIES_MAX;

/** Undefined: nothing proves who it is, and nobody has said so. */
export async function personOf(db: Db | Transaction<Database>, contact: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('contact_identities')
    .innerJoin('person_identities', 'person_identities.id', 'contact_identities.identity')
    .select('person_identities.person')
    .where('contact_identities.contact', '=', contact)
    .executeTakeFirst();
  return row?.person;
}

export async function readPerson(db: Db, contact: string): Promise<PersonRecord | undefined> {
  const id = await personOf(db, contact);
  if (id === undefined) return undefined;
  const [person, identities, changes] = await Promise.all([
    db.selectFrom('persons').select('created_at_ms').where('id', '=', id).executeTakeFirst(),
    db.selectFrom('person_identities').selectAll().where('person', '=', id).orderBy('id').execute(),
    db
      .selectFrom('person_changes')
      .selectAll()
      .where((at) => at.or([at('from_person', '=', id), at('to_person', '=', id)]))
      .orderBy('id', 'desc')
      .limit(CHANGES_SHOWN)
      .execute(),
  ]);
  return { id, sinceMs: person?.created_at_ms ?? 0, identities, changes };
}

/** Numbers that are proved to be of the person of a contact, the one proved last first. */
export async function phonesOf(db: Db, contact: string): Promise<readonly { id: number; number: string }[]> {
  const person = await personOf(db, contact);
  if (person === undefined) return [];
  return await db
    .selectFrom('person_identities')
    .select(['id', 'value as number'])
    .where('person', '=', person)
    .where('kind', '=', 'phone')
    .orderBy('id', 'desc')
    .execute();
}

/** Whether one of these agents spoke in a contact of the person. */
export async function servedPerson(db: Db, person: number, agents: readonly string[]): Promise<boolean> {
  const row = await db
    .selectFrom('person_identities')
    .innerJoin('contact_identities', 'contact_identities.identity', 'person_identities.id')
    .innerJoin('talks', 'talks.contact', 'contact_identities.contact')
    .select('talks.contact')
    .where('person_identities.person', '=', person)
    .where(sql<boolean>`talks.agent = any(${agents})`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The person of `other` becomes that of `contact`. A contact of which nothing was known is the person's from then on. */
export async function mergePersons(
  db: Db,
  { contact, other, ...word }: Word & { readonly contact: string; readonly other: string },
): Promise<number | PersonFault> {
  return await db.transaction().execute(async (transaction) => {
    await lockPersons(transaction);
    const to = await personMade(transaction, contact, word.atMs);
    const from = await personMade(transaction, other, word.atMs);
    if (to === undefined || from === undefined) return 'unknown';
    if (to === from) return 'same';
    const [mine, theirs] = [await identitiesOf(transaction, to), await identitiesOf(transaction, from)];
    if (mine.length + theirs.length > PERSON_IDENTITIES_MAX) return 'full';
    return await moveIdentities(transaction, { kind: 'merged', from, to, identities: theirs, ...word });
  });
}

export interface Split extends Word {
  readonly contact: string;
  /** Go, with all the contacts that came by them. */
  readonly identities: readonly number[];
  /** Go alone. */
  readonly contacts: readonly string[];
}

/** Makes a person of what was another's. At least one identity stays. */
export async function splitPerson(
  db: Db,
  { contact, identities, contacts, ...word }: Split,
): Promise<number | PersonFault> {
  return await db.transaction().execute(async (transaction) => {
    await lockPersons(transaction);
    const from = await personOf(transaction, contact);
    if (from === undefined) return 'unknown';
    const going = new Set(identities);
    for (const each of contacts) {
      if ((await personOf(transaction, each)) !== from) return 'changed';
      going.add(await alone(transaction, each, word.atMs));
    }
    const mine = await identitiesOf(transaction, from);
    const here = [...going].filter((id) => mine.includes(id));
    if (here.length !== going.size) return 'changed';
    if (going.size === 0 || going.size > SPLIT_MAX || going.size >= mine.length) return 'same';
    const { id: to } = await transaction
      .insertInto('persons')
      .values({ created_at_ms: word.atMs })
      .returning('id')
      .executeTakeFirstOrThrow();
    return await moveIdentities(transaction, { kind: 'split', from, to, identities: here, ...word });
  });
}

/** Only while all that it moved is still where it went. */
export async function undoChange(db: Db, change: number, word: Word): Promise<number | PersonFault> {
  return await db.transaction().execute(async (transaction) => {
    await lockPersons(transaction);
    const row = await transaction.selectFrom('person_changes').selectAll().where('id', '=', change).executeTakeFirst();
    if (row === undefined) return 'unknown';
    const undone = await transaction
      .selectFrom('person_changes')
      .select('id')
      .where('undoes', '=', change)
      .executeTakeFirst();
    if (undone !== undefined || row.kind === 'undone') return 'same';
    const there = await identitiesOf(transaction, row.to_person);
    const { identities } = row;
    if (!identities.every((id) => there.includes(id))) return 'changed';
    const back = await identitiesOf(transaction, row.from_person);
    if (back.length + identities.length > PERSON_IDENTITIES_MAX) return 'full';
    const move = { kind: 'undone', from: row.to_person, to: row.from_person, identities, undoes: change } as const;
    return await moveIdentities(transaction, { ...move, ...word });
  });
}

/** The persons of a change; undefined: there is no such change. */
export async function personsOfChange(db: Db, change: number): Promise<readonly [number, number] | undefined> {
  const row = await db
    .selectFrom('person_changes')
    .select(['from_person', 'to_person'])
    .where('id', '=', change)
    .executeTakeFirst();
  return row && [row.from_person, row.to_person];
}

async function identitiesOf(transaction: Transaction<Database>, person: number): Promise<number[]> {
  const rows = await transaction.selectFrom('person_identities').select('id').where('person', '=', person).execute();
  return rows.map(({ id }) => id);
}

/** @returns undefined when there is no such contact. */
async function personMade(
  transaction: Transaction<Database>,
  contact: string,
  atMs: number,
): Promise<number | undefined> {
  const known = await personOf(transaction, contact);
  if (known !== undefined) return known;
  const row = await transaction
    .selectFrom('contacts')
    .select('opened_at_ms')
    .where('id', '=', contact)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const identity = await identityOf(transaction, contactIdentity(contact), atMs);
  await transaction
    .insertInto('contact_identities')
    .values({ contact, identity, opened_at_ms: row.opened_at_ms })
    .execute();
  return await personOf(transaction, contact);
}

/** The contact has an identity of its own, of the same person still. */
async function alone(transaction: Transaction<Database>, contact: string, atMs: number): Promise<number> {
  const person = await personOf(transaction, contact);
  const own = await identityOf(transaction, contactIdentity(contact), atMs);
  await transaction.updateTable('person_identities').set({ person: person! }).where('id', '=', own).execute();
  await transaction.updateTable('contact_identities').set({ identity: own }).where('contact', '=', contact).execute();
  return own;
}
