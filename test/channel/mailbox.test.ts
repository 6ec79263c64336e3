import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isThisMachine } from '../../channels/mailbox/folder.ts';
import type { Batch, Channel, ChannelError, Context, InboundMessage, Outbound } from '../../src/channel/channel.ts';
import { loadChannel } from '../../src/channel/load.ts';
import { freePort } from '../e2e/free-port.ts';
import { type Dovecot, startDovecot } from './dovecot.ts';

// Real servers: Dovecot for IMAP, smtp-server for SMTP, which puts what it takes into Dovecot's mailboxes.

interface Posted {
  readonly from: string;
  readonly to: string;
  readonly mail: string;
}

// Compiled, as the program has it: a thread of its own reads the mails.
let mailbox: Channel;
let cacheFolder: string;
let dovecot: Dovecot;
let smtp: SMTPServer;
let smtpPort = 0;
const posted: Posted[] = [];
const DOMAIN = 'hotline.example.gov.cn';

beforeAll(async () => {
  cacheFolder = mkdtempSync(join(tmpdir(), 'minhu-mailbox-'));
  mailbox = await loadChannel(join(import.meta.dirname, '../../channels/mailbox.ts'), {
    cacheFolder,
    programFolder: join(import.meta.dirname, '../../dist'),
  });
  dovecot = await startDovecot();
  smtpPort = await freePort();
  smtp = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ password }, _session, done) =>
      password === 'secret' ? done(null, { user: 'us' }) : done(Object.assign(new Error('no'), { responseCode: 535 })),
    onRcptTo({ address }, _session, done) {
      const code = /^(\d{3})-/.exec(address)?.[1];
      done(code === undefined ? null : Object.assign(new Error('no'), { responseCode: Number(code) }));
    },
    onData(stream, { envelope }, done) {
      void readText(stream)
        .then(async (mail) => {
          const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
          const to = envelope.rcptTo[0]!.address;
          posted.push({ from, to, mail });
          if (to.endsWith(`@${DOMAIN}`)) await dovecot.deliver(to.split(/[+@]/)[0]!, mail);
        })
        .then(() => done(null), done);
    },
  });
  await new Promise<void>((resolve) => smtp.listen(smtpPort, '127.0.0.1', () => resolve()));
});

afterAll(async () => {
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
  await dovecot.stop();
  rmSync(cacheFolder, { recursive: true, force: true });
});

interface Given {
  readonly user: string;
  readonly password?: string;
  readonly folder?: string;
}

function contextOf({ user, password = 'secret', folder = 'INBOX' }: Given, signal: AbortSignal): Context {
  return {
    settings: {
      address: `${user}@${DOMAIN}`,
      name: '12345热线',
      imap: `imap://127.0.0.1:${dovecot.port}`,
      smtp: `smtp://127.0.0.1:${smtpPort}`,
      user,
      password,
      folder,
      threads: `${user}`.padEnd(32, 'k'),
      answers: `${user}+{thread}@${DOMAIN}`,
    },
    fetch,
    signal,
    now: Date.now,
    cached: async (_name, make) => (await make()).value,
    forget: () => undefined,
  };
}

/** What a host keeps of an account. */
interface Taken {
  readonly messages: InboundMessage[];
  cursor: string | undefined;
}

/** Takes batches as the host does, until `done`; what was taken before is not taken again. */
async function watch(given: Given, taken: Taken, done: () => boolean): Promise<void> {
  const over = new AbortController();
  for await (const { inbound, cursor } of mailbox.watch!(
    taken.cursor,
    contextOf(given, over.signal),
  ) as AsyncIterable<Batch>) {
    for (const told of inbound) {
      if (told.kind !== undefined && told.kind !== 'message') continue;
      if (!taken.messages.some(({ remoteId }) => remoteId === told.remoteId))
        taken.messages.push(told as InboundMessage);
    }
    taken.cursor = cursor;
    if (!done()) continue;
    over.abort();
  }
}

function letter(number: number, more: readonly string[] = []): string {
  return [`From: wang@example.cn`, `Subject: n${number}`, `Message-ID: <n${number}@example.cn>`, ...more, '', 'x'].join(
    '\r\n',
  );
}

const subjects = ({ messages }: Taken): readonly (string | undefined)[] => messages.map(({ subject }) => subject);
const none = (): Taken => ({ messages: [], cursor: undefined });

