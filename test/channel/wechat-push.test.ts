import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readBody, textOf } from '../../channels/wechat/body.ts';
import { decrypt, encrypt } from '../../channels/wechat/envelope.ts';
import { isSigned, signatureOf } from '../../channels/wechat/signature.ts';
import wechat from '../../channels/wechat.ts';
import { ChannelError, type Inbound, type Settings } from '../../src/channel/channel.ts';
import { delivery, oneBitOff } from './platform.ts';

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/wechat.json'), 'utf8'));
const { token, aesKey, appid, timestamp, nonce, cases, official } = vectors;
const ATMS = 1_767_225_600_000;
const OPENID = 'oTEST_openid_0001';

const safe: Settings = { ...wechat.rehearsal!.settings, token, encodingAesKey: aesKey, appId: appid };
const { encodingAesKey: _none, ...open } = safe;
const plain: Settings = open;

const path = '/api/v1/intake/wechat/main';
const safeUrl = (signature: string) =>
  `${path}?signature=${'0'.repeat(40)}&timestamp=${timestamp}&nonce=${nonce}&openid=${OPENID}&encrypt_type=aes&msg_signature=${signature}`;
const plainUrl = `${path}?signature=${vectors.url_signature}&timestamp=${timestamp}&nonce=${nonce}&openid=${OPENID}`;
const json = (ciphertext: string) =>
  Buffer.from(JSON.stringify({ ToUserName: 'gh_12345hotline', Encrypt: ciphertext }));
const xml = (ciphertext: string) =>
  Buffer.from(
    `<xml><ToUserName><![CDATA[gh_12345hotline]]></ToUserName><Encrypt><![CDATA[${ciphertext}]]></Encrypt></xml>`,
  );
const push = (fields: object) => delivery({ url: plainUrl, body: Buffer.from(JSON.stringify(fields)) });

function said(given: ReturnType<typeof delivery>, settings = plain): readonly Inbound[] {
  expect(wechat.verify!(given, settings)).toBe(true);
  const received = wechat.receive!(given, settings);
  return 'inbound' in received ? received.inbound : received;
}

describe('signatures', () => {
  test('are those of the documentation and of the vectors', () => {
    expect(signatureOf('AAAAA', '1714036504', '1514711492')).toBe(official.get_sig);
    expect(signatureOf('AAAAA', '1714037059', '486452656')).toBe(official.plain_sig);
    expect(signatureOf(token, timestamp, nonce)).toBe(vectors.url_signature);
    for (const one of Object.values<{ Encrypt: string; msg_signature: string }>(cases))
      expect(signatureOf(token, timestamp, nonce, one.Encrypt)).toBe(one.msg_signature);
  });

  test('sort the parts as texts, not as numbers', () => {
    const trap = vectors.sort_trap;
    expect([trap.token, trap.timestamp, trap.nonce].sort()).toEqual(trap.sorted);
    expect(signatureOf(trap.token, trap.timestamp, trap.nonce)).toBe(trap.sig);
  });

  test('hold for a day, and for no parameter that stands there twice', () => {
    const query = (text: string) => new URLSearchParams(text);
    const good = `signature=${vectors.url_signature}&timestamp=${timestamp}&nonce=${nonce}`;
    expect(isSigned(query(good), token, ATMS)).toBe(true);
    expect(isSigned(query(good), token, ATMS + 86_400_000)).toBe(true);
    expect(isSigned(query(good), token, ATMS + 86_400_001)).toBe(false);
    expect(isSigned(query(good), token, ATMS - 86_400_001)).toBe(false);
    expect(isSigned(query(`${good}&nonce=1`), token, ATMS)).toBe(false);
    expect(isSigned(query(`${good}&signature=${vectors.url_signature}`), token, ATMS)).toBe(false);
  });
});

