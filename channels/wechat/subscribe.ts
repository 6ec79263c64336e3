import { ChannelError, type Outbound } from '../../src/channel/channel.ts';
import { ask, postJson } from './api.ts';
import { textOf } from './body.ts';
import type { WeChatContext } from './settings.ts';

/** A key's kind → most characters of its value (developers.weixin.qq.com, subscribe message, field limits). */
const LIMITS: Readonly<Record<string, number>> = {
  thing: 20,
  number: 32,
  letter: 32,
  symbol: 5,
  character_string: 32,
  time: 32,
  date: 32,
  amount: 12,
  phone_number: 17,
  car_number: 8,
  name: 10,
  phrase: 5,
};

/** What the setting of a template says: its id, and our field → its key. */
export function readTemplate(setting: string): { readonly id: string; readonly keys: ReadonlyMap<string, string> } {
  const [id = '', ...pairs] = setting.trim().split(/\s+/);
  return { id, keys: new Map(pairs.map((pair) => pair.split('=', 2) as [string, string])) };
}

/** Our fields that a template has, each as long as its key's kind takes. */
export function fieldsOf(setting: string): Readonly<Record<string, number>> {
  return Object.fromEntries([...readTemplate(setting).keys].map(([field, key]) => [field, mostOf(key)]));
}

function mostOf(key: string): number {
  return LIMITS[key.replace(/\d+$/, '')] ?? 20;
}

/** Cut to what the key's kind takes, by code point, with an ellipsis that counts; of `character_string`, what is not ASCII goes. */
export function fitted(key: string, value: string): string {
  const kind = key.replace(/\d+$/, '');
  const most = mostOf(key);
  const text = kind === 'character_string' ? value.replace(/[^\x20-\x7e]/g, '') : value.replace(/\s+/g, ' ');
  const points = [...text.trim()];
  if (points.length <= most) return points.join('');
  return kind === 'character_string' ? points.slice(0, most).join('') : `${points.slice(0, most - 1).join('')}…`;
}

/** One consent of the citizen is one message; without one WeChat answers 43101, and the message is a dead letter. */
export async function sendSubscribed(message: Outbound, context: WeChatContext): Promise<string | undefined> {
  const { feedbackTemplate, feedbackPage } = context.settings;
  if (feedbackTemplate === undefined || message.template?.name !== 'feedback')
    throw new ChannelError('refuse', 'no subscribe message of this name is set');
  const { id, keys } = readTemplate(feedbackTemplate);
  const { values } = message.template;
  const data = Object.fromEntries(
    [...keys].map(([field, key]) => [key, { value: fitted(key, values[field] ?? '') || '-' }]),
  );
  const page = feedbackPage === undefined ? {} : { page: feedbackPage };
  const body = { touser: message.to, template_id: id, ...page, data, miniprogram_state: 'formal', lang: 'zh_CN' };
  return textOf(await ask(context, '/cgi-bin/message/subscribe/send', postJson(body)), 'msgid');
}
