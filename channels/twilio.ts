import { ChannelError, defineChannel } from '../src/channel/channel.ts';
import { fetchFile, sendText } from './twilio/api.ts';
import { first, inboundOf } from './twilio/inbound.ts';
import { rehearsal } from './twilio/rehearsal.ts';
import { faultOf, settings } from './twilio/settings.ts';
import { isSigned, readForm } from './twilio/signature.ts';
import { hearCall } from './twilio/voice.ts';

/** Texts by Twilio, and voice calls that Twilio dials into this hotline by SIP. One address takes texts, status call-backs and calls. */
export default defineChannel({
  name: 'twilio',
  title: { zh: 'Twilio 短信与语音', en: 'Twilio SMS and voice' },
  settings,
  check: faultOf,
  // Twilio cuts a long text into parts of its own up to this.
  limits: { textChars: 1_600, sendPerSecond: 10 },
  capabilities: { receipts: ['delivered', 'read', 'failed'], identity: 'number' },
  hosts: ['media.twiliocdn.com', 's3-external-1.amazonaws.com'],
  acknowledgement: {
    type: 'text/xml; charset=utf-8',
    body: '<?xml version="1.0" encoding="UTF-8"?><Response></Response>',
  },

  // The host name that a request claims is a stranger's word: the account's own address is what Twilio was told.
  verify: ({ headers, url, body }, { authToken, url: ours }) =>
    isSigned(headers['x-twilio-signature'], authToken, addressOf(ours) + queryOf(url), body),

  receive({ query, body, receivedAtMs }, account) {
    // Signed JSON is an event stream, of which nothing is wanted.
    if (query.has('bodySHA256')) return [];
    const form = readForm(body);
    if (first(form, 'AccountSid') !== account.accountSid) throw new ChannelError('refuse', 'another account');
    if (form.has('CallSid')) return hearCall(form, receivedAtMs, addressOf(account.url), account);
    return inboundOf(form, receivedAtMs, account);
  },

  async send(message, context) {
    return { remoteId: await sendText(message, context) };
  },

  fetchMedia: ({ id }, context) => fetchFile(id, context),

  rehearsal,
});

/** Twilio's own switches, behind `#`, are for Twilio alone. */
function addressOf(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

function queryOf(url: string): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
}
