import type { Inbound, InboundReceipt, MediaKind, MediaReference } from '../../src/channel/channel.ts';
import type { TwilioSettings } from './settings.ts';
import type { Form } from './signature.ts';

const MEDIA_MAX = 10;
/** Twilio's status → ours; `queued`, `sending` and `sent` tell nothing that the citizen notices. */
const RECEIPTS: ReadonlyMap<string, InboundReceipt['status']> = new Map([
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['undelivered', 'failed'],
  ['failed', 'failed'],
]);
const OPT_OUTS: ReadonlyMap<string, 'subscribed' | 'unsubscribed'> = new Map([
  ['START', 'subscribed'],
  ['STOP', 'unsubscribed'],
]);
/**
 * Words that Twilio itself obeys where no opt-out of one's own is set up, and then tells without `OptOutType`; only when one is all that was written:
 * twilio.com/docs/messaging/tutorials/advanced-opt-out (default keywords) and help.twilio.com/hc/en-us/articles/223134027. It lets messages through
 * again after START, UNSTOP or YES; a YES answers a question more often than that, so an agent reads it.
 */
const STOPS = /^\s*(stop|stopall|unsubscribe|cancel|end|quit|revoke|optout)\s*$/i;
const STARTS = /^\s*(start|unstop)\s*$/i;

/** A text, or what became of one of ours. Twilio tells no time: ours is as near. */
export function inboundOf(form: Form, receivedAtMs: number, account: TwilioSettings): readonly Inbound[] {
  const [sid, status, from] = [first(form, 'MessageSid'), first(form, 'MessageStatus'), first(form, 'From')];
  if (sid === '') return [];
  if (status !== '' && first(form, 'SmsStatus') !== 'received') return receiptsOf(sid, status, form, receivedAtMs);
  if (from === '') throw new Error('From is missing');
  const told = { remoteId: sid, conversation: from, sentAtMs: receivedAtMs, from: { id: from, phone: from } };
  const optOut = optOutOf(form);
  if (optOut !== undefined) return [{ ...told, kind: 'event', event: optOut }];
  return [{ ...told, text: first(form, 'Body'), media: mediaOf(form, account) }];
}

function receiptsOf(of: string, status: string, form: Form, atMs: number): readonly Inbound[] {
  const ours = RECEIPTS.get(status);
  if (ours === undefined) return [];
  const code = first(form, 'ErrorCode');
  const why = ours === 'failed' && code !== '' ? { reason: `Twilio ${code}` } : {};
  return [{ kind: 'receipt', of, status: ours, atMs, ...why }];
}

/** After any of them Twilio lets nothing through to that number, or again. */
function optOutOf(form: Form): 'subscribed' | 'unsubscribed' | undefined {
  const word = first(form, 'Body');
  if (form.has('OptOutType')) return OPT_OUTS.get(first(form, 'OptOutType'));
  return STOPS.test(word) ? 'unsubscribed' : STARTS.test(word) ? 'subscribed' : undefined;
}

/** Only what lies at the API itself, under this account: whatever else an address may be, it gets no password from us. */
function mediaOf(form: Form, { api, accountSid }: TwilioSettings): readonly MediaReference[] {
  const count = Math.min(MEDIA_MAX, Number(first(form, 'NumMedia')) || 0);
  const ours = `${api}/2010-04-01/Accounts/${accountSid}/`;
  return Array.from({ length: count }, (_, index) => ({
    id: first(form, `MediaUrl${index}`),
    type: first(form, `MediaContentType${index}`),
  }))
    .filter(({ id }) => id.startsWith(ours))
    .map(({ id, type }) => ({ kind: kindOf(type), id, type }));
}

function kindOf(type: string): MediaKind {
  const [kind] = type.split('/');
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'file';
}

export function first(form: Form, name: string): string {
  return form.get(name)?.[0] ?? '';
}
