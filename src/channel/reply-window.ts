import { type RecentRow, readRecent } from '../store/outbox.ts';
import type { Db } from '../store/store.ts';
import type { Account } from './account.ts';
import type { ReplyWindow } from './channel.ts';

export interface Budget {
  readonly messages: number;
  /** Unix time, ms; 0 when nothing is open. */
  readonly untilMs: number;
}

/** Undefined: the platform sets no limit. */
export async function budgetOf(
  db: Db,
  account: Account,
  conversation: string,
  nowMs: number,
): Promise<Budget | undefined> {
  const window = account.channel.capabilities?.replyWindow;
  if (window === undefined) return undefined;
  return budgetLeft(window, await readRecent(db, account.channel.name, account.name, conversation), nowMs);
}

/** What the platform told us that it gave up on does not count; what waits does. */
const COUNTS = new Set(['waiting', 'sent', 'delivered', 'read']);

/** The best of the windows that are open, unless the platform said since that none is. `recent`: newest first. */
export function budgetLeft(window: ReplyWindow, recent: readonly RecentRow[], nowMs: number): Budget {
  let best: Budget = { messages: 0, untilMs: 0 };
  const sent = recent.filter(({ direction, state }) => direction === 'out' && COUNTS.has(state));
  const shutMs = Math.max(0, ...recent.map(({ shut_at_ms }) => shut_at_ms ?? 0));
  const seen = new Set<string>();
  for (const { direction, kind, event, sent_at_ms, at_ms, id } of recent) {
    if (direction === 'out' || at_ms <= shutMs) continue;
    const name = kind === 'message' ? '' : (event ?? '');
    const rule = kind === 'message' ? window : window.afterEvent?.[name];
    if (rule === undefined || seen.has(name)) continue;
    seen.add(name);
    const untilMs = (sent_at_ms ?? at_ms) + rule.forMs;
    const gone = sent.filter((row) => row.id > id).reduce((sum, { parts = 1 }) => sum + parts, 0);
    const messages = Math.max(0, rule.messages - gone);
    if (nowMs < untilMs && messages > best.messages) best = { messages, untilMs };
  }
  return best;
}
