import { createTransport } from 'nodemailer';
import { ChannelError, type Outbound } from '../../src/channel/channel.ts';
import { isThisMachine } from './folder.ts';
import { messageIdOf, subjectMark, type Threads, threadAddress } from './thread.ts';

export interface Post {
  /** `smtps://HOST[:PORT]`, or `smtp://` for STARTTLS. */
  readonly address: string;
  readonly user: string;
  readonly password: string;
  /** Ours: what answers go to, unless `answers` says more. */
  readonly from: string;
  readonly name: string;
  /** An address with `{thread}` in it. */
  readonly answers: string | undefined;
}

/** One address and nothing else: no list, no comment, no line break. */
const ADDRESS = /^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@<>()[\]\\,;:"]{1,255}$/;
const SUBJECT_CHARS_MAX = 400;
const MACHINE = { 'Auto-Submitted': 'auto-replied', Precedence: 'auto_reply', 'X-Auto-Response-Suppress': 'All' };

/** @returns its Message-ID. */
export async function post(message: Outbound, from: Post, threads: Threads, signal: AbortSignal): Promise<string> {
  if (!ADDRESS.test(message.to)) throw new ChannelError('refuse', 'the recipient has no mail address');
  const messageId = messageIdOf(message.id, message.conversation, threads);
  const transport = createTransport(connection(from));
  const close = () => transport.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    await Promise.race([transport.sendMail(mailOf(message, messageId, from, threads)), aborted(signal)]);
    return messageId;
  } catch (error) {
    throw asChannelError(error);
  } finally {
    signal.removeEventListener('abort', close);
    transport.close();
  }
}

function connection({ address, user, password }: Post) {
  const { hostname, port, protocol } = new URL(address);
  const secure = protocol === 'smtps:';
  return {
    host: hostname,
    port: Number(port || (secure ? 465 : 587)),
    secure,
    requireTLS: !secure && !isThisMachine(hostname),
    auth: { user, pass: password },
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function mailOf(message: Outbound, messageId: string, from: Post, threads: Threads) {
  const { conversation, to, text, inReplyTo, media = [], automatic } = message;
  const answered = answeredId(inReplyTo);
  const mark = subjectMark(conversation, to, threads);
  const subject = (message.subject ?? '')
    .replaceAll(/\[#[^\]]*\]|[\r\n]+/g, ' ')
    .replace(/^(\s*(re|回复|答复)[:：])+/i, '');
  return {
    messageId,
    from: { name: from.name, address: from.from },
    to: { name: '', address: to },
    ...(from.answers === undefined ? {} : { replyTo: threadAddress(from.answers, conversation, threads) }),
    subject: `Re: ${subject.trim().slice(0, SUBJECT_CHARS_MAX)} ${mark}`,
    text,
    ...(answered === undefined ? {} : { inReplyTo: answered, references: [answered] }),
    // RFC 3834 §5; a machine's mail must not come back either, so that it has no sender to return it to.
    ...(automatic ? { envelope: { from: '', to: [to] } } : {}),
    ...(automatic ? { headers: { ...MACHINE, 'X-Loop': from.from } } : {}),
    attachments: media.map(({ name, type, content }) => ({ filename: name, contentType: type, content })),
    dsn: { id: message.id, return: 'headers', notify: ['failure'], recipient: to },
  };
}

/** Behind its Message-ID stands what tells two mails of one id apart. */
function answeredId(remoteId: string | undefined): string | undefined {
  return /^<[\x21-\x3b\x3d\x3f-\x7e]{1,996}>/.exec(remoteId ?? '')?.[0];
}

async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new ChannelError('retry', 'the mail server takes too long'));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

interface SmtpTrouble {
  readonly code?: string;
  readonly responseCode?: number;
}

/** 5yz is for good, 4yz for now; RFC 5321 §4.2.1. What concerns the account and not this mail is told apart by RFC 4954 §6. */
function asChannelError(error: unknown): ChannelError {
  if (error instanceof ChannelError) return error;
  const { code, responseCode = 0 } = error as SmtpTrouble;
  const text = `the mail server: ${responseCode || code || 'connection lost'}`;
  if ([530, 534, 535, 538].includes(responseCode)) return new ChannelError('broken', text);
  if (code === 'ETLS') return new ChannelError('broken', `${text}, it offers no encryption`);
  return new ChannelError(responseCode >= 500 ? 'refuse' : 'retry', text);
}
