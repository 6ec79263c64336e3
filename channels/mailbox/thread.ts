import { createHash, createHmac } from 'node:crypto';
import { sameSecret } from '../../src/channel/channel.ts';

/**
 * Which talk a mail belongs to. Three marks of ours travel with every mail that we send: in its Message-ID, in the address that answers go to,
 * and in the subject. Each is signed, so that nobody gets into another person's talk by guessing.
 */
export interface Threads {
  /** Ours; signs the marks. */
  readonly key: string;
  /** Of our address. */
  readonly domain: string;
}

/** What a mail says of where it belongs. */
export interface Clues {
  readonly messageId: string | undefined;
  readonly inReplyTo: string | undefined;
  /** Oldest first. */
  readonly references: readonly string[];
  readonly recipients: readonly string[];
  readonly subject: string;
  /** The sender's address. */
  readonly sender: string;
  /** Names a mail without a Message-ID. */
  readonly digest: string;
}

const CONVERSATION = /^m[0-9a-f]{20}$/;
const TAG_CHARS = 16;
const SUBJECT_TAG_CHARS = 10;

/** The talk, and which mail of ours is answered. */
export function placeOf(clues: Clues, threads: Threads): { conversation: string; inReplyTo?: string } {
  const named = [clues.inReplyTo ?? '', ...clues.references.toReversed()];
  for (const id of named) {
    const conversation = conversationOfId(id, threads);
    if (conversation !== undefined) return { conversation, inReplyTo: id };
  }
  const marked = conversationOfRecipients(clues.recipients, threads) ?? conversationOfSubject(clues, threads);
  if (marked !== undefined) return { conversation: marked };
  // Anybody may name anybody's mail; only together with the sender it is a thread.
  const root = clues.references[0] ?? clues.inReplyTo ?? clues.messageId ?? clues.digest;
  return { conversation: `m${createHash('sha256').update(`${root}\n${clues.sender}`).digest('hex').slice(0, 20)}` };
}

/** Our name of a mail that we send. The same at every try, so that a mail that arrives twice is one. RFC 5322 §3.6.4. */
export function messageIdOf(id: string, conversation: string, { key, domain }: Threads): string {
  const thread = CONVERSATION.test(conversation)
    ? conversation
    : `m${createHash('sha256').update(conversation).digest('hex').slice(0, 20)}`;
  return `<${id}.${thread}.${tag(key, `id ${id} ${thread}`, TAG_CHARS)}@${domain}>`;
}

/** What a mail of ours looks like that comes back; undefined: it is none. */
export function conversationOfId(messageId: string, { key, domain }: Threads): string | undefined {
  const [local = '', host] = messageId.slice(1, -1).split('@');
  const [id = '', thread = '', given] = local.split('.');
  if (host?.toLowerCase() !== domain || !CONVERSATION.test(thread)) return undefined;
  return sameSecret(given, tag(key, `id ${id} ${thread}`, TAG_CHARS)) ? thread : undefined;
}

/** @param pattern an address with `{thread}` in it, where the server delivers such (RFC 5233). */
export function threadAddress(pattern: string, conversation: string, { key }: Threads): string {
  return pattern.replace('{thread}', `${conversation}-${tag(key, `to ${conversation}`, TAG_CHARS)}`);
}

function conversationOfRecipients(recipients: readonly string[], { key }: Threads): string | undefined {
  for (const address of recipients) {
    const [, thread, given] = /(m[0-9a-f]{20})-([0-9a-f]{16})/i.exec(address) ?? [];
    if (thread !== undefined && sameSecret(given, tag(key, `to ${thread}`, TAG_CHARS))) return thread;
  }
  return undefined;
}

/** A subject is copied, forwarded and typed: its mark is good for the one who got it only. */
export function subjectMark(conversation: string, to: string, { key }: Threads): string {
  return `[#${conversation}-${tag(key, `subject ${conversation} ${to.toLowerCase()}`, SUBJECT_TAG_CHARS)}]`;
}

function conversationOfSubject({ subject, sender }: Clues, threads: Threads): string | undefined {
  const [mark, thread] = /\[#(m[0-9a-f]{20})-[0-9a-f]{10}\]/.exec(subject) ?? [];
  return thread !== undefined && sameSecret(mark, subjectMark(thread, sender, threads)) ? thread : undefined;
}

function tag(key: string, what: string, chars: number): string {
  return createHmac('sha256', key).update(what).digest('hex').slice(0, chars);
}
