import { ChannelError } from '../../src/channel/channel.ts';

const [DAY_MS, MINUTE_MS, BEIJING_MS] = [86_400_000, 60_000, 28_800_000];

/** The token is not, or no longer, good: worth one more try with another. */
export const STALE_TOKEN: ReadonlySet<number> = new Set([40001, 40014, 42001]);

/** AppID or AppSecret is wrong or frozen, our address is not on the list, the app is banned. */
const BROKEN: ReadonlySet<number> = new Set([40002, 40013, 40125, 40164, 40243, 41002, 41004, 48004, 50004, 50007]);

/** WeChat counts what others sent, too: its own desk, another system of the same app. */
const SHUT: ReadonlySet<number> = new Set([45015, 45047]);

/** What a message that will never go is told to the operator. */
const REFUSED: Readonly<Record<number, string>> = {
  40003: 'the openid is not of this app',
  40007: 'the media is gone: it lives three days',
  40037: 'the template id is wrong',
  41030: 'the page of the template is wrong',
  43101: 'the citizen has not agreed to this message',
  45002: 'the text is too long',
  45015: 'the citizen wrote more than 48 hours ago',
  45047: 'five messages have gone since the citizen wrote',
  45162: 'the kind of message is not supported',
  47003: 'a field of the template is wrong',
  48001: 'the app has no permission for this',
  48002: 'the citizen takes no messages',
  87014: 'WeChat objects to the content',
};

/** What an `errcode` means for the message (developers.weixin.qq.com, return codes); never with WeChat's own text, which may repeat ours. */
export function errorOf(code: number, nowMs: number): ChannelError {
  if (code === -1) return new ChannelError('retry', 'WeChat is busy (-1)');
  if (code === 45009)
    return new ChannelError(
      'retry',
      "WeChat's daily quota is used up (45009)",
      untilNextMs(DAY_MS, nowMs + BEIJING_MS),
    );
  if (code === 45011)
    return new ChannelError('retry', "WeChat's quota of the minute is used up (45011)", untilNextMs(MINUTE_MS, nowMs));
  if (STALE_TOKEN.has(code)) return new ChannelError('retry', `WeChat refuses a new access token (${code})`, MINUTE_MS);
  if (BROKEN.has(code)) return new ChannelError('broken', `WeChat refuses the account (${code})`);
  return new ChannelError(SHUT.has(code) ? 'shut' : 'refuse', `WeChat: ${REFUSED[code] ?? 'refused'} (${code})`);
}

function untilNextMs(periodMs: number, nowMs: number): number {
  return periodMs - (nowMs % periodMs);
}
