import { ChannelError, type Outbound, readJson, throwUnlessOk } from '../../src/channel/channel.ts';
import type { TwilioContext } from './settings.ts';

/** Twilio's own code → what it means, where the HTTP status says too little (twilio.com/docs/api/errors). */
const MEANING: ReadonlyMap<string, 'retry' | 'refuse' | 'broken'> = new Map([
  ['14107', 'retry'],
  ['20003', 'broken'],
  ['20005', 'broken'],
  ['20404', 'broken'],
  ['20429', 'retry'],
  ['21212', 'broken'],
  ['21408', 'refuse'],
  ['21603', 'broken'],
  ['21606', 'broken'],
  ['21610', 'refuse'],
  ['21611', 'retry'],
]);
const CDN_HOSTS: readonly string[] = ['media.twiliocdn.com', 's3-external-1.amazonaws.com'];
const REDIRECTS_MAX = 2;

export async function sendText(message: Outbound, context: TwilioContext): Promise<string> {
  const { settings, fetch, signal } = context;
  const { accountSid, from, url, api } = settings;
  const sender = from.startsWith('MG') ? 'MessagingServiceSid' : 'From';
  const body = new URLSearchParams({ To: message.to, [sender]: from, Body: message.text, StatusCallback: url });
  const response = await fetch(`${api}/2010-04-01/Accounts/${accountSid}/Messages.json`, {
    method: 'POST',
    headers: { authorization: login(context), 'content-type': 'application/x-www-form-urlencoded' },
    body: body.toString(),
    signal,
  });
  const { sid, code } = await answerOf(response);
  const meaning = response.ok ? undefined : MEANING.get(code ?? '');
  if (meaning !== undefined) throw new ChannelError(meaning, `Twilio refuses the message (${code})`);
  throwUnlessOk(response, 'Twilio');
  if (sid === undefined) throw new ChannelError('retry', 'Twilio answered half a message');
  return sid;
}

interface Answer {
  readonly sid?: string;
  readonly code?: string;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  try {
    const { sid, code } = Object(readJson(text)) as { readonly sid?: unknown; readonly code?: unknown };
    return { ...(typeof sid === 'string' ? { sid } : {}), ...(code === undefined ? {} : { code: String(code) }) };
  } catch {
    return {};
  }
}

/** A picture is handed over by a CDN, on another host, which is not to see our password. */
export async function fetchFile(id: string, context: TwilioContext): Promise<Response> {
  const { settings, fetch, signal } = context;
  if (!id.startsWith(`${settings.api}/`)) throw new ChannelError('refuse', 'not a file of Twilio');
  let response = await fetch(id, { headers: { authorization: login(context) }, redirect: 'manual', signal });
  for (let count = 0; count < REDIRECTS_MAX && response.status >= 301 && response.status <= 308; count += 1) {
    await response.body?.cancel();
    response = await fetch(elsewhere(response, id), { redirect: 'manual', signal });
  }
  if (response.status >= 300 && response.status < 400)
    throw new ChannelError('refuse', 'Twilio sends us round in circles');
  throwUnlessOk(response, 'Twilio');
  return response;
}

function elsewhere(response: Response, from: string): string {
  const url = new URL(response.headers.get('location') ?? '', from);
  if (!CDN_HOSTS.includes(url.host) && url.origin !== new URL(from).origin)
    throw new ChannelError('refuse', 'Twilio sends us to a stranger');
  return url.href;
}

function login({ settings: { accountSid, authToken } }: TwilioContext): string {
  return `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
}