test('mails are told as they arrive, and not again after a break', async () => {
  const given = { user: 'arriving' };
  await dovecot.deliver(given.user, letter(0));
  const taken = none();
  await watch(given, taken, () => true);
  expect(subjects(taken)).toEqual([]);

  for (const number of [1, 2, 3]) await dovecot.deliver(given.user, letter(number));
  await watch(given, taken, () => taken.messages.length >= 3);
  expect(subjects(taken)).toEqual(['n1', 'n2', 'n3']);

  await dovecot.deliver(given.user, letter(4));
  await watch(given, taken, () => taken.messages.length >= 4);
  expect(subjects(taken)).toEqual(['n1', 'n2', 'n3', 'n4']);
});

test('a mail is told by IDLE within moments, and nothing in the mailbox is changed', async () => {
  const given = { user: 'idle' };
  const taken = none();
  await watch(given, taken, () => true);
  const watching = watch(given, taken, () => taken.messages.length > 0);
  const client = await dovecot.client(given.user);
  await client.append('INBOX', Buffer.from(letter(1)));
  await watching;
  await client.mailboxOpen('INBOX');
  const mail = await client.fetchOne('*', { flags: true });
  expect(mail === false ? undefined : [...(mail.flags ?? [])]).not.toContain('\\Seen');
  client.close();
  expect(subjects(taken)).toEqual(['n1']);
});

test('a folder that is numbered anew is read again with overlap: none lost, none double', async () => {
  const given = { user: 'renumbered', folder: 'Letters' };
  const client = await dovecot.client(given.user);
  await client.mailboxCreate('Letters');
  const taken = none();
  await watch(given, taken, () => true);
  for (const number of [1, 2]) await client.append('Letters', Buffer.from(letter(number)));
  await watch(given, taken, () => taken.messages.length >= 2);
  const before = JSON.parse(taken.cursor!) as { validity: string };

  await client.mailboxDelete('Letters');
  await client.mailboxCreate('Letters');
  for (const number of [2, 1, 3]) await client.append('Letters', Buffer.from(letter(number)));
  client.close();
  await watch(given, taken, () => taken.messages.length >= 3);
  expect(subjects(taken)).toEqual(['n1', 'n2', 'n3']);
  expect((JSON.parse(taken.cursor!) as { validity: string }).validity).not.toBe(before.validity);
});

test('a server that dies ends the watch; the next one goes on where it was', async () => {
  const given = { user: 'dying' };
  const taken = none();
  await watch(given, taken, () => true);
  const watching = watch(given, taken, () => {
    if (taken.messages.length === 1) void dovecot.kill();
    return false;
  });
  await dovecot.deliver(given.user, letter(1));
  await watching.catch((error: ChannelError) => expect(error.kind).toBe('retry'));
  await expect(watch(given, taken, () => true)).rejects.toMatchObject({ kind: 'retry' });
  await dovecot.start();
  await dovecot.deliver(given.user, letter(2));
  await watch(given, taken, () => taken.messages.length >= 2);
  expect(subjects(taken)).toEqual(['n1', 'n2']);
});

test('attachments are fetched by what the message says of them', async () => {
  const given = { user: 'attached' };
  const taken = none();
  await watch(given, taken, () => true);
  const content = Buffer.from([0, 255, 1, 254]);
  const body = [
    '--b',
    'Content-Type: image/png',
    'Content-Disposition: attachment; filename=a.png',
    'Content-Transfer-Encoding: base64',
    '',
    content.toString('base64'),
    '--b--',
  ];
  const head = [
    'From: wang@example.cn',
    'Message-ID: <a@x>',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
  ];
  await dovecot.deliver(given.user, [...head, '', ...body].join('\r\n'));
  await watch(given, taken, () => taken.messages.length > 0);
  const { signal } = new AbortController();
  const [media] = taken.messages[0]!.media!;
  const response = await mailbox.fetchMedia!(media!, contextOf(given, signal));
  expect(response.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await response.arrayBuffer())).toEqual(content);
  const place = media!.id.replace(/\.\d+$/, '');
  expect(await mailbox.reread!(place, contextOf(given, signal))).toEqual(taken.messages);
  const gone = { ...media!, id: media!.id.replace(/^\d+/, '1') };
  await expect(mailbox.fetchMedia!(gone, contextOf(given, signal))).rejects.toMatchObject({ kind: 'refuse' });
});

test('a mail that is too large is not fetched; who wrote it is told', async () => {
  const given = { user: 'large' };
  const taken = none();
  await watch(given, taken, () => true);
  const huge = Buffer.concat([Buffer.from(letter(1)), Buffer.alloc(26 * 1024 * 1024, 'x\r\n')]);
  await dovecot.deliver(given.user, huge);
  await watch(given, taken, () => taken.messages.length > 0);
  expect(taken.messages[0]).toMatchObject({ subject: 'n1', from: { id: 'wang@example.cn' }, text: '' });
  expect(taken.messages[0]?.fields?.['未读原因']).toMatch(/has \d{8} bytes/);
});

