import { type Kysely, type Migration, Migrator } from 'kysely';
import * as records from './migrations/0001-records.ts';
import * as accounts from './migrations/0002-accounts.ts';
import * as routing from './migrations/0003-routing.ts';
import * as afterTheCall from './migrations/0004-after-the-call.ts';
import * as modes from './migrations/0005-modes.ts';
import * as measures from './migrations/0006-measures.ts';
import * as callBacks from './migrations/0007-call-backs.ts';
import * as missedCalls from './migrations/0008-missed-calls.ts';
import * as rights from './migrations/0009-rights.ts';
import * as callers from './migrations/0010-callers.ts';
import * as slots from './migrations/0011-slots.ts';
import * as talkGaps from './migrations/0012-talk-gaps.ts';
import * as contactForms from './migrations/0013-contact-forms.ts';
import * as messages from './migrations/0014-messages.ts';
import * as webChat from './migrations/0015-web-chat.ts';
import * as channelMedia from './migrations/0016-channel-media.ts';
import * as persons from './migrations/0017-persons.ts';
import * as receiptsAndArrivals from './migrations/0018-receipts-and-arrivals.ts';
import * as revealGrants from './migrations/0019-reveal-grants.ts';
import * as continuedContacts from './migrations/0020-continued-contacts.ts';
import * as recordingGrants from './migrations/0021-recording-grants.ts';
import * as shutWindows from './migrations/0022-shut-windows.ts';
import * as phoneForms from './migrations/0023-phone-forms.ts';
import * as callerForms from './migrations/0024-caller-forms.ts';
import * as proposals from './migrations/0025-proposals.ts';
import * as lines from './migrations/0026-lines.ts';
import type { Database } from './schema.ts';

/** Forward only: a migration that stands here is never changed, only followed by another. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-records': records,
  '0002-accounts': accounts,
  '0003-routing': routing,
  '0004-after-the-call': afterTheCall,
  '0005-modes': modes,
  '0006-measures': measures,
  '0007-call-backs': callBacks,
  '0008-missed-calls': missedCalls,
  '0009-rights': rights,
  '0010-callers': callers,
  '0011-slots': slots,
  '0012-talk-gaps': talkGaps,
  '0013-contact-forms': contactForms,
  '0014-messages': messages,
  '0015-web-chat': webChat,
  '0016-channel-media': channelMedia,
  '0017-persons': persons,
  '0018-receipts-and-arrivals': receiptsAndArrivals,
  '0019-reveal-grants': revealGrants,
  '0020-continued-contacts': continuedContacts,
  '0021-recording-grants': recordingGrants,
  '0022-shut-windows': shutWindows,
  '0023-phone-forms': phoneForms,
  '0024-caller-forms': callerForms,
  '0025-proposals': proposals,
  '0026-lines': lines,
};

/**
 * Brings the database to this program's form. Two programs that start at once wait for each other.
 *
 * @throws when a step fails (it is undone) or the database was made by a newer program.
 */
export async function migrate(db: Kysely<Database>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
  const { error, results } = await migrator.migrateToLatest();
  if (!error) return;
  const failed = results?.find(({ status }) => status === 'Error')?.migrationName;
  throw new Error(`The database cannot be brought up to date${failed ? ` (step ${failed})` : ''}: ${reasonOf(error)}`);
}

/** Whether a query failed for a table that a first start has still to make (SQLSTATE `undefined_table`). */
export function isUnmade(error: unknown): boolean {
  return (error as { code?: unknown }).code === '42P01';
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith('corrupted migrations')
    ? `it was made by a newer Minhu; start that one (${message})`
    : message;
}
