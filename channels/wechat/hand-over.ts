import { type Answer, ChannelError, type Delivery } from '../../src/channel/channel.ts';
import { type Fields, textOf } from './body.ts';
import { encrypt } from './envelope.ts';
import type { WeChatSettings } from './settings.ts';

/**
 * The answer that gives the conversation to WeChat's own desk, in the format of the delivery, encrypted in safe mode. The message is stored here
 * as well; an event is only acknowledged.
 */
export function handOverAnswer(push: Fields, delivery: Delivery, account: WeChatSettings): Answer {
  const isJson = delivery.body.toString('latin1').trimStart().startsWith('{');
  const type = isJson ? 'application/json' : 'text/xml; charset=utf-8';
  if (textOf(push, 'MsgType') === 'event') return { body: 'success' };
  const plain = written(isJson, [
    ['ToUserName', textOf(push, 'FromUserName') ?? ''],
    ['FromUserName', textOf(push, 'ToUserName') ?? ''],
    ['CreateTime', Number(textOf(push, 'CreateTime'))],
    ['MsgType', 'transfer_customer_service'],
  ]);
  const { encodingAesKey, token, appId } = account;
  if (encodingAesKey === undefined) return { type, body: plain };
  const [timestamp, nonce] = [delivery.query.get('timestamp') ?? '', delivery.query.get('nonce') ?? ''];
  const sealed = encrypt(plain, { token, encodingAesKey, appId, timestamp, nonce });
  return { type, body: written(isJson, [...Object.entries(sealed), ['TimeStamp', Number(timestamp)]]) };
}

function written(isJson: boolean, fields: readonly (readonly [string, string | number])[]): string {
  if (isJson) return JSON.stringify(Object.fromEntries(fields));
  const unique = [...new Map(fields)];
  return `<xml>${unique.map(([name, value]) => `<${name}>${typeof value === 'number' ? value : cdata(value)}</${name}>`).join('')}</xml>`;
}

function cdata(text: string): string {
  if (text.includes(']]>')) throw new ChannelError('refuse', 'a name that ends its own section');
  return `<![CDATA[${text}]]>`;
}
