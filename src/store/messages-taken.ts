import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordFact } from '../core/command.ts';
import { contactsCame, type Identity } from './identities.ts';
import type { Database } from './schema.ts';

export interface TakenFact {
  readonly fact: Extract<RecordFact, { fact: 'messageTaken' }>;
  readonly place: { readonly atMs: number };
}

/** Many with a few statements: a chat city takes thousands a second. */
export async function messagesTaken(
  db: Kysely<Database> | Transaction<Database>,
  taken: readonly TakenFact[],
): Promise<void> {
  if (taken.length === 0) return;
  const [ids, contacts] = [taken.map(({ fact }) => fact.message), taken.map(({ fact }) => fact.contact)];
  const { rows } = await sql<{ id: number; identities: readonly Identity[] | null }>`
    update messages set contact = taken.contact, opened = messages.opened or taken.opened
    from unnest(${ids}::bigint[], ${contacts}::text[], ${taken.map(({ fact }) => fact.opened ?? false)}::boolean[])
      as taken (id, contact, opened)
    where messages.id = taken.id
    returning messages.id, messages.identities`.execute(db);
  const provedBy = new Map(rows.map(({ id, identities }) => [id, identities ?? []]));
  await contactsCame(
    db,
    taken.flatMap(({ fact: { message, contact, opened }, place: { atMs } }) => {
      const identities = provedBy.get(message) ?? [];
      // Later ones say nothing new, unless one proves more than the account.
      const says = opened === true ? identities.length > 0 : identities.length > 1;
      return says ? [{ contact, identities, atMs }] : [];
    }),
  );
}
