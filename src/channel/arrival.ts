import { randomBytes } from 'node:crypto';
import type { InboxRow, ReceiptRow } from '../store/inbox.ts';
import type { NamedFile } from '../store/message-files.ts';
import type { Account } from './account.ts';
import type { Delivery, InboundEvent, InboundMessage, InboundUnreadable } from './channel.ts';
import type { Heard } from './hear.ts';
import { identitiesOf } from './identities.ts';
import type { Arrival } from './inbox.ts';
import { fileName } from './media/file-name.ts';
import { type SetAside, setAside, setAsideAt } from './set-aside.ts';

const NOTHING = Buffer.alloc(0);

/** What a delivery, or what was asked for, comes to, as rows. */
export function arrivalOf(
  account: Account,
  heard: Exclude<Heard, { is: 'refused' }>,
  delivery: Delivery | { readonly receivedAtMs: number },
): Arrival {
  const { receivedAtMs: atMs } = delivery;
  const body = 'body' in delivery ? delivery.body : NOTHING;
  const whose = { channel: account.channel.name, account: account.name };
  const raw = body.length === 0 ? null : body;
  if (heard.is === 'unreadable') {
    const kept = 'body' in delivery ? setAside(account, delivery) : undefined;
    return { rows: [{ ...whose, ...unreadable(heard, kept), raw, sentAtMs: atMs, atMs }], receipts: [] };
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
    if (told.kind === 'unreadable') {
      const sentAtMs = Math.trunc(told.sentAtMs);
      rows.push({ ...whose, ...unreadable(told, setAsideAt(told)), raw: null, sentAtMs, atMs });
      continue;
    }
    const { remoteId: externalId, conversation, sentAtMs, kind = 'message' } = told;
    rows.push({
      ...whose,
      externalId,
      conversation,
      identities: identitiesOf(account, told.from),
      kind,
      content: JSON.stringify(told),
      raw: rows.length === 0 ? raw : null,
      sentAtMs: Math.trunc(sentAtMs),
      atMs,
      error: null,
      ...(told.kind === 'event' ? {} : filesOf(account, told)),
      ...entryOf(account, told),
    });
  }
  return { rows, receipts };
}

function unreadable({ remoteId, reason }: Pick<InboundUnreadable, 'remoteId' | 'reason'>, kept: SetAside | undefined) {
  const content = JSON.stringify(kept ?? {});
  return { externalId: remoteId, conversation: '', kind: 'unreadable', content, error: reason } as const;
}

function entryOf({ channel }: Account, told: InboundMessage | InboundEvent): Pick<InboxRow, 'entry'> {
  if (channel.capabilities?.entryByEvent !== true) return {};
  if (told.kind === 'event') return told.entry === undefined ? {} : { entry: told.entry };
  return told.entry === undefined ? { entry: 'told' } : {};
}

/** What is to be fetched. What came by a page of our own is here already. */
function filesOf({ channel, mediaHere }: Account, { media = [] }: InboundMessage): Pick<InboxRow, 'files'> {
  if (mediaHere === true || channel.fetchMedia === undefined || media.length === 0) return {};
  const files = media.map(
    ({ kind, name }, position): NamedFile => ({
      id: randomBytes(16).toString('base64url'),
      position,
      kind,
      name: fileName(name ?? '', `${kind}-${position + 1}`),
    }),
  );
  return { files };
}
