import { createCipheriv, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readForm, textOf } from '../../channels/alipay/form.ts';
import { privateKeyOf, publicKeyOf } from '../../channels/alipay/keys.ts';
import { decrypt } from '../../channels/alipay/push.ts';
import { rehearsal } from '../../channels/alipay/rehearsal.ts';
import type { AlipaySettings } from '../../channels/alipay/settings.ts';
import { isSigned, isSignedBy } from '../../channels/alipay/signature.ts';
import alipay from '../../channels/alipay.ts';
import type { ChannelError, Inbound, Outbound } from '../../src/channel/channel.ts';
import { hear } from '../../src/channel/hear.ts';
import { accountOf } from './house.ts';
import { type Asked, delivery, lent, oneBitOff, type Reply, startPlatform } from './platform.ts';

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/alipay.json'), 'utf8'));
const { params, withType, withoutType, requests } = vectors;
const PUSHED_ATMS = 1_767_225_600_000;
const vectorAccount = {
  ...(rehearsal.settings as Record<keyof AlipaySettings, string>),
  appId: params.app_id,
  alipayPublicKey: vectors.publicKeyPem,
};
/** An account whose platform we play: its key is at hand. */
const own = rehearsal.settings as Record<keyof AlipaySettings, string>;
const ownKey = createPrivateKey(own.privateKey);

type Params = Readonly<Record<string, string>>;
/** As a form, the bytes of `charset`: Node writes only UTF-8, and GBK is looked up from what it can read. */
const encoded = (form: Params, bytesOf: (text: string) => Buffer = Buffer.from) =>
  Buffer.from(
    Object.entries(form)
      .map(
        ([name, value]) =>
          `${name}=${[...bytesOf(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`,
      )
      .join('&'),
  );
const contentOf = (form: Params) =>
  Object.keys(form)
    .sort()
    .map((name) => `${name}=${form[name]}`)
    .join('&');
const signed = (
  form: Params,
  key: KeyObject = ownKey,
  algorithm = 'RSA-SHA256',
  bytesOf: (text: string) => Buffer = Buffer.from,
): Params => ({
  ...form,
  sign: sign(algorithm, bytesOf(contentOf(form)), key).toString('base64'),
});
const posted = (form: Params, bytesOf?: (text: string) => Buffer) =>
  delivery({ url: '/x', body: encoded(form, bytesOf) });
const push = (more: Params = {}): Params => ({ ...params, ...more });

function gbk(text: string): Buffer {
  const decoder = new TextDecoder('gbk');
  const bytes = new Map<string, number[]>();
  for (let lead = 0xb0; lead <= 0xf7; lead += 1)
    for (let trail = 0xa1; trail <= 0xfe; trail += 1)
      bytes.set(decoder.decode(Uint8Array.of(lead, trail)), [lead, trail]);
  return Buffer.from([...text].flatMap((letter) => bytes.get(letter) ?? letter.charCodeAt(0)));
}

function received(given: ReturnType<typeof delivery>, account = own): readonly Inbound[] {
  expect(alipay.verify!(given, account)).toBe(true);
  return (alipay.receive!(given, account) as { inbound: readonly Inbound[] }).inbound;
}

