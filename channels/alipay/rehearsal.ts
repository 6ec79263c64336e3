import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import type { Rehearsal } from '../../src/channel/channel.ts';
import type { AlipaySettings, settings } from './settings.ts';

let drawn: AlipaySettings | undefined;
let stranger: string | undefined;

/** One key plays both Alipay's and ours. Drawn when a rehearsal first asks: a key in the source would be everybody's. */
function drawnSettings(): AlipaySettings {
  if (drawn !== undefined) return drawn;
  const { privateKey, publicKey } = draw();
  drawn = {
    appId: '2021000000012345',
    alipayPublicKey: publicKey,
    privateKey,
    contentKey: undefined,
    answer: 'success',
    feedbackTemplate: 'rehearsed-feedback number=keyword1 status=keyword2 note=keyword3',
    replyTemplate: 'rehearsed-reply text=keyword1',
    page: 'pages/order/detail',
    gateway: 'https://openapi.alipay.com/gateway.do',
  };
  return drawn;
}

function draw() {
  return generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}

export const rehearsal: Rehearsal<typeof settings> = {
  get settings() {
    return drawnSettings();
  },

  deliver({ number, conversation, text, atMs }, { appId, privateKey }) {
    const form = {
      app_id: appId,
      biz_content: JSON.stringify({ content: text, open_id: `open-${conversation}` }),
      charset: 'UTF-8',
      msg_method: 'alipay.open.mini.message.rehearsed',
      notify_id: String(number),
      sign_type: 'RSA2',
      utc_timestamp: String(atMs),
      version: '1.1',
    };
    const content = Object.entries(form)
      .map((pair) => pair.join('='))
      .join('&');
    return {
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' },
      body: new URLSearchParams({ ...form, sign: signed(content, privateKey) }).toString(),
    };
  },

  answer() {
    const result = '{"code":"10000","msg":"Success"}';
    const name = 'alipay_open_app_mini_templatemessage_send_response';
    return { body: `{"${name}":${result},"sign":"${signed(result, drawnSettings().privateKey)}"}` };
  },
};

/** Under a key that is not the account's, as a stranger would. */
function signed(content: string, privateKey: string): string {
  if (privateKey !== drawn?.privateKey) stranger ??= draw().privateKey;
  const key = privateKey === drawn?.privateKey ? privateKey : stranger;
  return sign('RSA-SHA256', Buffer.from(content), createPrivateKey(key ?? privateKey)).toString('base64');
}
