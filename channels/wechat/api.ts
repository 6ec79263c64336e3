import { ChannelError, readJson, throwUnlessOk } from '../../src/channel/channel.ts';
import { type Fields, isFields, textOf } from './body.ts';
import { errorOf, STALE_TOKEN } from './errors.ts';
import type { WeChatContext } from './settings.ts';

const TOKEN = 'access_token';
const ANSWER_BYTES_MAX = 65_536;

/** Asks the API with the account's token; a token that is refused is replaced once. */
export async function ask(context: WeChatContext, path: string, init: RequestInit = {}): Promise<Fields> {
  const answer = await withToken(context, path, init);
  if (answer instanceof Response) throw new ChannelError('retry', 'WeChat answered something else than JSON');
  return answer;
}

/** As `ask`, for what is answered with bytes, and with JSON and status 200 when it fails. */
export async function askBytes(context: WeChatContext, path: string): Promise<Response> {
  const answer = await withToken(context, path, {});
  if (!(answer instanceof Response)) throw new ChannelError('refuse', 'WeChat answered JSON instead of a file');
  return answer;
}

export function postJson(value: unknown): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

async function withToken(context: WeChatContext, path: string, init: RequestInit): Promise<Fields | Response> {
  const token = await tokenOf(context);
  const first = await request(context, path, init, token);
  if (!STALE_TOKEN.has(codeOf(first))) return accepted(first, context);
  context.forget(TOKEN);
  return accepted(await request(context, path, init, await tokenOf(context)), context);
}

/** `stable_token` in its normal mode: whoever asks gets the same one, and the old one is good for five minutes more. */
function tokenOf(context: WeChatContext): Promise<string> {
  const { settings, fetch, signal, now, cached } = context;
  return cached(TOKEN, async () => {
    const wanted = { grant_type: 'client_credential', appid: settings.appId, secret: settings.appSecret };
    const response = await fetch(`${settings.api}/cgi-bin/stable_token`, { ...postJson(wanted), signal });
    const answer = accepted(await opened(response), context);
    const value = answer instanceof Response ? undefined : textOf(answer, 'access_token');
    const seconds = answer instanceof Response ? Number.NaN : Number(textOf(answer, 'expires_in'));
    if (value === undefined || !(seconds > 0)) throw new ChannelError('retry', 'WeChat answered half a token');
    return { value, untilMs: now() + seconds * 1_000 };
  });
}

async function request(
  context: WeChatContext,
  path: string,
  init: RequestInit,
  token: string,
): Promise<Fields | Response> {
  const { settings, fetch, signal } = context;
  const joint = path.includes('?') ? '&' : '?';
  const url = `${settings.api}${path}${joint}access_token=${encodeURIComponent(token)}`;
  return opened(await fetch(url, { ...init, signal }));
}

function accepted(answer: Fields | Response, { now }: WeChatContext): Fields | Response {
  const code = codeOf(answer);
  if (code !== 0) throw errorOf(code, now());
  return answer;
}

function codeOf(answer: Fields | Response): number {
  return answer instanceof Response ? 0 : Number(textOf(answer, 'errcode') ?? 0);
}

/** JSON is told by its type and by its first byte: a media file that WeChat does not find is a JSON with status 200. */
async function opened(response: Response): Promise<Fields | Response> {
  throwUnlessOk(response, 'WeChat');
  const reader = response.body?.getReader();
  const first = (await reader?.read())?.value;
  if (reader === undefined || first === undefined) throw new ChannelError('retry', 'WeChat answered nothing');
  const isFile = /^(image|audio|video|application\/octet-stream)/.test(response.headers.get('content-type') ?? '');
  const whole = rejoined(response, first, reader);
  return isFile && first[0] !== 0x7b ? whole : readAnswer(whole);
}

function rejoined(response: Response, first: Uint8Array, reader: ReadableStreamDefaultReader<Uint8Array>): Response {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(first),
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, { headers: response.headers });
}

async function readAnswer(response: Response): Promise<Fields> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new ChannelError('retry', 'WeChat answered too much');
    chunks.push(Buffer.from(chunk));
  }
  const answer = parsed(Buffer.concat(chunks));
  if (!isFields(answer)) throw new ChannelError('retry', 'WeChat answered half a JSON');
  return answer;
}

function parsed(body: Buffer): unknown {
  try {
    return readJson(body);
  } catch {
    return undefined;
  }
}
