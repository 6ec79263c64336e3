import type { AlertName } from './command.ts';
import { hasNobody } from './contact.ts';
import { isDigital } from './medium.ts';
import type { AlertLimits, Settings } from './settings.ts';
import type { Agent, Alert, Contact } from './state.ts';

/** What may come to last too long, and when it does. */
export interface Lasting extends Alert {
  readonly dueMs: number;
}

/** U1, U6: a contact waits, or is somebody's. */
export function watchedContact(settings: Settings | null, contact: Contact): Lasting | undefined {
  return watchedWait(settings?.alerts ?? {}, contact) ?? watchedAnswer(settings, contact);
}

function watchedAnswer(
  settings: Settings | null,
  { id, medium, stage, callsBeside = 0 }: Contact,
): Lasting | undefined {
  const answerMs = isDigital(medium) ? settings?.slots?.media[medium]?.answerMs : undefined;
  if (answerMs === undefined || stage.in !== 'conversation' || stage.untilMs !== null) return undefined;
  if (stage.idle?.awaits !== 'agent' || callsBeside > 0) return undefined;
  const { sinceMs } = stage.idle;
  return { alert: 'longAnswer', contact: id, sinceMs, dueMs: sinceMs + answerMs };
}

function watchedWait(limits: AlertLimits, contact: Contact): Lasting | undefined {
  const { id, medium, stage } = contact;
  const waitMs = waitLimit(limits, medium);
  if (waitMs === undefined || hasNobody(contact) || (stage.in !== 'queue' && stage.in !== 'connecting'))
    return undefined;
  const sinceMs = stage.wait.enqueuedAtMs;
  return { alert: 'longWait', contact: id, sinceMs, dueMs: sinceMs + waitMs };
}

function waitLimit({ waitMs, chatWaitMs, mailWaitMs }: AlertLimits, medium: Contact['medium']): number | undefined {
  if (!isDigital(medium)) return waitMs;
  return medium === 'chat' ? chatWaitMs : mailWaitMs;
}

/** U2, U3. */
export function watchedState({ holdMs, wrapUpMs }: AlertLimits, agent: Agent): Lasting | undefined {
  const { id, work, reported, reportedSinceMs: sinceMs } = agent;
  if (reported === 'held' && holdMs !== undefined && work !== null)
    return { alert: 'longHold', contact: work.contact, agent: id, sinceMs, dueMs: sinceMs + holdMs };
  if (reported === 'wrapUp' && wrapUpMs !== undefined && work !== null)
    return { alert: 'longWrapUp', contact: work.contact, agent: id, sinceMs, dueMs: sinceMs + wrapUpMs };
  return undefined;
}

export const alertKey = (alert: AlertName, of: string): string => `${alert}/${of}`;
