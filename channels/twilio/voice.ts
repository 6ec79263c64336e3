import type { Answer, Inbound, Received } from '../../src/channel/channel.ts';
import { first } from './inbound.ts';
import type { TwilioSettings } from './settings.ts';
import type { Form } from './signature.ts';

const RING_S = 60;
const UNREACHED = '抱歉，热线暂时无法接通，我们会尽快与您联系。';
const UNREACHED_NOBODY = '抱歉，热线暂时无法接通，请稍后再拨。';
const KEYS = ['ABC', 'DEF', 'GHI', 'JKL', 'MNO', 'PQRS', 'TUV', 'WXYZ'];
/** What Twilio tells instead of a number that is not told: a word, typed on a telephone's keys. One number for everybody who withholds theirs. */
const WITHHELD = new Set(
  ['ANONYMOUS', 'RESTRICTED', 'BLOCKED', 'UNKNOWN', 'UNAVAILABLE'].map((word) => `+${keyed(word)}`),
);

/**
 * What Twilio does with a call: a new one is dialled into this hotline over SIP, where it is a call like any other. Twilio asks again, at the same
 * address, when that ended: whoever was not put through is told so, and stands in the queue for somebody to call back. Status call-backs are kept
 * as events, each once.
 */
export function hearCall(form: Form, receivedAtMs: number, url: string, account: TwilioSettings): Received {
  const dialled = first(form, 'DialCallStatus');
  if (dialled === 'completed' || dialled === 'answered') return { inbound: [], answer: twiml('<Hangup/>') };
  if (dialled !== '') return unreached(form, dialled, receivedAtMs);
  if (form.has('CallbackSource') || first(form, 'CallStatus') !== 'ringing')
    return { inbound: progressOf(form, receivedAtMs), answer: twiml('') };
  return { inbound: [], answer: twiml(account.sipTarget === undefined ? '<Reject/>' : dial(form, url, account)) };
}

function dial(form: Form, url: string, { sipTarget = '', sipUser, sipPassword }: TwilioSettings): string {
  const login = sipUser === undefined ? '' : ` username="${escaped(sipUser)}" password="${escaped(sipPassword ?? '')}"`;
  // Otherwise Twilio shows the caller's own number.
  const caller = numberOf(form) === undefined ? ' callerId="anonymous"' : '';
  return `<Dial answerOnBridge="true" timeout="${RING_S}" action="${escaped(url)}"${caller}><Sip${login}>${escaped(sipTarget)}</Sip></Dial>`;
}

/** The same call may tell of it twice. */
function unreached(form: Form, status: string, receivedAtMs: number): Received {
  const number = numberOf(form);
  if (number === undefined) return { inbound: [], answer: twiml(apology(UNREACHED_NOBODY)) };
  const response = first(form, 'DialSipResponseCode');
  const missed: Inbound = {
    remoteId: `${first(form, 'CallSid')}:unreached`,
    conversation: number,
    sentAtMs: receivedAtMs,
    from: { id: number, phone: number },
    text: '来电未能接入热线，请回拨。',
    fields: { 拨打: first(form, 'To'), 结果: status, ...(response === '' ? {} : { SIP: response }) },
    automatic: true,
  };
  return { inbound: [missed], answer: twiml(apology(UNREACHED)) };
}

/** Named as Twilio numbers them, which tells a repeat from the next one; what comes late says nothing of how the call is now, and changes nothing. */
function progressOf(form: Form, receivedAtMs: number): readonly Inbound[] {
  const [sid, status] = [first(form, 'CallSid'), first(form, 'CallStatus')];
  const number = numberOf(form) ?? 'anonymous';
  return [
    {
      kind: 'event',
      event: `call:${status}`,
      remoteId: `${sid}:${first(form, 'SequenceNumber') || status}`,
      conversation: number,
      sentAtMs: receivedAtMs,
      from: { id: number },
    },
  ];
}

/** By which the caller can be called back; undefined: there is none. */
function numberOf(form: Form): string | undefined {
  const from = first(form, 'From');
  return /^\+\d{5,15}$/.test(from) && !WITHHELD.has(from) ? from : undefined;
}

function keyed(word: string): string {
  return [...word].map((letter) => KEYS.findIndex((key) => key.includes(letter)) + 2).join('');
}

function apology(text: string): string {
  return `<Say language="zh-CN">${text}</Say><Hangup/>`;
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
