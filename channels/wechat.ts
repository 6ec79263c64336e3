import { ChannelError, defineChannel, type Outbound } from '../src/channel/channel.ts';
import { ask, askBytes, postJson } from './wechat/api.ts';
import { readBody, textOf } from './wechat/body.ts';
import { handOverAnswer } from './wechat/hand-over.ts';
import { inboundOf, openPush } from './wechat/push.ts';
import { rehearsal } from './wechat/rehearsal.ts';
import { faultOf, settings, type WeChatContext } from './wechat/settings.ts';
import { isSigned } from './wechat/signature.ts';
import { fieldsOf, sendSubscribed } from './wechat/subscribe.ts';

const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000];

/** Customer service of a WeChat mini program (developers.weixin.qq.com, kf-message): push in either format, plain or safe mode. */
export default defineChannel({
  name: 'wechat',
  title: { zh: '微信小程序客服', en: 'WeChat mini program' },
  settings,
  check: faultOf,
  methods: ['GET', 'POST'],
  // 2,048 bytes of UTF-8.
  limits: { textChars: 600, sendPerSecond: 20 },
  capabilities: {
    media: ['image'],
    receipts: ['delivered', 'failed'],
    entryByEvent: true,
    replyWindow: { forMs: 48 * HOUR_MS, messages: 5, afterEvent: { entered: { forMs: MINUTE_MS, messages: 2 } } },
    templates: {
      feedback: {
        about: '办理结果通知（订阅消息）',
        setting: 'feedbackTemplate',
        fields: { number: 32, title: 200, status: 20, time: 32, note: 200 },
        fieldsOf,
      },
    },
  },
  acknowledgement: { body: 'success' },

  verify({ method, query, body, receivedAtMs }, { token, encodingAesKey }) {
    if (method === 'GET' || encodingAesKey === undefined) return isSigned(query, token, receivedAtMs);
    const ciphertext = textOf(readBody(body), 'Encrypt');
    return ciphertext !== undefined && isSigned(query, token, receivedAtMs, ciphertext);
  },

  receive(delivery, account) {
    if (delivery.method === 'GET') return { inbound: [], answer: { body: challengeOf(delivery.query) } };
    const push = openPush(delivery, account);
    const inbound = inboundOf(push, delivery, account);
    return account.handOver === 'yes' ? { inbound, answer: handOverAnswer(push, delivery, account) } : inbound;
  },

  async send(message, context) {
    const remoteId = message.template === undefined ? undefined : await sendSubscribed(message, context);
    if (message.template === undefined) await sendParts(message, context);
    return remoteId === undefined ? {} : { remoteId };
  },

  async typing(conversation, writing, context) {
    const command = writing ? 'Typing' : 'CancelTyping';
    await ask(context, '/cgi-bin/message/custom/typing', postJson({ touser: conversation, command }));
  },

  fetchMedia: ({ id }, context) => askBytes(context, `/cgi-bin/media/get?media_id=${encodeURIComponent(id)}`),

  rehearsal,
});

/** The text that proves to the console that the address is ours; said back only if it is one. */
function challengeOf(query: URLSearchParams): string {
  const challenge = query.get('echostr') ?? '';
  if (!/^[\w-]{1,256}$/.test(challenge)) throw new ChannelError('refuse', 'no echostr');
  return challenge;
}

/** Pictures and text are messages of their own; of those that went already, a new try says nothing again. */
async function sendParts(message: Outbound, context: WeChatContext): Promise<void> {
  const pictures = (message.media ?? []).map((picture) => async () => {
    const form = new FormData();
    form.set('media', new Blob([picture.content], { type: picture.type }), picture.name);
    const media_id = textOf(
      await ask(context, '/cgi-bin/media/upload?type=image', { method: 'POST', body: form }),
      'media_id',
    );
    if (media_id === undefined) throw new ChannelError('retry', 'WeChat answered half an upload');
    await sendOne({ touser: message.to, msgtype: 'image', image: { media_id } }, context);
  });
  const text = () => sendOne({ touser: message.to, msgtype: 'text', text: { content: message.text } }, context);
  const parts = [...pictures, ...(message.text === '' ? [] : [text])];
  const names = parts.map((_part, index) => `${message.id}:${index}`);
  for (const [index, part] of parts.entries()) {
    await context.cached(names[index]!, async () => {
      await part();
      return { value: 'sent', untilMs: context.now() + 24 * HOUR_MS };
    });
  }
  for (const name of names) context.forget(name);
}

async function sendOne(body: unknown, context: WeChatContext): Promise<void> {
  await ask(context, '/cgi-bin/message/custom/send', postJson(body));
}
