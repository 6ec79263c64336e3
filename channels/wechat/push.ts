import type { Delivery, Entry, Inbound, InboundEvent, InboundMessage, MediaKind } from '../../src/channel/channel.ts';
import { type Fields, isFields, listOf, readBody, textOf } from './body.ts';
import { decrypt } from './envelope.ts';
import type { WeChatSettings } from './settings.ts';

/** WeChat promises no freshness; what comes later than this is shown to the agent as late. */
const LATE_MS = 300_000;
const MEDIA: ReadonlyMap<string, MediaKind> = new Map([
  ['image', 'image'],
  ['voice', 'audio'],
  ['video', 'video'],
  ['file', 'file'],
]);

/** The push behind a delivery: as it stands, or out of its envelope in safe mode. */
export function openPush({ body }: Delivery, { encodingAesKey, appId }: WeChatSettings): Fields {
  const outer = readBody(body);
  return encodingAesKey === undefined ? outer : readBody(decrypt(must(outer, 'Encrypt'), encodingAesKey, appId));
}

/** @throws Error when the push lacks what WeChat documents: better set aside whole than read by halves. */
export function inboundOf(push: Fields, delivery: Delivery, settings: WeChatSettings): readonly Inbound[] {
  return must(push, 'MsgType') === 'event' ? eventsOf(push, settings) : [messageOf(push, delivery)];
}

function messageOf(push: Fields, delivery: Delivery): InboundMessage {
  const { openid, sentAtMs } = told(push);
  const signedAtMs = Number(delivery.query.get('timestamp')) * 1_000;
  const lateMs = delivery.receivedAtMs - signedAtMs;
  const late = lateMs > LATE_MS ? { 推送延迟: `${Math.round(lateMs / 60_000)} 分钟` } : {};
  const { fields = {}, ...content } = contentOf(push);
  return {
    remoteId: must(push, 'MsgId'),
    conversation: openid,
    sentAtMs,
    from: { id: openid },
    ...content,
    fields: { ...fields, ...late },
  };
}

/** A kind that is not known is named to the agent: the citizen believes that it arrived. */
function contentOf(push: Fields): Pick<InboundMessage, 'text' | 'media' | 'fields'> {
  const type = must(push, 'MsgType');
  const id = textOf(push, 'MediaId');
  const kind = MEDIA.get(type);
  if (type === 'text') return { text: textOf(push, 'Content') ?? '' };
  if (kind !== undefined && id !== undefined) return { media: [{ kind, id }] };
  if (type === 'miniprogrampage')
    return { text: `[小程序卡片] ${textOf(push, 'Title') ?? ''}`, fields: { 页面: textOf(push, 'PagePath') ?? '' } };
  return { text: `[微信消息：${type}]` };
}

function eventsOf(push: Fields, settings: WeChatSettings): readonly Inbound[] {
  const name = must(push, 'Event');
  // JSON has the list itself, XML a record of the event's name in camel case around it.
  const nested = Object.values(push)
    .filter(isFields)
    .flatMap((value) => listOf(value, 'List'));
  const entries = [...listOf(push, 'List'), ...nested];
  switch (name) {
    case 'user_enter_tempsession':
      return [event(push, 'entered', textOf(push, 'SessionFrom') ?? '', entryOf(push, settings))];
    case 'subscribe_msg_popup_event':
    case 'subscribe_msg_change_event':
      return entries.map((entry) => event(push, subscriptionOf(entry), textOf(entry, 'TemplateId') ?? ''));
    case 'subscribe_msg_sent_event':
      return entries.map((entry) => receiptOf(push, entry));
    default:
      return [event(push, name, '')];
  }
}

/** Events have no number: who, when, what and whence is all there is to tell them apart. */
function event(push: Fields, name: InboundEvent['event'], about: string, entry?: Entry): InboundEvent {
  const { openid, sentAtMs } = told(push);
  const remoteId = `${openid}:${sentAtMs / 1_000}:${must(push, 'Event')}:${about}`;
  const more = entry === undefined ? {} : { entry };
  return { kind: 'event', event: name, remoteId, conversation: openid, sentAtMs, from: { id: openid }, ...more };
}

function subscriptionOf(entry: Fields): 'subscribed' | 'unsubscribed' {
  return textOf(entry, 'SubscribeStatusString') === 'accept' ? 'subscribed' : 'unsubscribed';
}

function receiptOf(push: Fields, entry: Fields): Inbound {
  const { sentAtMs } = told(push);
  const code = textOf(entry, 'ErrorCode') ?? '0';
  const of = must(entry, 'MsgID');
  if (code === '0') return { kind: 'receipt', of, status: 'delivered', atMs: sentAtMs };
  return { kind: 'receipt', of, status: 'failed', atMs: sentAtMs, reason: `WeChat ${code}` };
}

function entryOf(push: Fields, { enterpriseEntry }: WeChatSettings): Entry {
  return textOf(push, 'SessionFrom')?.startsWith(enterpriseEntry) === true ? 'enterprise' : 'personal';
}

function told(push: Fields): { readonly openid: string; readonly sentAtMs: number } {
  const seconds = Number(must(push, 'CreateTime'));
  if (!Number.isSafeInteger(seconds)) throw new Error('CreateTime is no time');
  return { openid: must(push, 'FromUserName'), sentAtMs: seconds * 1_000 };
}

function must(fields: Fields, name: string): string {
  const text = textOf(fields, name);
  if (text === undefined) throw new Error(`${name} is missing`);
  return text;
}
