import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rehearsal } from '../../channels/twilio/rehearsal.ts';
import type { TwilioSettings } from '../../channels/twilio/settings.ts';
import { isSigned, readForm, signatureOf } from '../../channels/twilio/signature.ts';
import twilio from '../../channels/twilio.ts';
import type {
  ChannelError,
  Inbound,
  InboundEvent,
  InboundMessage,
  Outbound,
  Settings,
} from '../../src/channel/channel.ts';
import { type Asked, delivery, lent, oneBitOff, type Reply, startPlatform } from './platform.ts';

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/twilio.json'), 'utf8'));
const { sms, json } = vectors;
const SMS_URL = 'https://hotline.example.gov.cn/hooks/twilio/sms';
const SID = sms.params.AccountSid;
const account = {
  ...(rehearsal.settings as Record<keyof TwilioSettings, string>),
  authToken: vectors.authToken,
  accountSid: SID,
  url: SMS_URL,
};

type Params = Readonly<Record<string, string | readonly string[]>>;
const encoded = (params: Params) => {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    for (const one of [value].flat()) form.append(name, one as string);
  return Buffer.from(form.toString());
};
const sign = (url: string, params: Params, token = vectors.authToken) =>
  signatureOf(token, url, readForm(encoded(params)));

/** As Twilio posts it to the account's address, signed unless told otherwise. */
function posted(params: Params, more: { readonly signature?: string; readonly query?: string } = {}) {
  const { query = '', signature = sign(`${SMS_URL}${query}`, params) } = more;
  return delivery({ url: `/any/path${query}`, headers: { 'x-twilio-signature': signature }, body: encoded(params) });
}
function received(given: ReturnType<typeof delivery>) {
  expect(twilio.verify!(given, account)).toBe(true);
  const all = twilio.receive!(given, account);
  return 'inbound' in all ? all : { inbound: all as readonly Inbound[], answer: undefined };
}

describe('signatures', () => {
  test('are those of the documentation, the library and the vectors', () => {
    for (const one of [vectors.docExample, vectors.docExample2])
      expect(sign(one.url, one.params, one.token)).toBe(one.signature);
    const library = {
      CallSid: 'CA1234567890ABCDE',
      Digits: '1234',
      From: '+14158675309',
      To: '+18005551212',
      Caller: '+14158675309',
    };
    expect(sign('https://mycompany.com/myapp.php?foo=1&bar=2', library, '12345')).toBe('RSOYDt4T1cUTdK1PDd93/VVr8B8=');
    expect(sign(sms.url, sms.params)).toBe(sms.signature);
    expect(sign(vectors.array.url, vectors.array.params)).toBe(vectors.array.signature);
  });

  const sent = (url: string, body: Buffer, signature: string | undefined) =>
    isSigned(signature, vectors.authToken, url, body);

  test('cover every parameter, to the letter, and the address with or without its usual port', () => {
    expect(sent(sms.url, encoded(sms.params), sms.signature)).toBe(true);
    const withPort = sms.url.replace('.cn/', '.cn:443/');
    expect(sent(withPort, encoded(sms.params), sms.signature)).toBe(true);
    expect(sent(sms.url, encoded(sms.params), sign(withPort, sms.params))).toBe(true);
    expect(sent(sms.url, encoded({ ...sms.params, Extra: 'x' }), sign(sms.url, { ...sms.params, Extra: 'x' }))).toBe(
      true,
    );
    expect(sent(sms.url, encoded({ ...sms.params, Body: sms.params.Body.trim().slice(0, -1) }), sms.signature)).toBe(
      false,
    );
    expect(sent(sms.url, encoded({ ...sms.params, Extra: 'x' }), sms.signature)).toBe(false);
    expect(sent(sms.url.replace('https:', 'http:'), encoded(sms.params), sms.signature)).toBe(false);
    expect(sent(sms.url.replace('tenant=cd', 'tenant=bj'), encoded(sms.params), sms.signature)).toBe(false);
    expect(sent(sms.url, Buffer.alloc(0), sms.signature)).toBe(false);
    for (const absent of [undefined, '']) expect(sent(sms.url, encoded(sms.params), absent)).toBe(false);
  });

  test('of JSON cover its hash, and no body without one', () => {
    expect(sent(json.url, Buffer.from(json.body), json.signature)).toBe(true);
    expect(sent(json.url, Buffer.from(`${json.body} `), json.signature)).toBe(false);
    const bare = json.url.split('?')[0];
    expect(sent(bare, Buffer.from(json.body), sign(bare, {}))).toBe(false);
  });
});

