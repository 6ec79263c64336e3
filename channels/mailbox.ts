import { type Batch, ChannelError, defineChannel, readJson, type Settings } from '../src/channel/channel.ts';
import { type Folder, type Place, readAttachment, readFolder } from './mailbox/folder.ts';
import { type Post, post } from './mailbox/post.ts';
import type { Threads } from './mailbox/thread.ts';
import { toldBy } from './mailbox/told.ts';

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

/** A mailbox, read by IMAP as mails arrive and written from by SMTP. From its first connection on: what lies there already is not taken. */
export default defineChannel({
  name: 'mailbox',
  title: { zh: '电子邮箱', en: 'Mailbox' },
  medium: 'mail',
  settings: shapes,
  limits: { textChars: 50_000, sendPerSecond: 5, sendMs: 60_000 },
  capabilities: { media: ['image', 'audio', 'video', 'file'], receipts: ['delivered', 'read', 'failed'] },

  async *watch(cursor, { settings, signal }): AsyncGenerator<Batch> {
    const [own, threads] = [settings.address.toLowerCase(), threadsOf(settings)];
    for await (const { arrived, place } of readFolder(folderOf(settings), placeIn(cursor), signal)) {
      yield { inbound: arrived.flatMap((one) => toldBy(one, own, threads)), cursor: JSON.stringify(place) };
    }
  },

  async send(message, { settings, signal }) {
    return { remoteId: await post(message, postOf(settings), threadsOf(settings), signal) };
  },

  async fetchMedia({ id }, { settings, signal }) {
    const { content, type } = await readAttachment(folderOf(settings), id, signal);
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
