import { type Decision, note } from './decision.ts';
import type { AlertSeen } from './event.ts';
import { type AgentId, agentId, type ContactId, contactId } from './ids.ts';
import { NAME_CHARS_MAX } from './limits.ts';
import type { AlertLimits } from './settings.ts';
import { setDeadline } from './standing.ts';
import type { Agent, Alert, Contact, State } from './state.ts';
import { alertKey, type Watched, watchedState, watchedWait } from './watch.ts';

/** U1: after any change of a contact. */
export function watchContact(d: Decision, contact: Contact): void {
  const limits = limitsOf(d.state);
  if (limits === undefined) return;
  const wait = watchedWait(limits, contact);
  setDeadline(d.state, 'alert', contact.id, wait === undefined || isOn(d, wait, contact.id) ? null : wait.dueMs);
  if (wait === undefined) endAlert(d, alertKey('longWait', contact.id), 'U1');
}

/** U2–U4: after any change of an agent. */
export function watchAgent(d: Decision, agent: Agent): void {
  const limits = limitsOf(d.state);
  if (limits === undefined) return;
  const watched = watchedState(limits, agent);
  setDeadline(d.state, 'alert', agent.id, watched === undefined || isOn(d, watched, agent.id) ? null : watched.dueMs);
  if (watched?.alert !== 'longHold') endAlert(d, alertKey('longHold', agent.id), 'U2');
  if (watched?.alert !== 'longWrapUp') endAlert(d, alertKey('longWrapUp', agent.id), 'U3');
  watchMisses(d, agent, limits.missedOffers);
}

/** U1–U3. */
export function alertDue(d: Decision, id: string): void {
  setDeadline(d.state, 'alert', id, null);
  const limits = d.state.settings?.alerts ?? {};
  const contact = d.state.contacts.get(contactId(id));
  const agent = d.state.agents.get(agentId(id));
  const wait = contact === undefined ? undefined : watchedWait(limits, contact);
  const state = agent === undefined ? undefined : watchedState(limits, agent);
  if (wait !== undefined) raise(d, id, wait, 'U1');
  if (state !== undefined) raise(d, id, state, state.alert === 'longHold' ? 'U2' : 'U3');
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

/** U1: a contact that is over waits no longer. */
export function forgetContact(d: Decision, id: ContactId): void {
  if (limitsOf(d.state) === undefined) return;
  setDeadline(d.state, 'alert', id, null);
  endAlert(d, alertKey('longWait', id), 'U1');
}

/** U4: until the agent takes an offer, or asks to be ready. */
function watchMisses(d: Decision, agent: Agent, limit: number | undefined): void {
  const setAside = agent.wish === 'notReady' && agent.reason === 'missedOffers';
  const key = alertKey('missedOffers', agent.id);
  if (limit !== undefined && agent.wish !== 'offline' && (agent.misses >= limit || setAside)) {
    if (!d.state.alerts.has(key))
      begin(d, key, { alert: 'missedOffers', agent: agent.id, sinceMs: d.state.nowMs }, 'U4');
  } else endAlert(d, key, 'U4');
}

/** Undefined: nothing is watched, and nothing is left of what was. */
function limitsOf({ settings, alerts }: State): AlertLimits | undefined {
  return settings?.alerts ?? (alerts.size === 0 ? undefined : {});
}

function isOn(d: Decision, { alert }: Watched, of: ContactId | AgentId): boolean {
  return d.state.alerts.has(alertKey(alert, of));
}

function raise(d: Decision, of: string, { dueMs, ...alert }: Watched, because: string): void {
  const key = alertKey(alert.alert, of);
  if (dueMs <= d.state.nowMs && !d.state.alerts.has(key)) begin(d, key, alert, because);
}

function begin(d: Decision, key: string, alert: Alert, because: string): void {
  d.state.alerts.set(key, alert);
  note(d, because, { do: 'record-fact', fact: 'alertRaised', ...alert });
}

function endAlert(d: Decision, key: string, because: string): void {
  const alert = d.state.alerts.size === 0 ? undefined : d.state.alerts.get(key);
  if (alert === undefined) return;
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
