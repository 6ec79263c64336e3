import type { Rehearsal } from '../../src/channel/channel.ts';
import { encrypt } from './envelope.ts';
import type { settings } from './settings.ts';

/** Safe mode in JSON, the way most accounts are set. */
export const rehearsal: Rehearsal<typeof settings> = {
  settings: {
    appId: 'wx0123456789abcdef',
    appSecret: 'rehearsed-secret',
    token: 'rehearsed',
    encodingAesKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
    enterpriseEntry: 'enterprise',
    handOver: 'no',
    feedbackTemplate: 'rehearsed-template number=character_string1 status=phrase2 note=thing3',
    feedbackPage: 'pages/order/detail',
    api: 'https://api.weixin.qq.com',
  },

  deliver({ number, conversation, text, atMs }, { token, encodingAesKey = '', appId }) {
    const seconds = String(Math.trunc(atMs / 1_000));
    const message = `{"ToUserName":"gh_12345","FromUserName":"openid-${conversation}","CreateTime":${seconds},"MsgType":"text","Content":${JSON.stringify(text)},"MsgId":${number}}`;
    const seal = { token, encodingAesKey, appId, timestamp: seconds, nonce: String(number) };
    const { Encrypt, MsgSignature } = encrypt(message, seal);
    return {
      query: `timestamp=${seconds}&nonce=${number}&encrypt_type=aes&msg_signature=${MsgSignature}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ToUserName: 'gh_12345', Encrypt }),
    };
  },

  answer({ url, number }) {
    if (url.includes('/media/get')) return { type: 'image/jpeg', body: 'a picture' };
    if (!url.includes('/stable_token')) return { body: JSON.stringify({ errcode: 0, errmsg: 'ok' }) };
    return { body: JSON.stringify({ access_token: `rehearsed-${number}`, expires_in: 7_200 }) };
  },

  media: { kind: 'image', id: 'MEDIA-1' },
};
