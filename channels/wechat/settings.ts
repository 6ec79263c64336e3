import type { Context, Settings } from '../../src/channel/channel.ts';

/** Of one mini program, as its console (mp.weixin.qq.com) shows them. */
export const settings = {
  appId: 'AppID of the mini program, `wx` and 16 digits or letters',
  appSecret: { about: 'AppSecret', secret: true },
  token: { about: 'Token of the message push, 3 to 32 letters and digits', secret: true },
  encodingAesKey: {
    about: 'EncodingAESKey, 43 letters and digits: safe mode, and nothing unencrypted is taken; absent: plain mode',
    secret: true,
    optional: true,
  },
  enterpriseEntry: { about: 'What `session-from` begins with at the enterprise entry', default: 'enterprise' },
  handOver: { about: "`yes`: WeChat's own desk answers instead of us, for a day when nobody can here", default: 'no' },
  feedbackTemplate: {
    about:
      'Subscribe message of an outcome: template id, then our field=its key, e.g. `ID number=character_string1 status=phrase2 note=thing3`',
    optional: true,
  },
  feedbackPage: { about: 'Page that the subscribe message opens', optional: true },
  api: { about: 'Address of the WeChat API', default: 'https://api.weixin.qq.com' },
} as const;

export type WeChatSettings = Settings<typeof settings>;
export type WeChatContext = Context<typeof settings>;
