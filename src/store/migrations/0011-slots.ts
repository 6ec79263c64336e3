import { type Kysely, sql } from 'kysely';

/** Work beside calls: digital contacts have no legs and a name outside, a seat has slots for them (null: those of the city). */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `alter table talks alter column citizen_leg drop not null, alter column agent_leg drop not null`,
  `alter table contacts add column reference text`,
  `create index contacts_by_reference on contacts (medium, reference) where reference is not null`,
  `alter table seats add column slots jsonb`,
];
