import { createHash } from 'node:crypto';
import type { Inbound, InboundMessage, MediaKind, MediaReference } from '../../src/channel/channel.ts';
import type { Address, Attachment, Letter } from './letter.ts';
import { readReport } from './report.ts';
import { conversationOfId, placeOf, type Threads } from './thread.ts';

export interface Arrived {
  readonly letter: Letter;
  /** When the server took it. Unix time, ms. */
  readonly atMs: number;
  /** Names the mail in its folder. */
  readonly place: string;
}

const UNKNOWN_SENDER = 'unknown@invalid';
const NAMES_OF_MACHINES = /^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)([+@-]|$)/;
/** Fields that only machines set, and the values by which a person's mail may have them, too. RFC 3834 §5. */
const MARKS_OF_MACHINES: readonly (readonly [string, RegExp])[] = [
  ['auto-submitted', /^\s*no\s*(;|$)/i],
  ['x-auto-response-suppress', /^\s*none\s*$/i],
  ['precedence', /^(?!\s*(bulk|list|junk|auto_reply)\b)/i],
  ['list-id', /^$/],
  ['list-unsubscribe', /^$/],
  ['x-loop', /^$/],
  ['x-autoreply', /^\s*no\s*$/i],
];

/** What a mail comes to. Nothing, when it is one of ours that came back. */
export function toldBy(arrived: Arrived, own: string, threads: Threads): readonly Inbound[] {
  const { letter, atMs } = arrived;
  const messageId = firstId(letter.head.get('message-id'));
  if (messageId !== undefined && conversationOfId(messageId, threads) !== undefined) return [];
  const report = readReport(letter);
  if (report?.of !== undefined) {
    const { of, status, reason } = report;
    // Of a mail that is not ours anybody may send us a report.
    if (status === undefined || !of.toLowerCase().endsWith(`@${threads.domain}>`)) return [];
    return [{ kind: 'receipt', of, status, atMs, ...(reason === undefined ? {} : { reason }) }];
  }
  return [messageOf(arrived, messageId, report !== undefined || isAutomatic(letter, own), threads)];
}

/** Written by a machine; an answer by ours would be the start of an endless talk. */
export function isAutomatic({ head, from, replyTo, parts }: Letter, own: string): boolean {
  if (parts[0]?.type === 'multipart/report') return true;
  if (head.get('return-path')?.some((path) => path.replaceAll(/\s/g, '') === '<>')) return true;
  const senders = [from?.address ?? UNKNOWN_SENDER, ...(replyTo === undefined ? [] : [replyTo.address])];
  if (
    senders.some(
      (address) => NAMES_OF_MACHINES.test(address) || plainAddress(address) === own || address === UNKNOWN_SENDER,
    )
  )
    return true;
  return MARKS_OF_MACHINES.some(([name, harmless]) => head.get(name)?.some((value) => !harmless.test(value)));
}

function messageOf(
  { letter, atMs, place }: Arrived,
  messageId: string | undefined,
  automatic: boolean,
  threads: Threads,
): InboundMessage {
  const { head, from, subject, text, attachments, refused } = letter;
  const sender = senderOf(letter);
  const digest = digestOf(letter);
  const { conversation, inReplyTo } = placeOf(
    {
      messageId,
      inReplyTo: firstId(head.get('in-reply-to')),
      references: idsIn(head.get('references')),
      recipients: letter.recipients,
      subject,
      sender: sender.address,
      digest,
    },
    threads,
  );
  const fields = {
    ...(from === undefined || from.address === sender.address ? {} : { 发件人: from.address }),
    ...(refused === undefined
      ? {}
      : { 未读原因: `邮件正文未读取，请到邮箱查看 / the mail ${refused}; see it in the mailbox` }),
  };
  return {
    // One Message-ID on two different mails happens; either is somebody's.
    remoteId: messageId === undefined ? `sha256:${digest}` : `${messageId}#${digest.slice(0, 16)}`,
    conversation,
    from: { id: sender.address, ...(sender.name === '' ? {} : { name: sender.name.slice(0, 64) }) },
    sentAtMs: atMs,
    subject: subject.slice(0, 500),
    text: text.trim(),
    ...(attachments.length === 0 ? {} : { media: attachments.map((one, at) => mediaOf(one, `${place}.${at}`)) }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(Object.keys(fields).length === 0 ? {} : { fields }),
    ...(automatic ? { automatic } : {}),
  };
}

/** Whom an answer goes to. A thread's own address of the sender is still the same sender (RFC 5233). */
function senderOf({ from, replyTo }: Letter): Address {
  if (from === undefined) return replyTo ?? { address: UNKNOWN_SENDER, name: '' };
  if (replyTo === undefined || plainAddress(replyTo.address) === from.address) return from;
  return { address: replyTo.address, name: replyTo.name || from.name };
}

function plainAddress(address: string): string {
  return address.replace(/\+[^@]*@/, '@');
}

function mediaOf({ name, type, bytes }: Attachment, id: string): MediaReference {
  const [family = ''] = type.split('/');
  const kind: MediaKind = family === 'image' || family === 'audio' || family === 'video' ? family : 'file';
  return { kind, id, type: type.slice(0, 200), bytes, ...(name === undefined ? {} : { name: name.slice(0, 200) }) };
}

/** What stays the same when a mail is delivered once more. */
function digestOf({ head, raw, parts }: Letter): string {
  const hash = createHash('sha256');
  for (const name of ['from', 'date', 'subject']) hash.update(`${head.get(name)?.[0] ?? ''}\n`);
  return hash.update(raw.subarray(parts[0]?.bodyFrom ?? 0)).digest('hex');
}

function firstId(values: readonly string[] | undefined): string | undefined {
  return idsIn(values)[0];
}

/** RFC 5322 §3.6.4, and as many as a mail of 998 columns has room for. */
function idsIn(values: readonly string[] | undefined): readonly string[] {
  return [...(values ?? []).join(' ').matchAll(/<[^<>\s]{1,996}>/g)].slice(0, 100).map(([id]) => id);
}