describe('deliveries', () => {
  const path = { query: '?tenant=cd' };

  test('a text with a picture is one message, and says so the same every time', () => {
    const given = posted(sms.params, { ...path, signature: sms.signature });
    const once = received(given).inbound;
    expect(once).toEqual([
      {
        remoteId: sms.params.MessageSid,
        conversation: '+8613800000000',
        from: { id: '+8613800000000', phone: '+8613800000000' },
        sentAtMs: given.receivedAtMs,
        text: '井盖丢了 & 很危险 100%',
        media: [{ kind: 'image', type: 'image/jpeg', id: sms.params.MediaUrl0 }],
      },
    ]);
    expect(received(given).inbound).toEqual(once);
  });

  test('with a signature one bit wrong are refused, at every character', () => {
    for (const wrong of oneBitOff(sms.signature))
      expect(twilio.verify!(posted(sms.params, { ...path, signature: wrong }), account)).toBe(false);
    expect(twilio.verify!(delivery({ url: '/x?tenant=cd', body: encoded(sms.params) }), account)).toBe(false);
  });

  test('are verified by the address that Twilio was told, never by what the request claims', () => {
    const forged = sign('https://evil.example/hooks/twilio/sms', sms.params);
    const given = posted(sms.params, { signature: forged });
    const claiming = {
      ...given,
      headers: { ...given.headers, host: 'evil.example', 'x-forwarded-host': 'evil.example' },
    };
    expect(twilio.verify!(claiming, account)).toBe(false);
    expect(twilio.verify!(posted(sms.params), { ...account, url: `${SMS_URL}#rc=3&rp=all` })).toBe(true);
  });

  test('of another account are refused', () => {
    const foreign = { ...sms.params, AccountSid: `AC${'f'.repeat(32)}` };
    expect(() => twilio.receive!(posted(foreign), account)).toThrow(expect.objectContaining({ kind: 'refuse' }));
  });

  test('a file that lies anywhere but at Twilio, under this account, is none', () => {
    const wrong = [
      'http://169.254.169.254/latest/meta-data',
      'https://api.twilio.com.evil.example/2010-04-01/x',
      `https://api.twilio.com@127.0.0.1/2010-04-01/Accounts/${SID}/x`,
      'https://api.twilio.com/2010-04-01/Accounts/ACother/x',
    ];
    for (const MediaUrl0 of wrong)
      expect(received(posted({ ...sms.params, MediaUrl0 })).inbound).toMatchObject([{ media: [] }]);
    const many = Object.fromEntries(
      Array.from({ length: 99 }, (_, index) => [`MediaUrl${index}`, sms.params.MediaUrl0]),
    );
    const [message] = received(posted({ ...sms.params, ...many, NumMedia: '99' })).inbound as readonly InboundMessage[];
    expect(message!.media).toHaveLength(10);
  });

  const status = (MessageStatus: string, more = {}) =>
    received(posted({ AccountSid: SID, MessageSid: 'SM9', MessageStatus, From: '+1', To: '+2', ...more })).inbound;

  test('a status is a receipt of ours, if the citizen notices anything of it', () => {
    for (const silent of ['accepted', 'queued', 'sending', 'sent', 'constructor']) expect(status(silent)).toEqual([]);
    expect(status('delivered')).toEqual([{ kind: 'receipt', of: 'SM9', status: 'delivered', atMs: 1_767_225_600_000 }]);
    expect(status('read')).toMatchObject([{ status: 'read' }]);
    expect(status('undelivered', { ErrorCode: '30005' })).toMatchObject([{ status: 'failed', reason: 'Twilio 30005' }]);
    expect(status('failed')).toMatchObject([{ status: 'failed' }]);
  });

  test('STOP and START are no contacts', () => {
    expect(received(posted({ ...sms.params, OptOutType: 'STOP' })).inbound).toMatchObject([
      { kind: 'event', event: 'unsubscribed' },
    ]);
    expect(received(posted({ ...sms.params, OptOutType: 'START' })).inbound).toMatchObject([
      { kind: 'event', event: 'subscribed' },
    ]);
    expect(received(posted({ ...sms.params, OptOutType: 'HELP' })).inbound).toMatchObject([{ text: sms.params.Body }]);
  });

  test('nor are they where Twilio names no opt-out: after the word alone nothing of ours gets through', () => {
    const said = (Body: string) => received(posted({ ...sms.params, Body })).inbound;
    // twilio.com/docs/messaging/tutorials/advanced-opt-out
    const words = 'STOP UNSUBSCRIBE END QUIT STOPALL REVOKE OPTOUT CANCEL'.split(' ');
    for (const word of [...words, 'stop ', 'Unsubscribe'])
      expect(said(word)).toMatchObject([{ kind: 'event', event: 'unsubscribed' }]);
    for (const word of ['Start', 'UNSTOP']) expect(said(word)).toMatchObject([{ kind: 'event', event: 'subscribed' }]);
    for (const text of ['stop the noise', 'non-stop', 'YES']) expect(said(text)).toMatchObject([{ text }]);
  });

  test('signed JSON is an event stream, of which nothing is wanted', () => {
    const url = json.url.slice(json.url.indexOf('?'));
    const given = delivery({
      url: `/x${url}`,
      headers: { 'x-twilio-signature': json.signature },
      body: Buffer.from(json.body),
    });
    const told = { ...account, url: json.url.split('?')[0] };
    expect(twilio.verify!(given, told)).toBe(true);
    expect(twilio.receive!(given, told)).toEqual([]);
  });
});

