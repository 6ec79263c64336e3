import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, test } from 'vitest';
import { readAttachments, readLetter } from '../../channels/mailbox/letter.ts';
import { messageIdOf, subjectMark, threadAddress } from '../../channels/mailbox/thread.ts';
import { isAutomatic, toldBy } from '../../channels/mailbox/told.ts';
import type { Inbound, InboundMessage } from '../../src/channel/channel.ts';

const VECTORS = join(import.meta.dirname, '../vectors/mail');
const OWN = 'box@hotline.example.gov.cn';
const threads = { key: 'k'.repeat(32), domain: 'hotline.example.gov.cn' };

interface Expected {
  readonly sha256: string;
  readonly mailparser: { readonly subject: string; readonly from: string; readonly text: string };
}

const expected = JSON.parse(readFileSync(join(VECTORS, 'expected.json'), 'utf8')) as Record<string, Expected>;

function vector(name: string): Buffer {
  const raw = readFileSync(join(VECTORS, `${name}.eml`));
  expect(createHash('sha256').update(raw).digest('hex')).toBe(expected[name]?.sha256);
  return raw;
}

async function told(mail: Buffer | string): Promise<readonly Inbound[]> {
  const letter = await readLetter(Buffer.from(mail));
  return toldBy({ letter, atMs: 1_767_225_600_000, place: '1.1' }, OWN, threads);
}

async function message(mail: Buffer | string): Promise<InboundMessage> {
  const [first, ...more] = await told(mail);
  expect(more).toEqual([]);
  expect(first?.kind).toBe(undefined);
  return first as InboundMessage;
}

function mail(head: readonly string[], body = '您好'): string {
  return [...head, '', body].join('\r\n');
}

const PLAIN = ['From: Wang <wang@example.cn>', `To: ${OWN}`, 'Subject: hi', 'Message-ID: <w1@example.cn>'];

describe('recorded mails', () => {
  test.each(['gb18030_8bit', 'gb2312_label_with_gbk_chars', 'split_multibyte_encodedword', 'no_message_id'])(
    '%s is read as it was written',
    async (name) => {
      const { subject, text } = await message(vector(name));
      expect({ subject, text }).toEqual({
        subject: expected[name]?.mailparser.subject,
        text: expected[name]?.mailparser.text,
      });
    },
  );

  test('a name in GB18030 is read', async () => {
    expect((await message(vector('gb18030_8bit'))).from).toEqual({ id: 'zhang@example.cn', name: '张三' });
  });

  test('GBK without a charset, in a field or a text, is read all the same', async () => {
    const raw = vector('raw8bit_header_nocharset');
    const { subject, text } = await message(raw);
    const [head = '', body = ''] = new TextDecoder('gb18030').decode(raw).split(/\r?\n\r?\n/);
    expect(subject).toBe(/^Subject: (.*)$/m.exec(head)?.[1]?.trim());
    expect(text).toBe(body.trim());
    expect(`${subject}${text}`).not.toContain('\u{fffd}');
  });

  test('a mail without a Message-ID has the same name each time, and another than its neighbour', async () => {
    const raw = vector('no_message_id');
    const other = Buffer.from(raw.toString('latin1').replace('same body', 'another body'), 'latin1');
    const [first, again, neighbour] = [await message(raw), await message(raw), await message(other)];
    expect(again.remoteId).toBe(first.remoteId);
    expect(neighbour.remoteId).not.toBe(first.remoteId);
  });

  test('one Message-ID on two mails makes two of them', async () => {
    const [one, two] = [await message(mail(PLAIN, 'one')), await message(mail(PLAIN, 'two'))];
    expect(one.remoteId).not.toBe(two.remoteId);
    expect(one.remoteId.startsWith('<w1@example.cn>#')).toBe(true);
  });

  test('an automatic answer is known as one', async () => {
    const { automatic, subject, inReplyTo } = await message(vector('auto_reply'));
    expect({ automatic, subject, inReplyTo }).toEqual({
      automatic: true,
      subject: '自动回复：已收到',
      inReplyTo: undefined,
    });
  });

  test('a bounce is a receipt of our mail, and no contact', async () => {
    expect(await told(vector('dsn'))).toEqual([
      {
        kind: 'receipt',
        of: '<case-20260101-0001.1@hotline.example.gov.cn>',
        status: 'failed',
        atMs: 1_767_225_600_000,
        reason: '5.1.1 550 5.1.1 user unknown',
      },
    ]);
  });
});