describe('envelopes', () => {
  test.each(['json_text', 'xml_text', 'pad32'])('%s opens, whatever its padding', (name) => {
    const { Encrypt, plain: text, paddedLen } = cases[name];
    expect(Buffer.from(Encrypt, 'base64')).toHaveLength(paddedLen);
    expect(decrypt(Encrypt, aesKey, appid).toString()).toBe(text);
  });

  test.each(['json_text', 'xml_text', 'pad32'])('%s is sealed to the same bytes', (name) => {
    const seal = { token, encodingAesKey: aesKey, appId: appid, timestamp, nonce, random: vectors.random16 };
    const { Encrypt, MsgSignature } = encrypt(cases[name].plain, seal);
    expect([Encrypt, MsgSignature]).toEqual([cases[name].Encrypt, cases[name].msg_signature]);
  });

  test('the reply of the documentation is sealed to its bytes, and its message opens', () => {
    const account = { token: 'AAAAA', encodingAesKey: 'A'.repeat(43), appId: official.appid };
    const reply = encrypt('{"demo_resp":"good luck"}', {
      ...account,
      timestamp: '1713424427',
      nonce: '415670741',
      random: '707722b803182950',
    });
    expect(reply).toEqual({
      Encrypt: 'ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==',
      MsgSignature: official.reply_sig,
      TimeStamp: '1713424427',
      Nonce: '415670741',
    });
    const message = encrypt(official.msg, { ...account, timestamp: '1', nonce: '2' });
    expect(Buffer.from(message.Encrypt, 'base64')).toHaveLength(official.total);
    const opened = decrypt(message.Encrypt, account.encodingAesKey, account.appId);
    expect(opened).toHaveLength(official.msgLen);
    expect(textOf(readBody(opened), 'Event')).toBe('debug_demo');
  });

  test('of another app, torn, or padded wrongly are refused by one and the same text', () => {
    const refused = (ciphertext: string) => {
      try {
        return decrypt(ciphertext, aesKey, appid).toString();
      } catch (error) {
        return error instanceof ChannelError ? `${error.kind}: ${error.message}` : error;
      }
    };
    const { Encrypt } = cases.json_text;
    const bytes = Buffer.from(Encrypt, 'base64');
    const broken = (at: number) => {
      const copy = Buffer.from(bytes);
      copy[at]! ^= 1;
      return copy.toString('base64');
    };
    const torn = ['', 'AAAA', bytes.subarray(0, -16).toString('base64'), bytes.subarray(0, -1).toString('base64')];
    for (const ciphertext of [
      cases.wrong_appid.Encrypt,
      ...torn,
      broken(bytes.length - 1),
      broken(bytes.length - 17),
      broken(0),
    ])
      expect(refused(ciphertext)).toBe('refuse: not a ciphertext for this app');
  });

  test("a key that is none is the account's fault", () => {
    expect(() => decrypt(cases.json_text.Encrypt, `${aesKey}x`, appid)).toThrow('EncodingAESKey');
  });
});