describe('a voice call', () => {
  const xml = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    parseAttributeValue: false,
  });
  const call = {
    AccountSid: SID,
    CallSid: 'CA1',
    From: '+12025550100',
    To: '+12025550123',
    CallStatus: 'ringing',
    Direction: 'inbound',
  };
  /** What it is told, and what Twilio is answered. */
  const heard = (params: Params, settings: Settings = account) => {
    const all = twilio.receive!(posted(params), settings) as {
      inbound: unknown[];
      answer: { type: string; body: string };
    };
    expect(all.answer.type).toBe('text/xml; charset=utf-8');
    return { inbound: all.inbound, response: xml.parse(all.answer.body).Response };
  };
  const answered = (params: Params, settings: Settings = account) => {
    const { inbound, response } = heard(params, settings);
    expect(inbound).toEqual([]);
    return response;
  };
  const withheld = { ...call, From: '+266696687' };

  test('is dialled into this hotline, and Twilio comes back to the same address', () => {
    expect(answered(call)).toEqual({
      Dial: { answerOnBridge: 'true', timeout: '60', action: SMS_URL, Sip: 'sip:12345@hotline.example.gov.cn' },
    });
    const wanted = {
      ...account,
      sipTarget: 'sip:12345@h;transport=tcp?x-a=1&x-b=2',
      sipUser: 'a"b',
      sipPassword: '<&>',
    };
    const { body } = (twilio.receive!(posted(call), wanted) as { answer: { body: string } }).answer;
    expect(body).toContain(
      '<Sip username="a&#34;b" password="&#60;&#38;&#62;">sip:12345@h;transport=tcp?x-a=1&#38;x-b=2</Sip>',
    );
  });

  test('has the caller’s own number; who withholds it has none, not the one that Twilio tells for all of them', () => {
    expect(answered(call).Dial).not.toHaveProperty('callerId');
    for (const From of ['+266696687', '+7378742833', '+2562533', '+8656696', '+86282452253', 'anonymous', ''])
      expect(answered({ ...call, From }).Dial.callerId).toBe('anonymous');
  });

  test('that was not put through is told so, and waits to be called back, once; one that was put through ends', () => {
    for (const DialCallStatus of ['busy', 'no-answer', 'failed', 'canceled']) {
      const ended = { ...call, CallStatus: 'in-progress', DialCallStatus, DialSipResponseCode: '503' };
      const { inbound, response } = heard(ended);
      expect(response).toMatchObject({ Say: { language: 'zh-CN' }, Hangup: '' });
      expect(inbound).toEqual([
        {
          remoteId: 'CA1:unreached',
          conversation: '+12025550100',
          sentAtMs: expect.any(Number),
          from: { id: '+12025550100', phone: '+12025550100' },
          text: expect.stringContaining('请回拨'),
          fields: { 拨打: '+12025550123', 结果: DialCallStatus, SIP: '503' },
          automatic: true,
        },
      ]);
      expect(answered({ ...ended, From: withheld.From })).toMatchObject({ Say: { language: 'zh-CN' }, Hangup: '' });
    }
    expect(answered({ ...call, CallStatus: 'in-progress', DialCallStatus: 'completed' })).toEqual({ Hangup: '' });
  });

  test('is refused where no hotline is set, and its progress only taken note of, each change once', () => {
    const { sipTarget: _none, ...unset } = account;
    expect(answered(call, unset)).toEqual({ Reject: '' });
    const note = (more: Params) => {
      const { inbound, response } = heard({ ...call, ...more });
      expect(response).toBe('');
      const [{ kind, event, remoteId }] = inbound as [InboundEvent];
      expect(inbound).toHaveLength(1);
      return [kind, event, remoteId];
    };
    expect(note({ CallStatus: 'completed' })).toEqual(['event', 'call:completed', 'CA1:completed']);
    const progress = { CallbackSource: 'call-progress-events', SequenceNumber: '0' };
    expect(note(progress)).toEqual(['event', 'call:ringing', 'CA1:0']);
    expect(note({ ...progress, From: withheld.From })).toEqual(['event', 'call:ringing', 'CA1:0']);
  });
});

