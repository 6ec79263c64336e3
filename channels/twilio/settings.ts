import type { Context, SettingFault, Settings } from '../../src/channel/channel.ts';

/** Of one Twilio account (console.twilio.com). */
export const settings = {
  accountSid: 'Account SID, `AC` and 32 digits or letters',
  authToken: { about: 'Auth token: signs what Twilio delivers; a second one may be valid beside it', secret: true },
  from: 'Number that texts come from, +86…, or the SID of a messaging service, MG…',
  url: 'Address of this account here, as entered at Twilio, https://HOST/…: signatures cover it, status call-backs come to it',
  sipTarget: {
    about:
      'Where a voice call goes: SIP address of this hotline, e.g. sip:12345@HOST;transport=tcp; absent: calls are refused',
    optional: true,
  },
  sipUser: { about: 'User name, if the SIP side asks Twilio for one', optional: true },
  sipPassword: { about: 'Its password', secret: true, optional: true },
  api: { about: 'Address of the Twilio API', default: 'https://api.twilio.com' },
} as const;

export type TwilioSettings = Settings<typeof settings>;
export type TwilioContext = Context<typeof settings>;

export function faultOf({ accountSid, from, url }: TwilioSettings): SettingFault | undefined {
  if (!/^AC[0-9a-f]{32}$/i.test(accountSid))
    return { setting: 'accountSid', zh: '应为 AC 加32位数字或字母', en: 'it is `AC` and 32 digits or letters' };
  if (!/^(\+\d{5,15}|MG[0-9a-f]{32}|\w+:.+)$/i.test(from))
    return { setting: 'from', zh: '应为+开头的号码或 MG 开头的SID', en: 'it is a number with +, or a SID with MG' };
  if (!URL.canParse(url)) return { setting: 'url', zh: '不是网址', en: 'it is no address' };
  return undefined;
}
