import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordFact } from '../core/command.ts';
import { unreachable } from '../lib/assert.ts';
import { contactsCame, goesOn, type Identity, phoneIdentity } from './identities.ts';
import { messagesTaken } from './messages-taken.ts';
import type { Database } from './schema.ts';

/** Where a fact stands in the journal, and when it was decided. */
export interface Place {
  readonly seq: number;
  readonly idx: number;
  readonly atMs: number;
}

type Fact<Name extends RecordFact['fact']> = Extract<RecordFact, { fact: Name }>;
type Tables = Kysely<Database> | Transaction<Database>;

/** More than this between what should be on a recording and what is, and somebody must look. */
export const RECORDING_DIFFERENCE_MAX_MS = 1_000;

/** Folds one fact into the tables. Applying a fact twice leaves what applying it once did. */
export async function foldFact(db: Tables, raw: RecordFact, place: Place): Promise<void> {
  const fact = withoutNul(raw);
  switch (fact.fact) {
    case 'contactOpened':
      return contactOpened(db, fact, place);
    case 'contactClosed':
      return contactClosed(db, fact, place);
    case 'messageTaken':
      return messagesTaken(db, [{ fact, place }]);
    case 'legOpened':
      return legOpened(db, fact, place);
    case 'legAnswered':
      return legAnswered(db, fact, place);
    case 'legClosed':
      return legClosed(db, fact, place);
    case 'digits':
      return digits(db, fact, place);
    case 'waitStarted':
      return waitStarted(db, fact, place);
    case 'waitEnded':
      return waitEnded(db, fact, place);
    case 'offerMade':
      return offerMade(db, fact, place);
    case 'offerEnded':
      return offerEnded(db, fact, place);
    case 'talkStarted':
      return talkStarted(db, fact, place);
    case 'talkEnded':
      return talkEnded(db, fact, place);
    case 'holdStarted':
      return holdStarted(db, fact, place);
    case 'holdEnded':
      return holdEnded(db, fact, place);
    case 'gapStarted':
      return gapStarted(db, fact, place);
    case 'gapEnded':
      return gapEnded(db, fact, place);
    case 'agentState':
      return agentState(db, fact, place);
    case 'recordingStarted':
      return recordingStarted(db, fact, place);
    case 'recordingEnded':
      return recordingEnded(db, fact, place);
    case 'callBackPromised':
      return callBackPromised(db, fact);
    case 'callBackFailed':
      return callBackFailed(db, fact);
    case 'callMissed':
      return callMissed(db, fact, place);
    case 'missedCallClosed':
      return missedCallClosed(db, fact, place);
    case 'graded':
      return graded(db, fact);
    case 'rated':
      return rated(db, fact, place);
    case 'disposition':
      return disposition(db, fact, place);
    case 'modeProposed':
    case 'modeProposalWithdrawn':
    case 'modeChanged':
      return modeChange(db, fact, place);
    default:
      return onlyInJournal(fact);
  }
}

type OnlyInJournal = Extract<
  RecordFact,
  {
    fact:
      | 'hoursAsked'
      | 'takenFor'
      | 'citizenReminded'
      | 'siteStatus'
      | `supervision${string}`
      | 'contactMarked'
      | 'unmarkAsked'
      | 'stateForced'
      | `alert${string}`;
  }
>;

/** The journal keeps them; the audit trail has who asked for what, and why. */
function onlyInJournal(fact: OnlyInJournal): void {
  switch (fact.fact) {
    case 'hoursAsked':
    case 'takenFor':
    case 'citizenReminded':
    case 'siteStatus':
    case 'supervisionAsked':
    case 'supervisionApproved':
    case 'supervisionStarted':
    case 'supervisionChanged':
    case 'supervisionWanted':
    case 'supervisionEnded':
    case 'contactMarked':
    case 'unmarkAsked':
    case 'stateForced':
    case 'alertRaised':
    case 'alertEnded':
    case 'alertSeen':
      return;
    default:
      return unreachable(fact);
  }
}

/** True when the ledger and the file disagree. */
export function recordingDiffers({ expectedMs, durationMs }: Fact<'recordingEnded'>): boolean {
  return durationMs === null || Math.abs(expectedMs - durationMs) > RECORDING_DIFFERENCE_MAX_MS;
}