describe('the way out', () => {
  let platform: Awaited<ReturnType<typeof startPlatform>>;
  let script: (asked: Asked) => Reply;
  beforeEach(async () => {
    script = () => ({ status: 201, body: '{"sid":"SM77","status":"queued","error_code":null}' });
    platform = await startPlatform((asked) => script(asked));
  });
  afterEach(() => platform.stop());

  const text: Outbound = { id: 'm-1', conversation: '+8613800000000', to: '+8613800000000', text: '您好 & 100%' };
  const own = () => ({ ...account, api: platform.url });
  const outcome = (promise: Promise<unknown>) =>
    promise.then(
      () => 'went',
      (error: ChannelError) => `${error.kind}: ${error.message} ${error.retryAfterMs ?? ''}`.trim(),
    );

  test('a text goes with the address for its receipts', async () => {
    expect(await twilio.send!(text, lent(own()).context)).toEqual({ remoteId: 'SM77' });
    const [asked] = platform.asked;
    expect(asked).toMatchObject({ method: 'POST', url: `/2010-04-01/Accounts/${SID}/Messages.json` });
    expect(asked!.headers.authorization).toBe(`Basic ${Buffer.from(`${SID}:${vectors.authToken}`).toString('base64')}`);
    expect(Object.fromEntries(new URLSearchParams(asked!.body))).toEqual({
      To: '+8613800000000',
      From: '+12025550123',
      Body: '您好 & 100%',
      StatusCallback: SMS_URL,
    });
    await twilio.send!(text, lent({ ...own(), from: `MG${'0'.repeat(32)}` }).context);
    expect(new URLSearchParams(platform.asked[1]!.body).get('MessagingServiceSid')).toBe(`MG${'0'.repeat(32)}`);
  });

  test('is retried, refused or the end of it all by what Twilio says', async () => {
    const meant = (reply: Reply) => {
      script = () => reply;
      return outcome(twilio.send!(text, lent(own()).context));
    };
    const code = (status: number, number: number) =>
      meant({ status, body: JSON.stringify({ code: number, message: 'secret' }) });
    expect(await code(401, 20003)).toBe('broken: Twilio refuses the message (20003)');
    expect(await code(400, 21610)).toBe('refuse: Twilio refuses the message (21610)');
    expect(await code(400, 21606)).toMatch(/^broken/);
    expect(await code(400, 21611)).toMatch(/^retry/);
    expect(await code(400, 99999)).toBe('refuse: Twilio answered 400');
    expect(await meant({ status: 429, headers: { 'retry-after': '3' } })).toBe('retry: Twilio answered 429 3000');
    expect(await meant({ status: 503, body: '<html>' })).toBe('retry: Twilio answered 503');
    expect(await meant({ status: 201, body: '{"si' })).toBe('retry: Twilio answered half a message');
    script = () => ({ silent: true });
    await expect(twilio.send!(text, lent(own(), { timeoutMs: 200 }).context)).rejects.toThrow(/timeout/);
  });

  test('a file is fetched with the password from Twilio, and without it from where Twilio sends us', async () => {
    const file = `/2010-04-01/Accounts/${SID}/Messages/SM1/Media/ME1`;
    script = ({ url }) =>
      url === file
        ? { status: 307, headers: { location: '/cdn/1' } }
        : { headers: { 'content-type': 'image/jpeg' }, body: 'JPEG' };
    const response = await twilio.fetchMedia!({ kind: 'image', id: platform.url + file }, lent(own()).context);
    expect([await response.text(), response.headers.get('content-type')]).toEqual(['JPEG', 'image/jpeg']);
    expect(platform.asked.map(({ url, headers }) => [url, headers.authorization !== undefined])).toEqual([
      [file, true],
      ['/cdn/1', false],
    ]);
  });

  test('a file that Twilio has from a stranger, or from nowhere, is not fetched', async () => {
    const id = () => ({ kind: 'image', id: `${platform.url}/x` }) as const;
    for (const location of [
      'http://169.254.169.254/',
      'https://evil.example/',
      'https://media.twiliocdn.com.evil.example/',
    ]) {
      script = () => ({ status: 307, headers: { location } });
      expect(await outcome(twilio.fetchMedia!(id(), lent(own()).context))).toBe(
        'refuse: Twilio sends us to a stranger',
      );
    }
    script = () => ({ status: 302, headers: { location: '/x' } });
    expect(await outcome(twilio.fetchMedia!(id(), lent(own()).context))).toBe(
      'refuse: Twilio sends us round in circles',
    );
    expect(platform.asked).toHaveLength(3 + 3);
    script = () => ({ status: 404 });
    expect(await outcome(twilio.fetchMedia!(id(), lent(own()).context))).toBe('refuse: Twilio answered 404');
    expect(await outcome(twilio.fetchMedia!({ kind: 'image', id: 'http://127.0.0.1/x' }, lent(own()).context))).toBe(
      'refuse: not a file of Twilio',
    );
  });
});