describe('deliveries', () => {
  test('the address check is answered with its own text', () => {
    const check = (echostr: string) => delivery({ method: 'GET', url: `${plainUrl}&echostr=${echostr}` });
    for (const settings of [plain, safe]) {
      expect(wechat.verify!(check('4375120948345356249'), settings)).toBe(true);
      expect(wechat.receive!(check('4375120948345356249'), settings)).toEqual({
        inbound: [],
        answer: { body: '4375120948345356249' },
      });
    }
    for (const echostr of ['', '%3Cscript%3E', 'a'.repeat(257)])
      expect(() => wechat.receive!(check(echostr), plain)).toThrow(ChannelError);
  });

  const expected = {
    remoteId: '6051234567890123456',
    conversation: OPENID,
    from: { id: OPENID },
    sentAtMs: ATMS,
    text: '路灯坏了，请派人修',
    fields: {},
  };

  test('say the same plain and in safe mode, in JSON and XML; the 64-bit number keeps every digit', () => {
    const both = { json_text: json, xml_text: xml };
    for (const [name, outer] of Object.entries(both)) {
      const { Encrypt, plain: text, msg_signature } = cases[name];
      expect(said(delivery({ url: plainUrl, body: Buffer.from(text) }))).toEqual([expected]);
      expect(said(delivery({ url: safeUrl(msg_signature), body: outer(Encrypt) }), safe)).toEqual([expected]);
    }
    expect(vectors.msgid_precision.json).toBe(expected.remoteId);
    expect(vectors.msgid_precision.JSON_parse).not.toBe(expected.remoteId);
  });

  test('two messages whose numbers are one double stay two', () => {
    const told = (number: string) =>
      said(
        delivery({ url: plainUrl, body: Buffer.from(cases.json_text.plain.replace('6051234567890123456', number)) }),
      );
    const ids = ['6051234567890123456', '6051234567890123457'].map(
      (number) => (told(number)[0] as { remoteId: string }).remoteId,
    );
    expect(ids).toEqual(['6051234567890123456', '6051234567890123457']);
    expect(Number(ids[0])).toBe(Number(ids[1]));
  });

  test('a signature with one bit wrong is refused, at every character', () => {
    const { Encrypt, msg_signature } = cases.json_text;
    for (const wrong of oneBitOff(msg_signature))
      expect(wechat.verify!(delivery({ url: safeUrl(wrong), body: json(Encrypt) }), safe)).toBe(false);
    for (const wrong of oneBitOff(vectors.url_signature))
      expect(
        wechat.verify!(
          delivery({ url: plainUrl.replace(vectors.url_signature, wrong), body: Buffer.from(cases.json_text.plain) }),
          plain,
        ),
      ).toBe(false);
  });

  test('in safe mode nothing unencrypted is taken, and the signature of the address is worth nothing', () => {
    const { Encrypt, plain: text } = cases.json_text;
    expect(wechat.verify!(delivery({ url: plainUrl, body: Buffer.from(text) }), safe)).toBe(false);
    expect(wechat.verify!(delivery({ url: plainUrl, body: json(Encrypt) }), safe)).toBe(false);
    expect(wechat.verify!(delivery({ url: safeUrl(vectors.url_signature), body: json('') }), safe)).toBe(false);
  });

  test('a ciphertext of another app is well signed and refused', () => {
    const { Encrypt, msg_signature } = cases.wrong_appid;
    const foreign = delivery({ url: safeUrl(msg_signature), body: json(Encrypt) });
    expect(wechat.verify!(foreign, safe)).toBe(true);
    expect(() => wechat.receive!(foreign, safe)).toThrow(expect.objectContaining({ kind: 'refuse' }));
  });

  test('one that comes late is taken, and the agent sees how late', () => {
    const late = {
      ...delivery({ url: plainUrl, body: Buffer.from(cases.json_text.plain) }),
      receivedAtMs: ATMS + 37 * 60_000,
    };
    expect(said(late)[0]).toMatchObject({ remoteId: expected.remoteId, fields: { 推送延迟: '37 分钟' } });
  });

  test('XML that declares anything is not read; what a citizen writes may look like it', () => {
    const entity = '<!DOCTYPE xml [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>';
    const laughs = `<!ENTITY a "${'ha'.repeat(99)}">`;
    const deep = `${'<a>'.repeat(40)}${'</a>'.repeat(40)}`;
    for (const text of [
      entity,
      `<xml>${laughs}</xml>`,
      '<?php x ?><xml/>',
      `<xml>${deep}</xml>`,
      '<xml><a></xml>',
      '<xml/>',
      '<xml><a><![CDATA[x</a></xml>',
      `<xml>${'<a/>'.repeat(600)}</xml>`,
      '<a>1</a>',
    ])
      expect(() => readBody(Buffer.from(text)), text).toThrow();
    const harmless = '<xml><Content><![CDATA[<!DOCTYPE html> & &lt;b&gt; 100%]]></Content><MsgId>0012</MsgId></xml>';
    const fields = readBody(Buffer.from(harmless));
    expect([textOf(fields, 'Content'), textOf(fields, 'MsgId')]).toEqual(['<!DOCTYPE html> & &lt;b&gt; 100%', '0012']);
  });

  test('JSON that plays tricks is not read', () => {
    for (const text of ['{"__proto__":{"MsgType":"text"}}', '[]', '"x"', '1', '', '{"a":'.repeat(40)])
      expect(() => readBody(Buffer.from(text)), text).toThrow();
    expect(() => readBody(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toThrow();
    expect(textOf(readBody(Buffer.from('{}')), 'toString')).toBeUndefined();
  });
});

describe('what citizens do', () => {
  const common = { ToUserName: 'gh_12345hotline', FromUserName: OPENID, CreateTime: 1767225600 };
  const told = { conversation: OPENID, from: { id: OPENID }, sentAtMs: ATMS };

  test('a picture is named by its media id: the address beside it is never asked', () => {
    const image = { ...common, MsgType: 'image', PicUrl: 'http://127.0.0.1/x', MediaId: 'media-1', MsgId: '71' };
    expect(said(push(image))).toEqual([
      { ...told, remoteId: '71', media: [{ kind: 'image', id: 'media-1' }], fields: {} },
    ]);
  });

  test('a card says what it is of', () => {
    const card = {
      ...common,
      MsgType: 'miniprogrampage',
      Title: '我的工单',
      AppId: appid,
      PagePath: 'pages/order?id=7',
      ThumbMediaId: 't',
      MsgId: 72,
    };
    expect(said(push(card))).toMatchObject([
      { remoteId: '72', text: '[小程序卡片] 我的工单', fields: { 页面: 'pages/order?id=7' } },
    ]);
  });

  test('a kind that is not known reaches the agent by its name', () => {
    expect(said(push({ ...common, MsgType: 'constructor', MediaId: 'm', MsgId: 74 }))).toMatchObject([
      { text: '[微信消息：constructor]' },
    ]);
    expect(said(push({ ...common, MsgType: 'hologram', MsgId: 73 }))).toMatchObject([
      { remoteId: '73', text: '[微信消息：hologram]' },
    ]);
  });

  test('entering is an event of its own second and source, and tells the entry', () => {
    const enter = (SessionFrom: string, CreateTime = common.CreateTime) =>
      said(push({ ...common, CreateTime, MsgType: 'event', Event: 'user_enter_tempsession', SessionFrom }))[0];
    expect(enter('enterprise:home')).toEqual({
      ...told,
      kind: 'event',
      event: 'entered',
      entry: 'enterprise',
      remoteId: `${OPENID}:1767225600:user_enter_tempsession:enterprise:home`,
    });
    expect(enter('')).toMatchObject({ entry: 'personal' });
    const ids = [enter('a'), enter('a'), enter('b'), enter('a', 1767225601)].map(
      (event) => (event as { remoteId: string }).remoteId,
    );
    expect(new Set(ids).size).toBe(3);
  });

  test('consents come as a list, as one without its list, and wrapped in XML', () => {
    const popup = (List: unknown) =>
      said(push({ ...common, CreateTime: '1767225600', MsgType: 'event', Event: 'subscribe_msg_popup_event', List }));
    const accepted = { TemplateId: 't1', SubscribeStatusString: 'accept', PopupScene: '0' };
    const rejected = { TemplateId: 't2', SubscribeStatusString: 'reject', PopupScene: '0' };
    expect(popup([accepted, rejected])).toMatchObject([{ event: 'subscribed' }, { event: 'unsubscribed' }]);
    expect(popup(accepted)).toMatchObject([{ event: 'subscribed', sentAtMs: ATMS }]);
    const item = ({ TemplateId, SubscribeStatusString }: typeof accepted) =>
      `<List><TemplateId><![CDATA[${TemplateId}]]></TemplateId><SubscribeStatusString><![CDATA[${SubscribeStatusString}]]></SubscribeStatusString></List>`;
    const body = (items: string) =>
      Buffer.from(
        `<xml><FromUserName><![CDATA[${OPENID}]]></FromUserName><CreateTime>1767225600</CreateTime><MsgType><![CDATA[event]]></MsgType>` +
          `<Event><![CDATA[subscribe_msg_popup_event]]></Event><SubscribeMsgPopupEvent>${items}</SubscribeMsgPopupEvent></xml>`,
      );
    const both = said(delivery({ url: plainUrl, body: body(item(accepted) + item(rejected)) }));
    expect(both).toEqual(popup([accepted, rejected]));
    expect(said(delivery({ url: plainUrl, body: body(item(accepted)) }))).toEqual(popup(accepted));
  });

  test('what became of a subscribe message is a receipt of it', () => {
    const sent = (ErrorCode: string) =>
      said(
        push({
          ...common,
          MsgType: 'event',
          Event: 'subscribe_msg_sent_event',
          List: { TemplateId: 't', MsgID: '1700827132819554304', ErrorCode },
        }),
      );
    expect(sent('0')).toEqual([{ kind: 'receipt', of: '1700827132819554304', status: 'delivered', atMs: ATMS }]);
    expect(sent('1')).toMatchObject([{ status: 'failed', reason: 'WeChat 1' }]);
  });

  test('a push that lacks what is documented is set aside whole, not read by halves', () => {
    const text = { ...common, MsgType: 'text', Content: 'x', MsgId: 1 };
    for (const name of ['FromUserName', 'CreateTime', 'MsgType', 'MsgId'])
      expect(() => wechat.receive!(push({ ...text, [name]: undefined }), plain), name).toThrow(`${name} is missing`);
  });
});

describe("WeChat's own desk", () => {
  const { Encrypt, msg_signature, plain: text } = cases.xml_text;
  const handing = { handOver: 'yes' };

  test('takes over in the format of the delivery', () => {
    const open = { ...plain, ...handing };
    expect(wechat.receive!(delivery({ url: plainUrl, body: Buffer.from(cases.json_text.plain) }), open)).toMatchObject({
      inbound: [{ text: '路灯坏了，请派人修' }],
      answer: {
        type: 'application/json',
        body: `{"ToUserName":"${OPENID}","FromUserName":"gh_12345hotline","CreateTime":1767225600,"MsgType":"transfer_customer_service"}`,
      },
    });
    expect(wechat.receive!(delivery({ url: plainUrl, body: Buffer.from(text) }), open)).toMatchObject({
      answer: {
        type: 'text/xml; charset=utf-8',
        body: expect.stringContaining('<MsgType><![CDATA[transfer_customer_service]]></MsgType>'),
      },
    });
  });

  test('is told under seal in safe mode, the same at every re-delivery', () => {
    const given = delivery({ url: safeUrl(msg_signature), body: xml(Encrypt) });
    const answers = [1, 2].map(() => wechat.receive!(given, { ...safe, ...handing }) as { answer: { body: string } });
    expect(answers[0]).toEqual(answers[1]);
    const sealed = readBody(Buffer.from(answers[0]!.answer.body));
    const inner = readBody(decrypt(textOf(sealed, 'Encrypt')!, aesKey, appid));
    expect(textOf(inner, 'MsgType')).toBe('transfer_customer_service');
    expect(textOf(sealed, 'MsgSignature')).toBe(signatureOf(token, timestamp, nonce, textOf(sealed, 'Encrypt')!));
    expect([textOf(sealed, 'TimeStamp'), textOf(sealed, 'Nonce')]).toEqual([timestamp, nonce]);
  });
});
