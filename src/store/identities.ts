import { type Kysely, sql, type Transaction } from 'kysely';
import { ownNumber } from '../lib/phone-number.ts';
import type { Database } from './schema.ts';

/** What proves who somebody is: a number that a carrier or a platform vouches for, an account of a platform. Never what somebody typed in. */
export interface Identity {
  readonly kind: string;
  readonly realm: string;
  readonly value: string;
}

type Tables = Kysely<Database> | Transaction<Database>;

/** What one person may be known by; whoever has more is a switchboard or a mistake, and is joined with nobody by itself. */
export const PERSON_IDENTITIES_MAX = 100;
/** Any number, always the same: whoever moves identities takes turns. */
const LOCK = 7_316_426;

export function phoneIdentity(number: string): Identity | undefined {
  const value = ownNumber(number);
  return value === undefined ? undefined : { kind: 'phone', realm: '', value };
}

/** Somebody's word about one contact, where nothing proves whose it is. */
export function contactIdentity(contact: string): Identity {
  return { kind: 'contact', realm: '', value: contact };
}

/** @returns its number; whoever is not known yet is a new person. */
export async function identityOf(db: Tables, identity: Identity, atMs: number): Promise<number> {
  await makeKnown(db, [{ ...identity, atMs }]);
  return await idOf(db, identity);
}

/** Of one that is known. */
async function idOf(db: Tables, { kind, realm, value }: Identity): Promise<number> {
  const row = await db
    .selectFrom('person_identities')
    .select('id')
    .where('kind', '=', kind)
    .where('realm', '=', realm)
    .where('value', '=', value)
    .executeTakeFirstOrThrow();
  return row.id;
}

/** By which identity a contact came, the first; the others say of whom. */
export interface Came {
  readonly contact: string;
  readonly identities: readonly Identity[];
  readonly atMs: number;
}

/** Told again it changes nothing. */
export async function contactsCame(db: Tables, all: readonly Came[]): Promise<void> {
  if (all.length === 0) return;
  await makeKnown(
    db,
    all.flatMap(({ identities, atMs }) => identities.map((identity) => ({ ...identity, atMs }))),
  );
  const firsts = all.map(({ contact, identities, atMs }) => ({ ...identities[0]!, contact, atMs }));
  const column = <Name extends keyof (typeof firsts)[number]>(name: Name) => firsts.map((first) => first[name]);
  await sql`
    insert into contact_identities (contact, identity, opened_at_ms)
    select distinct on (told.contact) told.contact, known.id, told.at_ms
    from unnest(
      ${column('contact')}::text[], ${column('kind')}::text[], ${column('realm')}::text[], ${column('value')}::text[],
      ${column('atMs')}::bigint[]
    ) as told (contact, kind, realm, value, at_ms)
    join person_identities as known using (kind, realm, value)
    order by told.contact, told.at_ms on conflict do nothing`.execute(db);
  for (const { identities, atMs } of all)
    if (identities.length > 1 && !(await areOnePerson(db, identities))) await joinAll(db, identities, atMs);
}

/** The same citizen's as the one that it goes on from: nobody need have written in it yet. */
export async function goesOn(db: Tables, contact: string, before: string, atMs: number): Promise<void> {
  await sql`
    insert into contact_identities (contact, identity, opened_at_ms)
    select ${contact}, identity, ${atMs} from contact_identities where contact = ${before} on conflict do nothing`.execute(
    db,
  );
}

/** Whoever is not known yet is a new person. */
async function makeKnown(db: Tables, told: readonly (Identity & { readonly atMs: number })[]): Promise<void> {
  const column = <Name extends keyof (typeof told)[number]>(name: Name) => told.map((one) => one[name]);
  await sql`
    with told as (
      select kind, realm, value, min(at_ms) as at_ms
      from unnest(
        ${column('kind')}::text[], ${column('realm')}::text[], ${column('value')}::text[], ${column('atMs')}::bigint[]
      ) as told (kind, realm, value, at_ms)
      where not exists (
        select 1 from person_identities as known
        where known.kind = told.kind and known.realm = told.realm and known.value = told.value)
      group by kind, realm, value order by min(at_ms)
    ), strangers as materialized (
      select *, nextval(pg_get_serial_sequence('persons', 'id')) as person from told
    ), made as (
      insert into persons (id, created_at_ms) overriding system value select person, at_ms from strangers
    )
    insert into person_identities (kind, realm, value, person, at_ms)
    select kind, realm, value, person, at_ms from strangers order by kind, realm, value on conflict do nothing`.execute(
    db,
  );
}

async function joinAll(db: Tables, identities: readonly Identity[], atMs: number): Promise<void> {
  const ids: number[] = [];
  for (const identity of identities) ids.push(await idOf(db, identity));
  for (const other of ids.slice(1)) await join(db, ids[0]!, other, atMs);
}

/** Whether all of them are known, as one person's. */
async function areOnePerson(db: Tables, identities: readonly Identity[]): Promise<boolean> {
  const column = (name: keyof Identity) => identities.map((identity) => identity[name]);
  const { rows } = await sql<{ known: number; persons: number }>`
    select count(*) as known, count(distinct person) as persons
    from unnest(${column('kind')}::text[], ${column('realm')}::text[], ${column('value')}::text[]) as told (kind, realm, value)
    join person_identities using (kind, realm, value)`.execute(db);
  return rows[0]?.known === identities.length && rows[0].persons === 1;
}

export async function lockPersons(db: Tables): Promise<void> {
  await sql`select pg_advisory_xact_lock(${LOCK})`.execute(db);
}

/** One message proved both: they are one person, unless somebody has said otherwise. */
async function join(db: Tables, identity: number, other: number, atMs: number): Promise<void> {
  const proved = () =>
    db.selectFrom('person_identities').select(['id', 'person']).where('id', 'in', [identity, other]).execute();
  const areOne = (rows: readonly { person: number }[]) => new Set(rows.map(({ person }) => person)).size === 1;
  if (areOne(await proved())) return;
  await lockPersons(db);
  const now = await proved();
  if (areOne(now)) return;
  // The older person stays.
  const [into, from] = now.map(({ person }) => person).sort((a, b) => a - b) as [number, number];
  const moved = await db.selectFrom('person_identities').selectAll().where('person', 'in', [into, from]).execute();
  if (moved.length > PERSON_IDENTITIES_MAX) return;
  if (moved.some(({ id, by_hand }) => by_hand && (id === identity || id === other))) return;
  const going = moved.filter(({ person }) => person === from).map(({ id }) => id);
  await moveIdentities(db, { kind: 'joined', from, to: into, identities: going, by: null, reason: '', atMs });
}

export interface Move {
  readonly kind: 'joined' | 'merged' | 'split' | 'undone';
  readonly from: number;
  readonly to: number;
  readonly identities: readonly number[];
  readonly by: string | null;
  readonly reason: string;
  readonly atMs: number;
  readonly undoes?: number;
}

/** Under `lockPersons`. @returns the number of the change. */
export async function moveIdentities(db: Tables, move: Move): Promise<number> {
  const { kind, from, to, identities, by, reason, atMs, undoes = null } = move;
  await db
    .updateTable('person_identities')
    .set({ person: to, ...(kind === 'joined' ? {} : { by_hand: true }) })
    .where('id', 'in', identities)
    .execute();
  const { id } = await db
    .insertInto('person_changes')
    .values({
      kind,
      from_person: from,
      to_person: to,
      identities: JSON.stringify(identities),
      by_user: by,
      reason,
      at_ms: atMs,
      undoes,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}
