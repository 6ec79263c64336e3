import type { Context, SettingFault, Settings } from '../../src/channel/channel.ts';

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

/** A key that is mistyped would show only as deliveries that are refused. */
export function faultOf({ appId, token, encodingAesKey }: WeChatSettings): SettingFault | undefined {
  if (!/^wx[0-9a-f]{16}$/.test(appId))
    return { setting: 'appId', zh: '应为 wx 加16位数字或小写字母', en: 'it is `wx` and 16 digits or letters' };
  if (!/^[0-9A-Za-z]{3,32}$/.test(token))
    return { setting: 'token', zh: '应为3至32位字母或数字', en: 'it is 3 to 32 letters and digits' };
  if (encodingAesKey !== undefined && !/^[0-9A-Za-z]{43}$/.test(encodingAesKey))
    return {
      setting: 'encodingAesKey',
      zh: `应为43位字母或数字，现为${encodingAesKey.length}位`,
      en: `it is 43 letters and digits, and this has ${encodingAesKey.length} characters`,
    };
  return undefined;
}
