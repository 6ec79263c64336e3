import type { Rehearsal } from '../../src/channel/channel.ts';
import type { settings } from './settings.ts';
import { readForm, signatureOf } from './signature.ts';

const SID = 'AC00000000000000000000000000000000';

export const rehearsal: Rehearsal<typeof settings> = {
  settings: {
    accountSid: SID,
    authToken: '0123456789abcdef0123456789abcdef',
    from: '+12025550123',
    url: 'https://hotline.example.gov.cn/rehearsed',
    sipTarget: 'sip:12345@hotline.example.gov.cn',
    sipUser: undefined,
    sipPassword: undefined,
    api: 'https://api.twilio.com',
  },

  deliver({ number, conversation, text }, { authToken, url }) {
    const form = new URLSearchParams({
      AccountSid: SID,
      MessageSid: `SM${String(number).padStart(32, '0')}`,
      SmsStatus: 'received',
      From: `+1202555${String(conversation).padStart(4, '0')}`,
      To: '+12025550123',
      Body: text,
      NumMedia: '0',
    });
    const body = form.toString();
    return {
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': signatureOf(authToken, url, readForm(Buffer.from(body))),
      },
      body,
    };
  },

  media: { kind: 'image', id: `https://api.twilio.com/2010-04-01/Accounts/${SID}/Messages/MM1/Media/ME1` },

  answer: ({ number }) => ({ status: 201, body: JSON.stringify({ sid: `SM${number}`, status: 'queued' }) }),
};
