import type { Answer } from '../../src/channel/channel.ts';
import type { TwilioSettings } from './settings.ts';
import type { Form } from './signature.ts';

const RING_S = 60;
const UNREACHED = '抱歉，热线暂时无法接通，请稍后再拨。';

/**
 * What Twilio does with a call: a new one is dialled into this hotline over SIP, where it is a call like any other. Twilio asks again, at the same
 * address, when that ended: whoever was not put through is told so.
 */
export function answerCall(form: Form, url: string, account: TwilioSettings): Answer {
  const dialled = form.get('DialCallStatus')?.[0];
  if (dialled !== undefined) return twiml(dialled === 'completed' || dialled === 'answered' ? '<Hangup/>' : apology());
  // A progress report of a call is only taken note of.
  if (form.has('CallbackSource') || form.get('CallStatus')?.[0] !== 'ringing') return twiml('');
  return twiml(account.sipTarget === undefined ? '<Reject/>' : dial(account.sipTarget, url, account));
}

function dial(target: string, url: string, { sipUser, sipPassword }: TwilioSettings): string {
  const login = sipUser === undefined ? '' : ` username="${escaped(sipUser)}" password="${escaped(sipPassword ?? '')}"`;
  return `<Dial answerOnBridge="true" timeout="${RING_S}" action="${escaped(url)}"><Sip${login}>${escaped(target)}</Sip></Dial>`;
}

function apology(): string {
  return `<Say language="zh-CN">${UNREACHED}</Say><Hangup/>`;
}

function twiml(verbs: string): Answer {
  return {
    type: 'text/xml; charset=utf-8',
    body: `<?xml version="1.0" encoding="UTF-8"?><Response>${verbs}</Response>`,
  };
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
