import type { Due } from '../lib/due-heap.ts';
import type { AlertName } from './command.ts';
import { type Decision, note } from './decision.ts';
import type { AlertSeen } from './event.ts';
import { agentId, contactId } from './ids.ts';
import { NAME_CHARS_MAX } from './limits.ts';
import { type Seat, seatOf } from './seat.ts';
import type { AlertLimits } from './settings.ts';
import { type Place, placeOf } from './standing.ts';
import type { Agent, Alert, Contact, State } from './state.ts';
import { alertKey, type Lasting, watchedContact, watchedState } from './watch.ts';

/** U1, U6: after any change of a contact; one that is over waits no longer. */
export function watchContact(d: Decision, contact: Contact, place: Place): void {
  if (limitsOf(d.state) === undefined) return;
  const lasting = watchedContact(d.state.settings, contact);
  watchLasting(d, place, lasting);
  if (lasting?.alert !== 'longWait') endAlert(d, place, 'longWait', 'U1');
  if (lasting?.alert !== 'longAnswer') endAlert(d, place, 'longAnswer', 'U6');
}

/** U2–U4: after any change of an agent. */
export function watchAgent(d: Decision, agent: Agent, seat: Seat): void {
  const limits = limitsOf(d.state);
  if (limits === undefined) return;
  const state = watchedState(limits, agent);
  watchLasting(d, seat, state);
  if (state?.alert !== 'longHold') endAlert(d, seat, 'longHold', 'U2');
  if (state?.alert !== 'longWrapUp') endAlert(d, seat, 'longWrapUp', 'U3');
  watchMisses(d, agent, seat, limits.missedOffers);
}

/** U1–U3, U6. */
export function alertDue(d: Decision, due: Due): void {
  const { contacts, agents, settings, standing } = d.state;
  standing.dues.put(due, null);
  const limits = settings?.alerts ?? {};
  const contact = contacts.get(contactId(due.id));
  const agent = agents.get(agentId(due.id));
  const wait = contact === undefined ? undefined : watchedContact(settings, contact);
  const state = agent === undefined ? undefined : watchedState(limits, agent);
  if (wait !== undefined) raise(d, placeOf(contact!), wait, wait.alert === 'longWait' ? 'U1' : 'U6');
  if (state !== undefined) raise(d, seatOf(standing, agent!.id), state, state.alert === 'longHold' ? 'U2' : 'U3');
}

/** U5: the first who says so is the one; it stays until it is over. */
export function alertSeen(d: Decision, { alert, of, by }: AlertSeen): void {
  const key = alertKey(alert, of);
  const known = d.state.alerts.get(key);
  if (known === undefined || known.seenBy !== undefined) return;
  const seenBy = by.slice(0, NAME_CHARS_MAX);
  d.state.alerts.set(key, { ...known, seenBy, seenAtMs: d.state.nowMs });
  note(d, 'U5', { do: 'record-fact', fact: 'alertSeen', ...about(known), by: seenBy });
}

function watchLasting(d: Decision, of: Place | Seat, lasting: Lasting | undefined): void {
  const isOver = lasting === undefined || (of.alerts > 0 && d.state.alerts.has(alertKey(lasting.alert, of.id)));
  d.state.standing.dues.put(of.alertDue, isOver ? null : lasting.dueMs);
}

/** U4: until the agent takes an offer, or asks to be ready. */
function watchMisses(d: Decision, agent: Agent, seat: Seat, limit: number | undefined): void {
  const setAside = agent.wish === 'notReady' && agent.reason === 'missedOffers';
  if (limit !== undefined && agent.wish !== 'offline' && (agent.misses >= limit || setAside)) {
    const alert = { alert: 'missedOffers', agent: agent.id, sinceMs: d.state.nowMs } as const;
    if (!d.state.alerts.has(alertKey(alert.alert, agent.id))) begin(d, seat, alert, 'U4');
  } else endAlert(d, seat, 'missedOffers', 'U4');
}

/** Undefined: nothing is watched, and nothing is left of what was. */
function limitsOf({ settings, alerts }: State): AlertLimits | undefined {
  const { chat, mail } = settings?.slots?.media ?? {};
  const answers = chat?.answerMs !== undefined || mail?.answerMs !== undefined;
  return settings?.alerts ?? (alerts.size === 0 && !answers ? undefined : {});
}

function raise(d: Decision, of: Place | Seat, { dueMs, ...alert }: Lasting, because: string): void {
  if (dueMs <= d.state.nowMs && !d.state.alerts.has(alertKey(alert.alert, of.id))) begin(d, of, alert, because);
}

function begin(d: Decision, of: Place | Seat, alert: Alert, because: string): void {
  of.alerts += 1;
  d.state.alerts.set(alertKey(alert.alert, of.id), alert);
  note(d, because, { do: 'record-fact', fact: 'alertRaised', ...alert });
}

function endAlert(d: Decision, of: Place | Seat, name: AlertName, because: string): void {
  if (of.alerts === 0) return;
  const key = alertKey(name, of.id);
  const alert = d.state.alerts.get(key);
  if (alert === undefined) return;
  of.alerts -= 1;
  d.state.alerts.delete(key);
  note(d, because, { do: 'record-fact', fact: 'alertEnded', ...about(alert), sinceMs: alert.sinceMs });
}

function about({ alert, contact, agent }: Alert): Pick<Alert, 'alert' | 'contact' | 'agent'> {
  return {
    alert,
    ...(contact === undefined ? {} : { contact }),
    ...(agent === undefined ? {} : { agent }),
  };
}
