import type { InboxRow, ReceiptRow } from '../store/inbox.ts';
import type { Account } from './account.ts';
import type { Delivery } from './channel.ts';
import type { Heard } from './hear.ts';
import type { Arrival } from './inbox.ts';

/** What a delivery comes to, as rows. */
export function arrivalOf(
  account: Account,
  heard: Exclude<Heard, { is: 'refused' }>,
  { receivedAtMs: atMs, body }: Pick<Delivery, 'receivedAtMs' | 'body'>,
): Arrival {
  const whose = { channel: account.channel.name, account: account.name };
  const raw = body.length === 0 ? null : body;
  if (heard.is === 'unreadable') {
    const { remoteId: externalId, reason: error } = heard;
    const row = {
      ...whose,
      externalId,
      conversation: '',
      kind: 'unreadable',
      content: '{}',
      raw,
      sentAtMs: atMs,
      atMs,
      error,
    } as const;
    return { rows: [row], receipts: [] };
  }
  const rows: InboxRow[] = [];
  const receipts: ReceiptRow[] = [];
  for (const told of heard.inbound) {
    if (told.kind === 'receipt') {
      receipts.push({
        ...whose,
        of: told.of,
        status: told.status,
        atMs: Math.trunc(told.atMs),
        reason: told.reason ?? null,
      });
      continue;
    }
    const { remoteId: externalId, conversation, sentAtMs, kind = 'message' } = told;
    rows.push({
      ...whose,
      externalId,
      conversation,
      kind,
      content: JSON.stringify(told),
      raw: rows.length === 0 ? raw : null,
      sentAtMs: Math.trunc(sentAtMs),
      atMs,
      error: null,
    });
  }
  return { rows, receipts };
}
