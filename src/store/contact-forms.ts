import { sql } from 'kysely';
import type { ContactFormTable } from './schema.ts';
import type { Db } from './store.ts';

/** What the agent writes; the rest is the program's. */
export type FormText = Omit<
  ContactFormTable,
  'contact' | 'by_user' | 'revision' | 'saved_at_ms' | 'submitted_at_ms' | 'submit_key'
>;

export interface FormWish {
  readonly contact: string;
  readonly by: string;
  readonly text: FormText;
  readonly revision: number;
  /** Stored revision that it goes on from, 0: none; undefined: the writer does not say, and any earlier one gives way. */
  readonly base?: number | undefined;
  readonly atMs: number;
}

export async function readForm(db: Db, contact: string): Promise<ContactFormTable | undefined> {
  return await db.selectFrom('contact_forms').selectAll().where('contact', '=', contact).executeTakeFirst();
}

/** What is stored is what the wish goes on from, whoever wrote it, or is the wish itself. */
function isKnownTo({ text, revision, base }: FormWish) {
  const from = base === undefined ? sql`true` : sql`contact_forms.revision = ${base}`;
  const words = Object.keys(text).map(
    (name) => sql`${sql.ref(`contact_forms.${name}`)} = ${sql.ref(`excluded.${name}`)}`,
  );
  return sql<boolean>`case contact_forms.revision when ${revision} then ${sql.join(words, sql` and `)}
    else contact_forms.revision < ${revision} and ${from} end`;
}

/** @returns whether it was written: not when it was submitted, or what is stored is not what the wish goes on from. */
async function write(
  db: Db,
  wish: FormWish,
  submitted: Pick<ContactFormTable, 'submitted_at_ms' | 'submit_key'>,
): Promise<boolean> {
  const row = { ...wish.text, by_user: wish.by, revision: wish.revision, saved_at_ms: wish.atMs, ...submitted };
  const { numInsertedOrUpdatedRows: changed = 0n } = await db
    .insertInto('contact_forms')
    .values({ contact: wish.contact, ...row })
    .onConflict((conflict) =>
      conflict
        .column('contact')
        .doUpdateSet(row)
        .where('contact_forms.submitted_at_ms', 'is', null)
        .where(isKnownTo(wish)),
    )
    .executeTakeFirstOrThrow();
  return changed > 0n;
}

/** Keeps a draft. @returns the form as it stands: when it was submitted, or another draft is there, not what was wished. */
export async function saveDraft(db: Db, wish: FormWish): Promise<ContactFormTable | undefined> {
  await write(db, wish, { submitted_at_ms: null, submit_key: null });
  return await readForm(db, wish.contact);
}

/**
 * Submits once, whoever else tries at the same moment: the others wait until it stands. `first` is done by the one alone, before it
 * stands; when it throws, nothing was submitted.
 *
 * @returns the form as it stands: its `submit_key` tells whether this was the one; not submitted at all: another draft is there.
 */
export async function submitForm(
  db: Db,
  wish: FormWish,
  key: string,
  first: () => Promise<void>,
): Promise<ContactFormTable | undefined> {
  return await db.transaction().execute(async (transaction) => {
    if (await write(transaction, wish, { submitted_at_ms: wish.atMs, submit_key: key })) await first();
    return await readForm(transaction, wish.contact);
  });
}

/** Whether the form stands as it was wished. */
export function isAsWished(row: ContactFormTable, { text, revision }: FormWish): boolean {
  const stands: Readonly<Record<string, unknown>> = { ...row };
  return row.revision === revision && Object.entries(text).every(([name, value]) => stands[name] === value);
}
