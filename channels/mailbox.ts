import { createHash } from 'node:crypto';
import {
  type Batch,
  ChannelError,
  defineChannel,
  type Inbound,
  readJson,
  type Settings,
} from '../src/channel/channel.ts';
import { type Folder, fetchAgain, type Mail, type Place, readFolder } from './mailbox/folder.ts';
import { type Post, post } from './mailbox/post.ts';
import { createReader, MailUnreadable, PATIENT_MS } from './mailbox/reader.ts';
import type { Threads } from './mailbox/thread.ts';

const shapes = {
  address: 'Our mail address, such as shizhang@city.gov.cn',
  name: { about: 'Our name in the mails that we send', default: '12345热线' },
  imap: 'IMAP server, such as imaps://mail.city.gov.cn; imap:// for STARTTLS',
  smtp: 'SMTP server, such as smtps://mail.city.gov.cn; smtp:// for STARTTLS',
  user: { about: 'User at both; absent: the address', optional: true },
  password: { about: 'Password at both', secret: true },
  folder: { about: 'Folder that is read; nothing in it is changed', default: 'INBOX' },
  threads: { about: '32 letters of your own: sign the marks that hold a talk together', secret: true },
  answers: {
    about: 'Where answers go, with {thread} in it, such as shizhang+{thread}@city.gov.cn, if the server delivers that',
    optional: true,
  },
} as const;

type MailSettings = Settings<typeof shapes>;

/** Of a mail that is set aside: its head, and more. */
const NAMED_BY_BYTES = 65_536;
/** All mailboxes have one. */
const reader = createReader();

/** A mailbox, read by IMAP as mails arrive and written from by SMTP. From its first connection on: what lies there already is not taken. */
export default defineChannel({
  name: 'mailbox',
  title: { zh: '电子邮箱', en: 'Mailbox' },
  medium: 'mail',
  settings: shapes,
  limits: { textChars: 50_000, sendPerSecond: 5, sendMs: 60_000 },
  capabilities: {
    media: ['image', 'audio', 'video', 'file'],
    receipts: ['delivered', 'read', 'failed'],
    identity: 'address',
  },

  async *watch(cursor, { settings, signal }): AsyncGenerator<Batch> {
    for await (const { mails, place } of readFolder(folderOf(settings), placeIn(cursor), signal)) {
      const inbound: Inbound[] = [];
      for (const mail of mails) inbound.push(...(await read(mail, settings, signal)));
      yield { inbound, cursor: JSON.stringify(place) };
    }
  },

  async reread(at, { settings, signal }) {
    return await told(await fetchAgain(folderOf(settings), at, signal), settings, signal, PATIENT_MS);
  },

  async send(message, { settings, signal }) {
    return { remoteId: await post(message, postOf(settings), threadsOf(settings), signal) };
  },

  async fetchMedia({ id }, { settings, signal }) {
    const { raw } = await fetchAgain(folderOf(settings), id, signal);
    const at = Number(id.split('.')[2]);
    const found = await reader.find({ wish: 'attachment', raw, at }, signal, { readMs: PATIENT_MS });
    if (!('attachment' in found) || found.attachment === undefined)
      throw new ChannelError('refuse', 'the mail has no such attachment');
    const { content, type } = found.attachment;
    return new Response(new Uint8Array(content), { headers: { 'content-type': type } });
  },

  rehearsal: {
    settings: {
      address: 'shizhang@city.example',
      name: '12345热线',
      imap: 'imap://127.0.0.1:1',
      smtp: 'smtp://127.0.0.1:1',
      user: 'shizhang',
      password: 'rehearsed',
      folder: 'INBOX',
      threads: 't'.repeat(32),
      answers: undefined,
    },
  },
});

/** A mail that breaks whoever reads it is set aside: it lies in the mailbox, and somebody may have it read again. */
async function read(mail: Mail, settings: MailSettings, signal: AbortSignal): Promise<readonly Inbound[]> {
  const { name: at, atMs: sentAtMs, withheld } = mail;
  if (withheld !== undefined)
    return [{ kind: 'unreadable', remoteId: `withheld:${at}`, sentAtMs, reason: withheld, at }];
  try {
    return await told(mail, settings, signal);
  } catch (error) {
    if (!(error instanceof MailUnreadable)) throw error;
    const remoteId = `mail:${createHash('sha256').update(mail.raw.subarray(0, NAMED_BY_BYTES)).digest('hex')}`;
    return [{ kind: 'unreadable', remoteId, sentAtMs, reason: error.message, at }];
  }
}

async function told(
  { raw, cutAt, atMs, name: place }: Mail,
  settings: MailSettings,
  signal: AbortSignal,
  readMs?: number,
): Promise<readonly Inbound[]> {
  const cut = cutAt === undefined ? {} : { cutAt };
  const own = settings.address.toLowerCase();
  const wish = { wish: 'told', raw, ...cut, atMs, place, own, threads: threadsOf(settings) } as const;
  const found = await reader.find(wish, signal, { box: own, ...(readMs === undefined ? {} : { readMs }) });
  return 'told' in found ? found.told : [];
}

function folderOf({ imap, address, user = address, password, folder }: MailSettings): Folder {
  return { address: imap, user, password, name: folder };
}

function postOf({ smtp, address, user = address, password, name, answers }: MailSettings): Post {
  return { address: smtp, user, password, from: address, name, answers };
}

function threadsOf({ address, threads }: MailSettings): Threads {
  const domain = address.split('@')[1];
  if (domain === undefined) throw new ChannelError('broken', 'the account’s address is no mail address');
  return { key: threads, domain: domain.toLowerCase() };
}

function placeIn(cursor: string | undefined): Place | undefined {
  return cursor === undefined ? undefined : (readJson(cursor) as Place);
}