describe('reports', () => {
  const report = (type: string, lines: readonly string[], given: readonly string[]) =>
    mail(
      [
        'From: MAILER-DAEMON@example.cn',
        'Subject: report',
        'MIME-Version: 1.0',
        `Content-Type: multipart/report; report-type=${type}; boundary="b b"`,
      ],
      [
        '--b b',
        '',
        'see below',
        '--b b',
        `Content-Type: message/${type}`,
        '',
        ...lines,
        '--b b',
        ...given,
        '--b b--',
      ].join('\r\n'),
    );
  const whole = ['Content-Type: message/rfc822', '', 'Message-ID: <x@hotline.example.gov.cn>', '', 'our text'];

  test('a whole mail may be given back, and a delivery be told', async () => {
    const lines = ['Reporting-MTA: dns; mx', '', 'Final-Recipient: rfc822; a@b', 'Action: delivered', 'Status: 2.0.0'];
    expect(await told(report('delivery-status', lines, whole))).toMatchObject([
      { kind: 'receipt', of: '<x@hotline.example.gov.cn>', status: 'delivered' },
    ]);
  });

  test('a delay is a step on the way', async () => {
    const lines = ['Reporting-MTA: dns; mx', '', 'Final-Recipient: rfc822; a@b', 'Action: delayed', 'Status: 4.0.0'];
    expect(await told(report('delivery-status', lines, whole))).toEqual([]);
  });

  test('a report of a mail that is not ours says nothing', async () => {
    const foreign = ['Content-Type: text/rfc822-headers', '', 'Message-ID: <x@elsewhere.example>'];
    const lines = ['Reporting-MTA: dns; mx', '', 'Final-Recipient: rfc822; a@b', 'Action: failed', 'Status: 5.0.0'];
    expect(await told(report('delivery-status', lines, foreign))).toEqual([]);
  });

  test('a mail that was shown was read', async () => {
    const lines = [
      'Original-Message-ID: <x@hotline.example.gov.cn>',
      'Disposition: manual-action/MDN-sent-manually; displayed',
    ];
    expect(await told(report('disposition-notification', lines, ['Content-Type: text/plain', '', '-']))).toMatchObject([
      { kind: 'receipt', of: '<x@hotline.example.gov.cn>', status: 'read' },
    ]);
  });
});

describe('machines and people', () => {
  test.each([
    'Auto-Submitted: auto-generated',
    'Auto-Submitted: auto-replied; owner-email="a@b"',
    'Precedence: bulk',
    'Precedence: list',
    'Precedence: junk',
    'List-Id: <news.example.cn>',
    'List-Unsubscribe: <mailto:no@example.cn>',
    'Return-Path: <>',
    'X-Auto-Response-Suppress: All',
    `X-Loop: ${OWN}`,
    'Reply-To: noreply@example.cn',
    `Reply-To: ${OWN}`,
  ])('%s is never answered by a machine', async (field) => {
    expect((await message(mail([...PLAIN, field]))).automatic).toBe(true);
  });

  test.each(['MAILER-DAEMON@x.cn', 'postmaster@x.cn', 'no-reply@x.cn', 'noreply+7@x.cn', OWN])(
    'nor is a mail from %s',
    async (address) => {
      expect((await message(mail([`From: ${address}`, 'Subject: x']))).automatic).toBe(true);
    },
  );

  test.each([
    'Auto-Submitted: no',
    'Precedence: first-class',
    'X-Auto-Response-Suppress: None',
    'Return-Path: <a@b.cn>',
  ])('a person’s mail may say %s', async (field) => {
    const letter = await readLetter(Buffer.from(mail([...PLAIN, field])));
    expect(isAutomatic(letter, OWN)).toBe(false);
  });

  test('our own mail that comes back is nothing', async () => {
    const id = messageIdOf('01-0', 'm0123456789abcdef0123', threads);
    expect(await told(mail(['From: wang@example.cn', `Message-ID: ${id}`]))).toEqual([]);
  });
});

describe('threads', () => {
  const conversation = 'm0123456789abcdef0123';
  const ours = messageIdOf('01-0', conversation, threads);

  test('an answer to our mail belongs to its talk, whoever writes it, and names it', async () => {
    const answer = await message(mail(['From: friend@example.cn', `In-Reply-To: ${ours}`, 'Message-ID: <f@x.cn>']));
    expect(answer).toMatchObject({ conversation, inReplyTo: ours });
    const older = await message(mail(['From: friend@example.cn', `References: <a@b> ${ours} <c@d>`]));
    expect(older.conversation).toBe(conversation);
  });

  test('a forged name of ours opens no door', async () => {
    const forged = ours.replace(/\.[0-9a-f]{16}@/, '.0123456789abcdef@');
    const { conversation: other, inReplyTo } = await message(mail(['From: eve@x.cn', `In-Reply-To: ${forged}`]));
    expect(other).not.toBe(conversation);
    expect(inReplyTo).toBe(undefined);
  });

  test('somebody who names a citizen’s mail is not in the citizen’s talk', async () => {
    const first = await message(mail(PLAIN));
    const next = await message(mail(['From: wang@example.cn', 'References: <w1@example.cn>', 'Message-ID: <w2@x>']));
    const eve = await message(mail(['From: eve@x.cn', 'References: <w1@example.cn>', 'Message-ID: <e@x>']));
    expect(next.conversation).toBe(first.conversation);
    expect(eve.conversation).not.toBe(first.conversation);
  });

  test('the address that answers go to tells the talk, and so does the subject, to whom we wrote', async () => {
    const to = threadAddress('box+{thread}@hotline.example.gov.cn', conversation, threads);
    expect((await message(mail(['From: wang@example.cn', `To: ${to}`]))).conversation).toBe(conversation);
    const subject = `Subject: Fwd: light ${subjectMark(conversation, 'Wang@example.cn', threads)}`;
    expect((await message(mail(['From: wang@example.cn', subject]))).conversation).toBe(conversation);
    expect((await message(mail(['From: eve@example.cn', subject]))).conversation).not.toBe(conversation);
  });
});

