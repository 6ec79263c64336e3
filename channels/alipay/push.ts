import { createDecipheriv } from 'node:crypto';
import { type Inbound, readJson } from '../../src/channel/channel.ts';
import { type ByteForm, textOf } from './form.ts';
import type { AlipaySettings } from './settings.ts';

/** The last of Alipay's eight deliveries comes 25 hours after the first, under the first one's time. */
const AGE_MAX_MS = 93_600_000;

/** Whether the push was made when a delivery of it may still be on its way. */
export function isTimely(form: ByteForm, nowMs: number): boolean {
  return Math.abs(nowMs - madeAtMs(form)) <= AGE_MAX_MS;
}

/** `utc_timestamp` in ms, or, of older interfaces, `notify_time` by Beijing's clock; NaN when there is neither. */
function madeAtMs(form: ByteForm): number {
  const [utc = '', beijing = ''] = [form.get('utc_timestamp'), form.get('notify_time')];
  if (utc !== '') return /^\d{13}$/.test(utc) ? Number(utc) : Number.NaN;
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(beijing)
    ? Date.parse(`${beijing.replace(' ', 'T')}+08:00`)
    : Number.NaN;
}

/**
 * A push with a text of somebody is a message; every other is an event by its method's name, if it is about somebody at all.
 *
 * @throws Error for content that cannot be read
 */
export function inboundOf(form: ByteForm, account: AlipaySettings): readonly Inbound[] {
  const remoteId = form.get('notify_id') ?? '';
  if (remoteId === '') throw new SyntaxError('notify_id is missing');
  const content = contentOf(form, account);
  const [id, text] = [wordOf(content, 'open_id') ?? wordOf(content, 'user_id'), wordOf(content, 'content')];
  if (id === undefined) return [];
  const told = { remoteId, conversation: id, sentAtMs: madeAtMs(form), from: { id } };
  if (text !== undefined) return [{ ...told, text }];
  return [{ ...told, kind: 'event', event: form.get('msg_method') || form.get('notify_type') || 'push' }];
}

function contentOf(form: ByteForm, { contentKey }: AlipaySettings): Readonly<Record<string, unknown>> {
  const given = textOf(form, 'biz_content');
  const isSealed = form.get('encrypt_type') === 'AES';
  if (isSealed && contentKey === undefined) throw new Error('the content is encrypted, and the account has no key');
  const text = isSealed ? decrypt(given, contentKey ?? '') : given;
  const content = text === '' ? {} : readJson(text);
  return typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : {};
}

/** Interface content encryption: AES-CBC with 16 zero bytes before the first block. What it says is covered by the signature outside. */
export function decrypt(sealed: string, contentKey: string): string {
  const key = Buffer.from(contentKey, 'base64');
  const decipher = createDecipheriv(key.length === 32 ? 'aes-256-cbc' : 'aes-128-cbc', key, Buffer.alloc(16));
  return Buffer.concat([decipher.update(sealed, 'base64'), decipher.final()]).toString('utf8');
}

function wordOf(content: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(content, name) ? content[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