describe('signatures', () => {
  const key = publicKeyOf(vectors.publicKeyPem);

  test('of the vectors hold, with and without sign_type, and for every request and answer', () => {
    for (const { signString, sign: signature } of [withType, withoutType, requests.templatemessage, requests.oauth])
      expect(isSignedBy(key, Buffer.from(signString), signature)).toBe(true);
    expect(isSignedBy(key, Buffer.from(requests.oauthResponse.signedContent), requests.oauthResponse.sign)).toBe(true);
    expect(isSignedBy(key, Buffer.from(vectors.spi.response), vectors.spi.sign)).toBe(true);
    expect(isSignedBy(key, Buffer.from(`${withType.signString}x`), withType.sign)).toBe(false);
    expect(contentOf(params)).toBe(withType.signString);
  });

  test('fit the form as posted, whichever way the gateway counts its empty values', () => {
    for (const { sign: signature } of [withType, withoutType]) {
      expect(isSigned(readForm(encoded({ ...params, sign: signature })), key)).toBe(true);
      expect(isSigned(readForm(encoded({ ...params, empty: '', sign: signature })), key)).toBe(true);
    }
    const kept = signed(push({ empty: '' }));
    expect(isSigned(readForm(encoded(kept)), publicKeyOf(own.alipayPublicKey))).toBe(true);
  });

  test('are of RSA2, whatever the message says of itself', () => {
    for (const type of ['RSA', 'NONE', 'constructor', '', 'rsa2']) {
      const form = push({ sign_type: type });
      for (const algorithm of ['RSA-SHA1', 'RSA-SHA256'])
        expect(alipay.verify!(posted(signed(form, ownKey, algorithm)), own), `${type} ${algorithm}`).toBe(false);
    }
    expect(alipay.verify!(posted(signed(push(), ownKey, 'RSA-SHA1')), own)).toBe(false);
    const { sign_type: _none, ...untyped } = push();
    expect(alipay.verify!(posted(signed(untyped)), own)).toBe(false);
  });

  test('with one bit wrong, none at all, or for other content are refused', () => {
    const refused = (form: Params) => alipay.verify!(posted(form), vectorAccount) === false;
    expect(refused({ ...params, sign: withType.sign })).toBe(false);
    for (const wrong of oneBitOff(withType.sign.replace(/=+$/, '')))
      expect(refused({ ...params, sign: `${wrong}==` }), wrong).toBe(true);
    for (const absent of [{}, { sign: '' }]) expect(refused({ ...params, ...absent })).toBe(true);
    for (const name of Object.keys(params))
      expect(refused({ ...params, sign: withType.sign, [name]: `${params[name]}1` }), name).toBe(true);
    expect(refused({ ...params, sign: withType.sign, more: '1' })).toBe(true);
  });

  test('of another app, or of a push older than its last repetition, are refused', () => {
    expect(alipay.verify!(posted(signed(push({ app_id: '2021000000099999' }))), own)).toBe(false);
    const given = posted(signed(push()));
    const at = (offsetMs: number) => alipay.verify!({ ...given, receivedAtMs: PUSHED_ATMS + offsetMs }, own);
    expect([at(25 * 3_600_000), at(26 * 3_600_000), at(26 * 3_600_000 + 1), at(-26 * 3_600_000 - 1)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    for (const utc_timestamp of ['', 'soon', '1767225600', '1e12'])
      expect(alipay.verify!(posted(signed(push({ utc_timestamp }))), own), utc_timestamp).toBe(false);
  });
});

describe('keys', () => {
  test('are read with and without their frames, in both forms', () => {
    const bare = vectors.publicKeyPem.replace(/-----[^-]+-----|\n/g, '');
    expect(publicKeyOf(bare).equals(publicKeyOf(vectors.publicKeyPem))).toBe(true);
    const pkcs1 = ownKey.export({ format: 'pem', type: 'pkcs1' }).toString();
    expect(privateKeyOf(pkcs1).equals(privateKeyOf(own.privateKey))).toBe(true);
  });

  test('that are mistyped, too short, or of another kind break the account', () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({
      format: 'pem',
      type: 'spki',
    });
    const curve = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' });
    for (const text of ['', 'x', `${vectors.publicKeyPem}x`, short.toString(), curve.toString()])
      expect(() => publicKeyOf(text)).toThrow(expect.objectContaining({ kind: 'broken' }));
    expect(() => privateKeyOf(vectors.publicKeyPem)).toThrow(expect.objectContaining({ kind: 'broken' }));
  });
});

describe('pushes', () => {
  const message = {
    remoteId: params.notify_id,
    conversation: '0123abc',
    from: { id: '0123abc' },
    sentAtMs: PUSHED_ATMS,
    text: '小区停水了+50%',
  };

  test('of a text are a message, the same at each of the eight deliveries', () => {
    const given = posted({ ...params, sign: withType.sign });
    for (const hours of [0, 4, 10, 25])
      expect(received({ ...given, receivedAtMs: PUSHED_ATMS + hours * 3_600_000 }, vectorAccount)).toEqual([message]);
  });

  test('in GBK are read in GBK, and signed over its bytes', () => {
    const form = push({ charset: 'GBK' });
    const given = posted(signed(form, ownKey, 'RSA-SHA256', gbk), gbk);
    expect(received(given)).toEqual([message]);
    const mixed = posted(signed(form), undefined);
    expect(alipay.verify!(mixed, own)).toBe(true);
    expect(() => alipay.receive!(mixed, own)).toThrow();
  });

  test('in a charset that is none, or with bytes that are none in theirs, are set aside', () => {
    for (const charset of ['utf-7', 'constructor']) {
      const given = posted(signed(push({ charset })));
      expect(() => alipay.receive!(given, own), charset).toThrow();
    }
    const torn = readForm(Buffer.from('charset=UTF-8&a=%e5%b0'));
    expect(() => textOf(torn, 'a')).toThrow();
  });

  test('of anything else about somebody are events by their name, and of nobody nothing', () => {
    const about = (content: object, more: Params = {}) =>
      received(posted(signed(push({ biz_content: JSON.stringify(content), ...more }))));
    expect(about({ user_id: '2088000000000001', status: 'agreed' })).toEqual([
      {
        kind: 'event',
        event: 'alipay.open.mini.message.demo',
        remoteId: params.notify_id,
        conversation: '2088000000000001',
        from: { id: '2088000000000001' },
        sentAtMs: PUSHED_ATMS,
      },
    ]);
    for (const content of [{}, [], { open_id: 7 }, { open_id: '' }]) expect(about(content)).toEqual([]);
    expect(received(posted(signed(push({ biz_content: '' }))))).toEqual([]);
  });

  test('of older interfaces tell the time by the clock of Beijing', () => {
    const { utc_timestamp: _utc, msg_method: _method, ...older } = push();
    const form = { ...older, notify_type: 'open_app_auth_notify', notify_time: '2026-01-01 08:00:00' };
    const content = JSON.stringify({ open_id: 'o1' });
    expect(received(posted(signed({ ...form, biz_content: content })))).toMatchObject([
      { event: 'open_app_auth_notify', sentAtMs: PUSHED_ATMS },
    ]);
  });

  test("with encrypted content are opened by the account's key", () => {
    const { key_b64, cipher_b64, plain } = vectors.aes;
    expect(decrypt(cipher_b64, key_b64)).toBe(plain);
    const cipher = createCipheriv('aes-128-cbc', Buffer.from(key_b64, 'base64'), Buffer.alloc(16));
    const sealed = cipher.update(params.biz_content, 'utf8', 'base64') + cipher.final('base64');
    const given = posted(signed(push({ biz_content: sealed, encrypt_type: 'AES' })));
    expect(received(given, { ...own, contentKey: key_b64 })).toEqual([message]);
    expect(() => alipay.receive!(given, own)).toThrow('no key');
  });

  test('that repeat a name, break an escape, or bring a hundred names are no form', () => {
    const many = Array.from({ length: 101 }, (_, index) => `a${index}=1`).join('&');
    for (const body of ['a=1&a=2', 'a=%', 'a=%4', 'a=%zz', many])
      expect(() => readForm(Buffer.from(body)), body).toThrow(SyntaxError);
    expect([...readForm(Buffer.from('a+b=c%2Bd+e&f&=g'))]).toEqual([
      ['a b', 'c+d e'],
      ['f', ''],
      ['', 'g'],
    ]);
  });

  test('that play tricks in their content are set aside', () => {
    for (const biz_content of ['{"__proto__":{"open_id":"x"}}', '{', `${'['.repeat(40)}${']'.repeat(40)}`])
      expect(() => alipay.receive!(posted(signed(push({ biz_content }))), own), biz_content).toThrow();
  });

  test('are acknowledged as the account says, those that cannot be read, too: Alipay would bring them again for a day', () => {
    for (const answer of ['success', 'SUCCESS'])
      for (const [is, content] of [
        ['heard', params.biz_content],
        ['unreadable', '{'],
      ] as const) {
        const given = posted(signed(push({ biz_content: content })));
        const heard = hear(accountOf(alipay, 'own', { settings: { ...own, answer } }), given);
        expect(heard, content).toMatchObject({ is, answer: { body: answer } });
      }
  });
});

describe('a template message', () => {
  const NAME = 'alipay_open_app_mini_templatemessage_send_response';
  let platform: Awaited<ReturnType<typeof startPlatform>>;
  let script: (asked: Asked) => Reply;
  const answer = (result: string, key = ownKey, name = NAME) => ({
    body: `{"${name}":${result},"sign":"${sign('RSA-SHA256', Buffer.from(result), key).toString('base64')}"}`,
  });
  beforeEach(async () => {
    script = () => answer('{"code":"10000","msg":"Success"}');
    platform = await startPlatform((asked) => script(asked));
  });
  afterEach(() => platform.stop());

  const account = () => ({ ...own, gateway: `${platform.url}/gateway.do` });
  const feedback: Outbound = {
    id: 'm-1',
    conversation: '0123abcOPENID',
    to: '0123abcOPENID',
    text: '',
    template: { name: 'feedback', values: { number: '20260101-0001', status: '已办结' } },
  };
  const at = (context: ReturnType<typeof lent>['context']) => ({ ...context, now: () => PUSHED_ATMS });
  const outcome = (message: Outbound, settings = account()) =>
    alipay.send!(message, at(lent(settings).context)).then(
      () => 'went',
      (error: ChannelError) => `${error.kind}: ${error.message}`,
    );

  test("is signed as the vector is, by the clock of Beijing, whatever this machine's", async () => {
    const settings = {
      ...account(),
      feedbackTemplate: 'OTBkYzE1ZTk5 number=keyword1 status=keyword2',
      page: 'pages/case/detail?id=20260101-0001',
    };
    expect(await outcome(feedback, settings)).toBe('went');
    const [asked] = platform.asked;
    const form = Object.fromEntries([
      ...new URL(asked!.url, platform.url).searchParams,
      ...new URLSearchParams(asked!.body),
    ]) as Params;
    const { sign: signature = '', ...rest } = form;
    expect(contentOf(rest)).toBe(requests.templatemessage.signString);
    expect(
      isSignedBy(publicKeyOf(own.alipayPublicKey), Buffer.from(requests.templatemessage.signString), signature),
    ).toBe(true);
    expect(asked!.headers['content-type']).toBe('application/x-www-form-urlencoded;charset=utf-8');
  });

  const sent = () => JSON.parse(new URLSearchParams(platform.asked.at(-1)!.body).get('biz_content')!);

  test("carries an agent's answer, cut to what fits, to either kind of id", async () => {
    const reply: Outbound = { ...feedback, template: undefined as never, text: `${'好'.repeat(300)}` };
    const { template: _none, ...bare } = reply;
    await outcome(bare);
    expect(sent()).toMatchObject({ to_open_id: '0123abcOPENID', user_template_id: 'rehearsed-reply' });
    expect(JSON.parse(sent().data)).toEqual({ keyword1: { value: `${'好'.repeat(255)}…` } });
    await outcome({ ...bare, to: '2088000000000001', text: '' });
    expect(sent()).toMatchObject({ to_user_id: '2088000000000001', data: '{"keyword1":{"value":"-"}}' });
  });

  test('that is not set is refused before anything is asked', async () => {
    const { replyTemplate: _none, ...unset } = account();
    const { template: _feedback, ...reply } = feedback;
    expect(await outcome({ ...reply, text: '您好' }, unset as never)).toMatch(/^refuse/);
    expect(await outcome({ ...feedback, template: { name: 'other', values: {} } })).toMatch(/^refuse/);
    expect(platform.asked).toEqual([]);
  });

  test('is retried, refused or the end of it all by what Alipay says', async () => {
    const meant = (reply: Reply) => {
      script = () => reply;
      return outcome(feedback);
    };
    const says = (code: string, subCode: string) =>
      meant(answer(JSON.stringify({ code, msg: 'x', sub_code: subCode, sub_msg: 'secret' })));
    expect(await says('20000', 'isp.unknow-error')).toBe('retry: Alipay: 20000 isp.unknow-error');
    expect(await says('20000', 'aop.unknow-error')).toMatch(/^retry/);
    expect(await says('40002', 'isv.invalid-signature')).toMatch(/^broken/);
    expect(await says('40002', 'isv.invalid-app-id')).toMatch(/^broken/);
    expect(await says('40004', 'USER_TEMPLATE_ILLEGAL')).toBe('refuse: Alipay: 40004 USER_TEMPLATE_ILLEGAL');
    expect(await says('40006', 'isv.insufficient-isv-permissions')).toMatch(/^broken/);
    expect(await meant({ body: '{"error_response":{"code":"40002","sub_code":"isv.invalid-app-id"}}' })).toMatch(
      /^broken/,
    );
    expect(await meant({ status: 429, headers: { 'retry-after': '2' } })).toBe('retry: Alipay answered 429');
    expect(await meant({ status: 503 })).toBe('retry: Alipay answered 503');
    for (const body of ['', '{"a', '[]', 'null', '{}'])
      expect(await meant({ body }), body).toBe('retry: Alipay: no code');
    script = () => ({ silent: true });
    await expect(alipay.send!(feedback, lent(account(), { timeoutMs: 300 }).context)).rejects.toThrow(/timeout/);
  });

  test('is not believed to have gone by an answer that Alipay did not sign', async () => {
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
    const ok = '{"code":"10000","msg":"Success"}';
    for (const forged of [
      answer(ok, stranger),
      { body: `{"${NAME}":${ok}}` },
      { body: `{"${NAME}":${ok},"sign":""}` },
    ]) {
      script = () => forged;
      expect(await outcome(feedback)).toBe('retry: an answer in the name of Alipay, which did not sign it');
    }
  });
});
