import type { AlertName } from './command.ts';
import { isDigital } from './medium.ts';
import type { AlertLimits } from './settings.ts';
import type { Agent, Alert, Contact } from './state.ts';

/** What may come to last too long, and when it does. */
export interface Lasting extends Alert {
  readonly dueMs: number;
}

/** U1. */
export function watchedWait(limits: AlertLimits, { id, medium, stage }: Contact): Lasting | undefined {
  const waitMs = waitLimit(limits, medium);
  if (waitMs === undefined || (stage.in !== 'queue' && stage.in !== 'connecting')) return undefined;
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