/** A caller's display name may hold any character; PostgreSQL's text takes all but NUL. */
function withoutNul(fact: RecordFact): RecordFact {
  const text = JSON.stringify(fact);
  return text.includes('\\u0000')
    ? JSON.parse(text, (_key, value) => (typeof value === 'string' ? value.replaceAll('\0', '') : value))
    : fact;
}

async function contactOpened(db: Tables, fact: Fact<'contactOpened'>, { atMs }: Place): Promise<void> {
  await db
    .insertInto('contacts')
    .values({
      id: fact.contact,
      medium: fact.medium,
      from_number: fact.from,
      from_name: fact.fromName ?? null,
      dialled: fact.dialled,
      diversion: fact.diversion ?? null,
      line: fact.line ?? null,
      flow: fact.flow,
      reference: fact.reference ?? null,
      opened_at_ms: atMs,
      part_of: fact.partOf ?? null,
      continues: fact.continues ?? null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const identity = provedBy(fact);
  if (identity !== undefined) await contactsCame(db, [{ contact: fact.contact, identities: [identity], atMs }]);
  if (fact.continues !== undefined) await goesOn(db, fact.contact, fact.continues, atMs);
  if (fact.of === undefined) return;
  await db.updateTable('missed_calls').set({ call_back: fact.contact }).where('contact', '=', fact.of).execute();
}

/** A carrier tells the number; one that an agent calls from the catalogue is no citizen's. */
function provedBy({ medium, from, calledBy, of, partOf }: Fact<'contactOpened'>): Identity | undefined {
  // The conversation says whose it is.
  if (partOf !== undefined) return undefined;
  const isCitizen = calledBy === undefined || of !== undefined;
  return isCitizen && (medium === 'voice' || medium === 'callback') ? phoneIdentity(from) : undefined;
}

async function callMissed(db: Tables, fact: Fact<'callMissed'>, { atMs }: Place): Promise<void> {
  const { contact, number, queue, calls, dueAtMs } = fact;
  await db
    .insertInto('missed_calls')
    .values({ contact, number, queue, calls, missed_at_ms: atMs, due_at_ms: dueAtMs })
    .onConflict((conflict) => conflict.column('contact').doUpdateSet({ calls }))
    .execute();
}

async function missedCallClosed(db: Tables, fact: Fact<'missedCallClosed'>, { atMs }: Place): Promise<void> {
  await db
    .updateTable('missed_calls')
    .set({
      closed_at_ms: atMs,
      result: fact.result,
      handled_by: fact.handledBy ?? null,
      note: fact.note ?? null,
    })
    .where('contact', '=', fact.contact)
    .execute();
}

async function contactClosed(db: Tables, fact: Fact<'contactClosed'>, { atMs }: Place): Promise<void> {
  await db
    .updateTable('contacts')
    .set({ closed_at_ms: atMs, outcome: fact.outcome, approximate: fact.approximate ?? false })
    .where('id', '=', fact.contact)
    .execute();
}

async function legOpened(db: Tables, fact: Fact<'legOpened'>, { atMs }: Place): Promise<void> {
  await db
    .insertInto('legs')
    .values({
      id: fact.leg,
      contact: fact.contact,
      node: fact.node,
      role: fact.role,
      agent: fact.agent ?? null,
      address: fact.address,
      opened_at_ms: atMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function legAnswered(db: Tables, fact: Fact<'legAnswered'>, { atMs }: Place): Promise<void> {
  await db
    .updateTable('legs')
    .set({ answered_at_ms: atMs })
    .where('id', '=', fact.leg)
    .where('answered_at_ms', 'is', null)
    .execute();
}

async function legClosed(db: Tables, fact: Fact<'legClosed'>, { atMs }: Place): Promise<void> {
  await db
    .updateTable('legs')
    .set({
      closed_at_ms: fact.endedAtMs ?? atMs,
      cause: fact.cause,
      sip_status: fact.sipStatus ?? null,
      approximate: fact.approximate ?? false,
    })
    .where('id', '=', fact.leg)
    .where('closed_at_ms', 'is', null)
    .execute();
}

async function digits(db: Tables, fact: Fact<'digits'>, { seq, idx, atMs }: Place): Promise<void> {
  await db
    .insertInto('digits')
    .values({ contact: fact.contact, seq, idx, step: fact.step, digits: fact.digits, at_ms: atMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function waitStarted(db: Tables, fact: Fact<'waitStarted'>, { seq, idx, atMs }: Place): Promise<void> {
  await db
    .insertInto('waits')
    .values({
      contact: fact.contact,
      seq,
      idx,
      queue: fact.queue,
      enqueued_at_ms: fact.enqueuedAtMs,
      started_at_ms: atMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db
    .updateTable('contacts')
    .set({
      queued_at_ms: sql<number>`least(queued_at_ms, ${fact.enqueuedAtMs}::bigint)`,
      queue: sql<string>`coalesce(queue, ${fact.queue}::text)`,
    })
    .where('id', '=', fact.contact)
    .execute();
}

async function waitEnded(db: Tables, fact: Fact<'waitEnded'>, { atMs }: Place): Promise<void> {
  await db
    .updateTable('waits')
    .set({ ended_at_ms: atMs, result: fact.result })
    .where('contact', '=', fact.contact)
    .where('queue', '=', fact.queue)
    .where('ended_at_ms', 'is', null)
    .execute();
}

async function offerMade(db: Tables, fact: Fact<'offerMade'>, { atMs }: Place): Promise<void> {
  await db
    .insertInto('offers')
    .values({
      contact: fact.contact,
      token: fact.token,
      agent: fact.agent,
      made_at_ms: atMs,
      lease_until_ms: fact.leaseUntilMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  // Until somebody answers, a call counts where it was offered last: there it was lost, if it is.
  await db
    .updateTable('contacts')
    .set({ site: fact.site ?? null })
    .where('id', '=', fact.contact)
    .where('answered_at_ms', 'is', null)
    .where(sql<boolean>`site is distinct from ${fact.site ?? null}::text`)
    .execute();
}

async function offerEnded(db: Tables, fact: Fact<'offerEnded'>, { atMs }: Place): Promise<void> {
  await db
    .updateTable('offers')
    .set({ ended_at_ms: atMs, result: fact.result })
    .where('contact', '=', fact.contact)
    .where('token', '=', fact.token)
    .where('ended_at_ms', 'is', null)
    .execute();
}

async function talkStarted(db: Tables, fact: Fact<'talkStarted'>, { seq, idx, atMs }: Place): Promise<void> {
  await db
    .insertInto('talks')
    .values({
      contact: fact.contact,
      seq,
      idx,
      agent: fact.agent,
      citizen_leg: fact.citizenLeg ?? null,
      agent_leg: fact.agentLeg ?? null,
      started_at_ms: atMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db
    .updateTable('contacts')
    .set({ answered_at_ms: atMs, site: fact.site ?? null })
    .where('id', '=', fact.contact)
    .where('answered_at_ms', 'is', null)
    .execute();
}

async function talkEnded(db: Tables, fact: Fact<'talkEnded'>, { atMs }: Place): Promise<void> {
  await db
    .updateTable('talks')
    .set({ ended_at_ms: atMs, ended_by: fact.endedBy })
    .where('contact', '=', fact.contact)
    .where('agent', '=', fact.agent)
    .where('ended_at_ms', 'is', null)
    .execute();
}

async function holdStarted(db: Tables, fact: Fact<'holdStarted'>, { seq, idx, atMs }: Place): Promise<void> {
  await db
    .insertInto('holds')
    .values({ contact: fact.contact, seq, idx, agent: fact.agent, started_at_ms: atMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function holdEnded(db: Tables, fact: Fact<'holdEnded'>, { atMs }: Place): Promise<void> {
  await db
    .updateTable('holds')
    .set({ ended_at_ms: atMs })
    .where('contact', '=', fact.contact)
    .where('agent', '=', fact.agent)
    .where('ended_at_ms', 'is', null)
    .execute();
}

async function gapStarted(db: Tables, fact: Fact<'gapStarted'>, { seq, idx, atMs }: Place): Promise<void> {
  const { contact, agent, cause } = fact;
  await db
    .insertInto('talk_gaps')
    .values({ contact, seq, idx, agent, cause, started_at_ms: atMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function gapEnded(db: Tables, fact: Fact<'gapEnded'>, { atMs }: Place): Promise<void> {
  await db
    .updateTable('talk_gaps')
    .set({ ended_at_ms: atMs, result: fact.result })
    .where('contact', '=', fact.contact)
    .where('agent', '=', fact.agent)
    .where('ended_at_ms', 'is', null)
    .execute();
}

/** A state lasts until the agent's next one. */
async function agentState(db: Tables, fact: Fact<'agentState'>, { seq, idx, atMs }: Place): Promise<void> {
  await db
    .updateTable('agent_states')
    .set({ until_ms: atMs })
    .where('agent', '=', fact.agent)
    .where('until_ms', 'is', null)
    .where((at) => at.or([at('seq', '<>', seq), at('idx', '<>', idx)]))
    .execute();
  await db
    .insertInto('agent_states')
    .values({
      agent: fact.agent,
      seq,
      idx,
      state: fact.state,
      reason: fact.reason ?? null,
      contact: fact.contact ?? null,
      from_ms: atMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function recordingStarted(db: Tables, fact: Fact<'recordingStarted'>, { atMs }: Place): Promise<void> {
  await db
    .insertInto('recordings')
    .values(({ selectFrom }) => ({
      file: fact.file,
      contact: fact.contact,
      leg: fact.leg,
      number: selectFrom('recordings')
        .where('contact', '=', fact.contact)
        .select(sql<number>`coalesce(max(number), 0) + 1`.as('number')),
      started_at_ms: atMs,
    }))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function recordingEnded(db: Tables, fact: Fact<'recordingEnded'>, place: Place): Promise<void> {
  // A recording whose start was never heard has a ledger all the same.
  await recordingStarted(db, { ...fact, fact: 'recordingStarted' }, place);
  await db
    .updateTable('recordings')
    .set({
      ended_at_ms: place.atMs,
      expected_ms: fact.expectedMs,
      duration_ms: fact.durationMs,
      bytes: fact.bytes ?? null,
      differs: recordingDiffers(fact),
    })
    .where('file', '=', fact.file)
    .execute();
}

async function graded(db: Tables, fact: Fact<'graded'>): Promise<void> {
  await db
    .updateTable('contacts')
    .set({ grade: fact.grade, ...(fact.order === undefined ? {} : { order_no: fact.order }) })
    .where('id', '=', fact.contact)
    .execute();
}

async function rated(db: Tables, fact: Fact<'rated'>, { atMs }: Place): Promise<void> {
  await db
    .updateTable('contacts')
    .set({ rating: fact.score, rated_agent: fact.agent, rated_at_ms: atMs })
    .where('id', '=', fact.contact)
    .execute();
}

async function disposition(db: Tables, fact: Fact<'disposition'>, { atMs }: Place): Promise<void> {
  await db
    .updateTable('contacts')
    .set({ disposition: fact.code, disposition_note: fact.note ?? null, disposed_by: fact.by, disposed_at_ms: atMs })
    .where('id', '=', fact.contact)
    .execute();
}

async function modeChange(
  db: Tables,
  fact: Fact<'modeProposed' | 'modeProposalWithdrawn' | 'modeChanged'>,
  { seq, idx, atMs }: Place,
): Promise<void> {
  const changed = fact.fact === 'modeChanged' ? fact : undefined;
  await db
    .insertInto('mode_changes')
    .values({
      seq,
      idx,
      at_ms: atMs,
      mode: fact.mode,
      from_mode: changed?.from ?? null,
      by_user: changed?.by ?? null,
      reason: changed?.reason ?? null,
      proposed: changed?.proposed ?? fact.fact === 'modeProposed',
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function callBackPromised(db: Tables, fact: Fact<'callBackPromised'>): Promise<void> {
  await db.updateTable('contacts').set({ call_back_number: fact.number }).where('id', '=', fact.contact).execute();
}

async function callBackFailed(db: Tables, fact: Fact<'callBackFailed'>): Promise<void> {
  await db.updateTable('contacts').set({ call_back_tries: fact.tries }).where('id', '=', fact.contact).execute();
}