describe('bodies', () => {
  test('encoded words over several lines, base64 and quoted-printable are read', async () => {
    const head = [
      'From: =?UTF-8?Q?=E7=8E=8B?= <wang@example.cn>',
      'Subject: =?UTF-8?B?6Lev54Gv?=\r\n =?UTF-8?Q?_=E4=B8=8D=E4=BA=AE?=',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: quoted-printable',
    ];
    const { subject, text, from } = await message(mail(head, '=E8=B7=AF=E7=81=\r\n=AF'));
    expect({ subject, text, name: from.name }).toEqual({ subject: '路灯 不亮', text: '路灯', name: '王' });
  });

  test('HTML comes as text, without scripts and without fetching anything', async () => {
    const html =
      '<style>p{}</style><script>alert(1)</script><p>井盖<b>丢了</b></p><img src="http://127.0.0.1:1/x"><p>谢谢</p>';
    const { text } = await message(mail([...PLAIN, 'Content-Type: text/html; charset=utf-8'], html));
    expect(text).toContain('井盖丢了');
    expect(text).toContain('谢谢');
    expect(text).not.toMatch(/alert|<|p\{/);
  });

  test('attachments are named, typed and measured, and their bytes can be had', async () => {
    const content = Buffer.from('一张照片');
    const raw = mail(
      [...PLAIN, 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=xx'],
      [
        '--xx',
        'Content-Type: text/plain; charset=utf-8',
        '',
        '见附件',
        '--xx',
        'Content-Type: image/jpeg',
        'Content-Disposition: attachment; filename="=?UTF-8?B?54Wn54mHLmpwZw==?="',
        'Content-Transfer-Encoding: base64',
        '',
        content.toString('base64'),
        '--xx--',
      ].join('\r\n'),
    );
    const { media, text } = await message(raw);
    expect(text).toBe('见附件');
    expect(media).toEqual([
      { kind: 'image', id: '1.1.0', type: 'image/jpeg', bytes: content.length, name: '照片.jpg' },
    ]);
    expect((await readAttachments(Buffer.from(raw)))[0]?.content).toEqual(content);
  });
});

describe('bombs', () => {
  const multipart = [...PLAIN, 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=x'];
  const nested = Array.from(
    { length: 2_000 },
    (_, at) => `--b${at}\r\nContent-Type: multipart/mixed; boundary=b${at + 1}\r\n\r\n`,
  );
  const bombs: readonly (readonly [string, string])[] = [
    ['50,000 parts', mail(multipart, '--x\r\nContent-Type: text/plain\r\n\r\nx\r\n'.repeat(50_000))],
    ['2,000 levels', mail([...PLAIN, 'Content-Type: multipart/mixed; boundary=b0'], nested.join(''))],
    ['a head of 5 MB', mail([...PLAIN, `X-Long: ${'x'.repeat(5_000_000)}`])],
    ['100,000 recipients', mail([...PLAIN, `Cc: ${Array.from({ length: 100_000 }, (_, at) => `a${at}@x`).join(',')}`])],
    [
      'messages in messages',
      mail(PLAIN.concat('Content-Type: message/rfc822'), 'Content-Type: message/rfc822\r\n\r\n'.repeat(5_000)),
    ],
  ];

  test.each(bombs)('%s: refused in less than a second, and nobody waits for it; who wrote is kept', async (_, raw) => {
    const bytes = Buffer.from(raw);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const startedMs = performance.now();
    const { from, fields, text } = await message(bytes);
    const tookMs = performance.now() - startedMs;
    await new Promise((resolve) => setTimeout(resolve, 20));
    delay.disable();
    expect(from.id).toBe('wang@example.cn');
    expect(text).toBe('');
    expect(fields?.['未读原因']).toMatch(/邮件正文未读取/);
    expect(tookMs).toBeLessThan(1_000);
    expect(delay.max / 1e6).toBeLessThan(500);
  });

  test('what is within the limits costs the others little: 20 MB of attachment are read in pieces', async () => {
    const part = `--x\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${`${'QUJD'.repeat(19)}\r\n`.repeat(270_000)}`;
    const { media } = await message(mail(multipart, `${part}--x--`));
    expect(media?.[0]?.bytes).toBe(270_000 * 57);
  });

  test('any bytes at all come to an end', async () => {
    let seed = 7;
    const next = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed;
    };
    const raw = Buffer.from(bombs[2]![1].slice(0, 300) + mail(multipart, '--x\r\n\r\ny\r\n--x--'));
    for (let round = 0; round < 300; round += 1) {
      const torn = Buffer.from(raw);
      for (let at = 0; at < 20; at += 1) torn[next() % torn.length] = next() % 256;
      await told(torn.subarray(0, next() % torn.length));
    }
  });
});
