import { createHash } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { AuditTable, Database } from './schema.ts';
import type { Db } from './store.ts';

/** One thing that somebody did, or tried to do. No secrets: what is in here is read by auditors and kept for years. */
export interface Deed {
  /** Unix time, ms. */
  readonly atMs: number;
  /** User name; empty: nobody that we know. */
  readonly who: string;
  readonly via: 'session' | 'token' | 'nobody' | 'cli';
  /** Address, or the machine's account on the command line. */
  readonly source: string;
  /** `POST /api/v1/users`, `user add`. */
  readonly action: string;
  /** What it was done to. */
  readonly target: string;
  /** As in HTTP. */
  readonly status: number;
  /** Error code; empty when it was done. */
  readonly code: string;
  readonly detail: string;
}

export type AuditRow = AuditTable;

export const AUDIT_TEXT_MAX = 200;
const VERIFIED_AT_ONCE = 1_000;
const FIRST_HASH = Buffer.alloc(32);
/** Any number, always the same: writers take turns. */
const LOCK = 7_316_425;

/** Writes down, behind everything written before: rows are numbered without a gap and chained by their hashes. */
export async function appendAudit(db: Db, deeds: readonly Deed[]): Promise<void> {
  if (deeds.length === 0) return;
  await db.transaction().execute((transaction) => appendAuditIn(transaction, deeds));
}

/** As `appendAudit`, together with what was done. */
export async function appendAuditIn(transaction: Transaction<Database>, deeds: readonly Deed[]): Promise<void> {
  await sql`select pg_advisory_xact_lock(${LOCK})`.execute(transaction);
  const last = await transaction
    .selectFrom('audit')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  let { seq, hash } = last ?? { seq: 0, hash: FIRST_HASH };
  const rows = deeds.map((deed) => {
    seq += 1;
    const row = rowOf(deed, seq);
    hash = chain(hash, row);
    return { ...row, hash };
  });
  await transaction.insertInto('audit').values(rows).execute();
}

export interface AuditWanted {
  readonly fromMs: number;
  readonly toMs: number;
  readonly who?: string;
  readonly action?: string;
  /** Only rows before this one. */
  readonly before?: number;
  readonly rowsMax: number;
}

/** Newest first. */
export async function listAudit(
  db: Db,
  { fromMs, toMs, who, action, before, rowsMax }: AuditWanted,
): Promise<AuditRow[]> {
  let query = db.selectFrom('audit').selectAll().where('at_ms', '>=', fromMs).where('at_ms', '<', toMs);
  if (who !== undefined) query = query.where('who', '=', who);
  if (action !== undefined) query = query.where('action', '=', action);
  if (before !== undefined) query = query.where('seq', '<', before);
  return await query.orderBy('seq', 'desc').limit(rowsMax).execute();
}

export interface AuditVerdict {
  readonly rows: number;
  /** Of the last row, hex: written down elsewhere, it proves later that no row was cut off the end. */
  readonly head: string;
  /** The first row that is not as it was written, or is missing; null: all is well. */
  readonly brokenAt: number | null;
}

/** Calculates the chain again. */
export async function verifyAudit(db: Db): Promise<AuditVerdict> {
  let hash: Buffer = FIRST_HASH;
  let seq = 0;
  for (;;) {
    const rows = await db
      .selectFrom('audit')
      .selectAll()
      .where('seq', '>', seq)
      .orderBy('seq')
      .limit(VERIFIED_AT_ONCE)
      .execute();
    for (const row of rows) {
      hash = chain(hash, row);
      if (row.seq !== seq + 1 || !hash.equals(row.hash)) return { rows: seq, head: '', brokenAt: seq + 1 };
      seq = row.seq;
    }
    if (rows.length < VERIFIED_AT_ONCE) return { rows: seq, head: hash.toString('hex'), brokenAt: null };
  }
}

function rowOf(deed: Deed, seq: number): Omit<AuditRow, 'hash'> {
  const { atMs, who, via, source, action, target, status, code, detail } = deed;
  return {
    seq,
    at_ms: atMs,
    who: short(who),
    via,
    source: short(source),
    action: short(action),
    target: short(target),
    status,
    code,
    detail: short(detail),
  };
}

/** PostgreSQL's text takes no NUL, and half a character would come back as another one. */
function short(text: string): string {
  return [...Buffer.from(text.replaceAll('\0', '')).toString()].slice(0, AUDIT_TEXT_MAX).join('');
}

function chain(before: Buffer, row: Omit<AuditRow, 'hash'>): Buffer {
  const { seq, at_ms, who, via, source, action, target, status, code, detail } = row;
  const text = JSON.stringify([seq, at_ms, who, via, source, action, target, status, code, detail]);
  return createHash('sha256').update(before).update(text).digest();
}
