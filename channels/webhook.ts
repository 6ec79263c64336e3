import { createHmac } from 'node:crypto';
import {
  ChannelError,
  defineChannel,
  type Inbound,
  readJson,
  sameSecret,
  shortKey,
  throwUnlessOk,
} from '../src/channel/channel.ts';

const SKEW_MAX_MS = 300_000;

const sign = (key: string, timestamp: string, body: string | Buffer): string =>
  `v1=${createHmac('sha256', key).update(`${timestamp}.`).update(body).digest('hex')}`;

/** A city's own app, 110, partner hotlines: JSON signed by HMAC-SHA256 over timestamp and body, both ways. */
export default defineChannel({
  name: 'webhook',
  title: { zh: '签名推送（城市应用、110、合作热线）', en: 'Signed web-hook (city app, 110, partner hotlines)' },
  settings: {
    key: { about: 'Shared key for both directions, 32 or more characters', secret: true },
    url: { about: 'Where replies are posted to; absent: nobody can reply', optional: true },
    files: {
      about:
        'Where the files lie that messages name, such as https://files.partner.cn; from nowhere else one is fetched',
      optional: true,
    },
  },
  check: ({ key }) => shortKey('key', key),
  limits: { bodyBytes: 262_144, textChars: 10_000, sendPerSecond: 50 },
  capabilities: { receipts: ['delivered', 'read', 'failed'] },
  acknowledgement: { type: 'application/json', body: '{"ok":true}' },

  verify({ headers, body, receivedAtMs }, { key }) {
    const timestamp = headers['minhu-timestamp'] ?? '';
    const skewMs = Math.abs(receivedAtMs - Number(timestamp) * 1_000);
    return skewMs <= SKEW_MAX_MS && sameSecret(headers['minhu-signature'], sign(key, timestamp, body));
  },

  // What a partner posts is the contract's own `Inbound`, in a list; the host looks at every field.
  receive: ({ body }) => (readJson(body) as { readonly inbound: readonly Inbound[] }).inbound,

  async send(message, { settings: { key, url }, fetch, signal, now }) {
    if (url === undefined) throw new ChannelError('refuse', 'the account has no url to post replies to');
    const body = JSON.stringify(message);
    const timestamp = String(Math.trunc(now() / 1_000));
    const headers = {
      'content-type': 'application/json',
      'minhu-timestamp': timestamp,
      'minhu-signature': sign(key, timestamp, body),
    };
    throwUnlessOk(await fetch(url, { method: 'POST', headers, body, signal }), 'the partner');
    return { remoteId: message.id };
  },

  async fetchMedia({ id }, { settings: { files }, fetch, signal }) {
    if (files === undefined || !URL.canParse(id) || new URL(id).origin !== new URL(files).origin)
      throw new ChannelError('refuse', 'the file is not where the partner keeps its files');
    return await fetch(id, { signal });
  },

  rehearsal: {
    settings: { key: 'k'.repeat(32), url: 'https://partner.example/minhu', files: 'https://files.partner.example' },
    deliver({ number, conversation, text, atMs }, { key }) {
      const timestamp = String(Math.trunc(atMs / 1_000));
      const from = { id: `u${conversation}`, name: '李强' };
      const told = { remoteId: `${number}`, conversation: `c${conversation}`, from, sentAtMs: atMs, text };
      const body = JSON.stringify({ inbound: [told] });
      return { headers: { 'minhu-timestamp': timestamp, 'minhu-signature': sign(key, timestamp, body) }, body };
    },
    answer: () => ({ body: '{}' }),
    media: { kind: 'image', id: 'https://files.partner.example/1.jpg' },
  },
});
