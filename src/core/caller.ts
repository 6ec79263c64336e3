import { hasDigit } from '../lib/digit.ts';
import { isPromised } from './contact.ts';
import type { Decision } from './decision.ts';
import type { AgentId, ContactId } from './ids.ts';
import { CALL_BACK_MS, CALLERS_MAX, GAVE_UP_MS, LAST_AGENT_MS } from './limits.ts';
import { isDigital } from './medium.ts';
import type { Caller, LostPlace } from './remembered.ts';
import type { Contact, State } from './state.ts';

const STRANGER: Caller = { lastAgent: null, lost: null, gaveUp: null, untilMs: 0 };

/** C1; and G2 for the day, by the queue of the number's own call. */
export function spokeWith(d: Decision, contact: Contact, agent: AgentId, queue: string): void {
  const untilMs = d.state.nowMs + LAST_AGENT_MS;
  const own = isOwnCall(contact) ? queue : undefined;
  remember(d, contact.from, { lastAgent: agent, queue: own, gaveUp: null, untilMs });
}

/** Not an agent's call to the number, whose queue is the agent's (Y4), nor what was written from it. */
export function isOwnCall({ medium, calledBy }: Contact): boolean {
  return !isDigital(medium) && calledBy === undefined;
}

/** C2; and G2 for the day. Of calls side by side the one that had waited longest counts. */
export function gaveUp(d: Decision, number: string, waitedMs: number, queue: string): void {
  const { nowMs } = d.state;
  const before = stillHolds(d.state, callerOf(d.state, number)?.gaveUp);
  const gaveUp = { waitedMs: Math.max(waitedMs, before?.waitedMs ?? 0), untilMs: nowMs + GAVE_UP_MS };
  remember(d, number, { queue, gaveUp, untilMs: nowMs + LAST_AGENT_MS });
}

/** K7. @param queue of the place that is kept for who calls from it (G2). */
export function promisedTo(d: Decision, number: string, contact: ContactId, queue?: string): void {
  remember(d, number, { promised: contact, queue, untilMs: d.state.nowMs + LAST_AGENT_MS });
}

/** S8: the place is kept for the next call, of calls side by side the oldest. @param queue in which it was; absent: in none yet. */
export function placeLost(d: Decision, number: string, place: LostPlace, queue?: string): void {
  const { nowMs } = d.state;
  const before = stillHolds(d.state, callerOf(d.state, number)?.lost) ?? place;
  const { enqueuedAtMs, waitedBeforeMs } = before.enqueuedAtMs < place.enqueuedAtMs ? before : place;
  const lost = { enqueuedAtMs, waitedBeforeMs, untilMs: nowMs + CALL_BACK_MS };
  remember(d, number, queue === undefined ? { lost } : { lost, queue, untilMs: nowMs + LAST_AGENT_MS });
}

/** Who called lately; whoever is remembered longer than that is as good as forgotten. */
export function callerOf(state: State, number: string): Caller | undefined {
  return stillHolds(state, state.callers.get(number));
}

function stillHolds<Known extends { readonly untilMs: number }>(
  { nowMs }: State,
  known: Known | null | undefined,
): Known | undefined {
  return known != null && known.untilMs > nowMs ? known : undefined;
}

/** Whose place is kept for a call-back to or of this number. */
export function promisedContact(state: State, number: string): Contact | undefined {
  const id = callerOf(state, number)?.promised;
  const contact = id === undefined || id === null ? undefined : state.contacts.get(id);
  return contact !== undefined && isPromised(contact) ? contact : undefined;
}

/** As `promisedContact`, by a caller: no call-back that we began (B3). */
export function keptByCaller(state: State, number: string): Contact | undefined {
  const contact = promisedContact(state, number);
  return contact?.medium === 'voice' ? contact : undefined;
}

/** What the next wait of this number starts with; a place and a wait given up count once (Q10, C2). */
export function takeCaller(
  d: Decision,
  number: string,
): { lastAgent: AgentId | null; enqueuedAtMs: number; headStartMs: number } {
  const { nowMs, callers } = d.state;
  const caller = callerOf(d.state, number) ?? STRANGER;
  const lost = stillHolds(d.state, caller.lost);
  const waited = stillHolds(d.state, caller.gaveUp);
  if (caller.lost !== null || caller.gaveUp !== null) callers.set(number, { ...caller, lost: null, gaveUp: null });
  return {
    lastAgent: caller.lastAgent,
    enqueuedAtMs: lost?.enqueuedAtMs ?? nowMs,
    headStartMs: (lost === undefined ? waited?.waitedMs : lost.waitedBeforeMs) ?? 0,
  };
}

/** Made whole at once: there is one for every caller of a day. */
function changed(before: Caller, news: Partial<Caller>, nowMs: number): Caller {
  const {
    lastAgent = before.lastAgent,
    lost = before.lost,
    queue = before.queue,
    gaveUp = before.gaveUp,
    promised = before.promised,
    untilMs = before.untilMs,
  } = news;
  const keptMs = Math.max(untilMs, lost?.untilMs ?? 0, gaveUp?.untilMs ?? 0, nowMs + 1);
  return { lastAgent, lost, queue, gaveUp, promised, untilMs: keptMs };
}

function remember(d: Decision, number: string, news: Partial<Caller>): void {
  if (!hasDigit(number)) return; // Withheld, or a page: who calls next is somebody else.
  const { callers, nowMs } = d.state;
  const known = callers.get(number);
  // It goes to the end of them.
  if (known !== undefined) callers.delete(number);
  const before = stillHolds(d.state, known) ?? STRANGER;
  callers.set(number, changed(before, news, nowMs));
  if (d.seq % SWEEP_EVERY === 0 || callers.size > CALLERS_MAX) forgetOldest(d.state);
}

/** Looking at the front costs as much as has left it since the map was last made whole: so not every time. */
const SWEEP_EVERY = 128;

/** They stand in the order in which they were last heard of: those that are over are at the front. When full, some give way at once. */
function forgetOldest({ callers, nowMs }: State): void {
  const most = callers.size > CALLERS_MAX ? CALLERS_MAX - SWEEP_EVERY : CALLERS_MAX;
  for (const [number, { untilMs }] of callers) {
    if (untilMs > nowMs && callers.size <= most) return;
    callers.delete(number);
  }
}
