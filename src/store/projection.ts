import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import type { Command, RecordCommand, RecordFact } from '../core/command.ts';
import { foldFact, type Place } from './fold.ts';
import { messagesTaken, type TakenFact } from './messages-taken.ts';
import type { Database } from './schema.ts';
import type { Db } from './store.ts';

/** What the projector needs of a journal entry. `seq` rises by one from entry to entry. */
export interface ProjectedEntry {
  readonly seq: number;
  readonly event: { readonly atMs: number };
  readonly commands: readonly Command[];
}

export interface AppliedFact {
  readonly fact: RecordFact;
  readonly place: Place;
  /** Why the database would not take it; it is kept in `projection_refusals`. */
  readonly refused?: string;
}

export interface Applied {
  /** Position after this batch. Higher than the batch's last entry when somebody else had applied more. */
  readonly seq: number;
  readonly facts: readonly AppliedFact[];
}

/** The journal's position in the database; 0 when nothing of it was ever applied. */
export async function readPosition(db: Db, journal: string): Promise<number> {
  const row = await db.selectFrom('projection').select('seq').where('journal', '=', journal).executeTakeFirst();
  return row?.seq ?? 0;
}

/**
 * Folds entries into the tables in one transaction with the new position: all of it or nothing. Entries at or before the position are
 * skipped, so any batch may be applied again. A fact that the database refuses is set aside and the rest goes on.
 *
 * @throws when the database is away; nothing was applied then.
 */
export async function applyEntries(db: Db, journal: string, entries: readonly ProjectedEntry[]): Promise<Applied> {
  try {
    return await applyBatch(db, journal, entries, foldOrThrow);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return await applyBatch(db, journal, entries, foldOrSetAside(journal));
  }
}

type Fold = (db: Transaction<Database>, facts: readonly AppliedFact[]) => Promise<readonly AppliedFact[]>;

async function applyBatch(db: Db, journal: string, entries: readonly ProjectedEntry[], fold: Fold): Promise<Applied> {
  return await db.transaction().execute(async (transaction) => {
    const from = await lockPosition(transaction, journal);
    const due = entries.filter(({ seq }) => seq > from);
    const facts = await fold(transaction, due.flatMap(factsOf));
    const seq = due.at(-1)?.seq ?? from;
    await transaction.updateTable('projection').set({ seq }).where('journal', '=', journal).execute();
    return { seq, facts };
  });
}

/** Two projectors of one journal take turns. */
async function lockPosition(transaction: Transaction<Database>, journal: string): Promise<number> {
  await transaction
    .insertInto('projection')
    .values({ journal, seq: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await transaction
    .selectFrom('projection')
    .select('seq')
    .where('journal', '=', journal)
    .forUpdate()
    .executeTakeFirstOrThrow();
  return row.seq;
}

function factsOf({ seq, event, commands }: ProjectedEntry): { fact: RecordCommand; place: Place }[] {
  return commands.flatMap((command, idx) =>
    command.do === 'record-fact' ? [{ fact: command, place: { seq, idx, atMs: event.atMs } }] : [],
  );
}

/** In order; but which message belongs to which contact is told of all of them at once: no other fact asks for it. */
const foldOrThrow: Fold = async (transaction, facts) => {
  const taken: TakenFact[] = [];
  for (const { fact, place } of facts) {
    if (fact.fact === 'messageTaken') taken.push({ fact, place });
    else await foldFact(transaction, fact, place);
  }
  await messagesTaken(transaction, taken);
  return facts;
};

/** Each fact for itself: refused ones are written down and the transaction lives on. */
function foldOrSetAside(journal: string): Fold {
  return async (transaction, facts) => {
    const applied: AppliedFact[] = [];
    for (const { fact, place } of facts) {
      const refused = await foldAlone(transaction, journal, fact, place);
      applied.push(refused === undefined ? { fact, place } : { fact, place, refused });
    }
    return applied;
  };
}

/** @returns why it was refused. */
async function foldAlone(
  transaction: Transaction<Database>,
  journal: string,
  fact: RecordFact,
  place: Place,
): Promise<string | undefined> {
  await sql`savepoint fact`.execute(transaction);
  try {
    await foldFact(transaction, fact, place);
    await sql`release savepoint fact`.execute(transaction);
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await sql`rollback to savepoint fact`.execute(transaction);
    const { seq, idx } = place;
    const row = { journal, seq, idx, fact: JSON.stringify(fact).replaceAll('\\u0000', ''), error: error.message };
    await transaction
      .insertInto('projection_refusals')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return error.message;
  }
}

/** SQLSTATE classes 22 (data) and 23 (constraints): the statement itself is at fault, and would be again. */
export function isRefusal(error: unknown): error is Error {
  const code = (error as { code?: unknown } | null)?.code;
  return error instanceof Error && typeof code === 'string' && /^2[23]/.test(code);
}
