import { defineChannel, type Inbound, readJson, sameSecret, throwUnlessOk } from '../src/channel/channel.ts';

interface Update {
  readonly message?: {
    readonly message_id: number | string;
    /** Unix time, s. */
    readonly date: number;
    readonly text?: string;
    readonly caption?: string;
    readonly photo?: readonly { readonly file_id: string; readonly file_size?: number }[];
    readonly location?: { readonly latitude: number; readonly longitude: number };
    readonly chat: { readonly id: number | string };
    readonly from?: { readonly id: number | string; readonly first_name?: string };
  };
}

/** Telegram Bot API. The documented example: `channels/README.md` builds it line by line. */
export default defineChannel({
  name: 'telegram',
  title: { zh: 'Telegram 机器人', en: 'Telegram bot' },
  settings: {
    token: { about: 'Bot token, from @BotFather', secret: true },
    secret: { about: 'Web-hook secret of setWebhook, 32 or more letters and digits', secret: true },
    api: { about: 'Address of the Bot API', default: 'https://api.telegram.org' },
  },
  limits: { textChars: 4_096, sendPerSecond: 25 },

  verify: ({ headers }, { secret }) => sameSecret(headers['x-telegram-bot-api-secret-token'], secret),

  receive({ body }): readonly Inbound[] {
    const { message } = readJson(body) as Update;
    if (message?.from === undefined) return [];
    const { chat, from, location, photo, text = message.caption } = message;
    const largest = photo?.at(-1);
    if (text === undefined && location === undefined && largest === undefined) return [];
    return [
      {
        remoteId: `${chat.id}:${message.message_id}`,
        conversation: String(chat.id),
        from: { id: String(from.id), ...(from.first_name === undefined ? {} : { name: from.first_name }) },
        sentAtMs: message.date * 1_000,
        ...(text === undefined ? {} : { text }),
        ...(largest === undefined ? {} : { media: [{ kind: 'image', id: largest.file_id }] }),
        ...(location === undefined ? {} : { place: { ...location, datum: 'wgs84' } }),
      },
    ];
  },

  async send({ conversation, text }, { settings, fetch, signal }) {
    const response = await fetch(`${settings.api}/bot${settings.token}/sendMessage`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ chat_id: conversation, text }),
      signal,
    });
    throwUnlessOk(response, 'Telegram');
    const { ok, result } = readJson(await response.text()) as { ok?: boolean; result?: { message_id: number } };
    if (ok !== true || result === undefined) throw new Error('Telegram answered half a message');
    return { remoteId: `${conversation}:${result.message_id}` };
  },

  async fetchMedia({ id }, { settings: { api, token }, fetch, signal }) {
    const found = await fetch(`${api}/bot${token}/getFile?file_id=${encodeURIComponent(id)}`, { signal });
    throwUnlessOk(found, 'Telegram');
    const { result } = readJson(await found.text()) as { result: { file_path: string } };
    return await fetch(`${api}/file/bot${token}/${result.file_path}`, { signal });
  },

  rehearsal: {
    settings: { token: '4711:rehearsed', secret: 'r'.repeat(32), api: 'https://api.telegram.org' },
    deliver: ({ number, conversation, text, atMs }, { secret }) => ({
      headers: { 'x-telegram-bot-api-secret-token': secret },
      body: `{"update_id":${number},"message":{"message_id":${number},"date":${Math.trunc(atMs / 1_000)},"text":${JSON.stringify(text)},
        "chat":{"id":${conversation}},"from":{"id":${conversation},"first_name":"王芳"}}}`,
    }),
    answer: ({ number }) => ({ body: `{"ok":true,"result":{"message_id":${number},"file_path":"photos/1.jpg"}}` }),
    media: { kind: 'image', id: 'F1' },
  },
});
