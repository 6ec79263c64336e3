import { isOpen } from './calendar.ts';
import { type Decision, note } from './decision.ts';
import { queueOf } from './queue-of.ts';
import type { FlowStep } from './settings.ts';
import type { Contact } from './state.ts';

type QueueStep = Extract<FlowStep, { kind: 'queue' }>;

/** H2: by the rules of today, whatever the contact's flow began with. Nobody is turned away for a calendar that is gone. */
export function isOpenNow(d: Decision, contact: Contact, hours: string): boolean {
  const { settings, nowMs } = d.state;
  const calendars = settings?.hours ?? {};
  const calendar = Object.hasOwn(calendars, hours) ? calendars[hours] : undefined;
  const open = calendar === undefined || isOpen(calendar, settings?.workdays ?? {}, nowMs);
  note(d, 'H2', { do: 'record-fact', fact: 'hoursAsked', contact: contact.id, hours, open });
  return open;
}

/** H3: the queue that takes the contact now, by that queue's own plan, before or after the same others. The one that stands in has no hours of its own. */
export function openQueue(d: Decision, contact: Contact, entry: QueueStep): QueueStep {
  const hours = queueOf(d.state, entry.queue)?.hours;
  if (hours === undefined || isOpenNow(d, contact, hours.calendar)) return entry;
  const { headStartMs } = entry;
  const place = headStartMs === undefined ? {} : { headStartMs };
  return { kind: 'queue', queue: hours.closedQueue, prompts: hours.closedPrompts, ...place };
}