function outbound(to: string, more: Partial<Outbound> = {}): Outbound {
  return {
    id: `${posted.length + 1}-0`,
    conversation: 'm0123456789abcdef0123',
    to,
    text: '您好，已收到。',
    subject: '路灯',
    ...more,
  };
}

const { signal } = new AbortController();

test('an answer names what it answers, and its own answer finds back', async () => {
  const given = { user: 'answering' };
  const taken = none();
  await watch(given, taken, () => true);
  await dovecot.deliver(given.user, letter(1));
  await watch(given, taken, () => taken.messages.length > 0);
  const [{ remoteId, conversation } = taken.messages[0]!] = taken.messages;
  const sent = await mailbox.send!(
    outbound('wang@example.cn', { conversation, inReplyTo: remoteId }),
    contextOf(given, signal),
  );
  const { mail, from } = posted.at(-1)!;
  expect(from).toBe(`answering@${DOMAIN}`);
  expect(mail).toMatch(/^In-Reply-To: <n1@example\.cn>\r$/m);
  expect(mail).toMatch(/^References: <n1@example\.cn>\r$/m);
  expect(mail).not.toMatch(/^Auto-Submitted/m);
  await dovecot.deliver(given.user, letter(2, [`In-Reply-To: ${sent.remoteId}`]));
  await watch(given, taken, () => taken.messages.length > 1);
  expect(taken.messages[1]).toMatchObject({ conversation, inReplyTo: sent.remoteId });
});

test('what the mail server says decides what becomes of a mail', async () => {
  const given = { user: 'refused' };
  const send = (to: string, password?: string) =>
    mailbox.send!(outbound(to), contextOf({ ...given, ...(password === undefined ? {} : { password }) }, signal));
  await expect(send('550-unknown@example.cn')).rejects.toMatchObject({ kind: 'refuse' });
  await expect(send('451-later@example.cn')).rejects.toMatchObject({ kind: 'retry' });
  await expect(send('a@example.cn', 'wrong')).rejects.toMatchObject({ kind: 'broken' });
  await expect(send('a@example.cn, b@example.cn')).rejects.toMatchObject({ kind: 'refuse' });
  await expect(send('a@example.cn\r\nBcc: b@example.cn')).rejects.toMatchObject({ kind: 'refuse' });
  await expect(watch({ ...given, password: 'wrong' }, none(), () => true)).rejects.toMatchObject({ kind: 'broken' });
});

test('two instances that answer each other stop at one mail each', async () => {
  const [a, b] = [{ user: 'loop-a' }, { user: 'loop-b' }];
  const takenBy = { a: none(), b: none() };
  for (const [given, taken] of [
    [a, takenBy.a],
    [b, takenBy.b],
  ] as const)
    await watch(given, taken, () => true);
  const from = posted.length;
  // Somebody at b writes to a by hand; each side then does what a host does: one receipt for what no machine wrote.
  await mailbox.send!(outbound(`loop-a@${DOMAIN}`), contextOf(b, signal));
  const answerAll = async (given: Given, taken: Taken) => {
    for (const {
      conversation,
      from: { id },
      automatic,
      remoteId,
    } of taken.messages.splice(0)) {
      if (automatic) continue;
      await mailbox.send!(
        outbound(id, { conversation, inReplyTo: remoteId, automatic: true }),
        contextOf(given, signal),
      );
    }
  };
  await watch(a, takenBy.a, () => takenBy.a.messages.length > 0);
  await answerAll(a, takenBy.a);
  await watch(b, takenBy.b, () => takenBy.b.messages.length > 0);
  expect(takenBy.b.messages[0]?.automatic).toBe(true);
  await answerAll(b, takenBy.b);
  expect(posted.slice(from).map(({ to }) => to)).toEqual([`loop-a@${DOMAIN}`, `loop-b@${DOMAIN}`]);
  const { mail, from: envelopeFrom } = posted.at(-1)!;
  expect(envelopeFrom).toBe('');
  expect(mail).toMatch(/^Auto-Submitted: auto-replied\r$/m);
  expect(mail).toMatch(/^Precedence: auto_reply\r$/m);
});

test('only this machine is spoken to in the clear', () => {
  expect(['127.0.0.1', 'localhost', '[::1]'].map(isThisMachine)).toEqual([true, true, true]);
  expect(['10.0.0.1', 'mail.example.cn', '127.0.0.1.example.cn'].map(isThisMachine)).toEqual([false, false, false]);
});
