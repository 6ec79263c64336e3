import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { errorOf } from '../../channels/wechat/errors.ts';
import { rehearsal } from '../../channels/wechat/rehearsal.ts';
import type { WeChatSettings } from '../../channels/wechat/settings.ts';
import { fitted, readTemplate } from '../../channels/wechat/subscribe.ts';
import wechat from '../../channels/wechat.ts';
import type { ChannelError, Outbound } from '../../src/channel/channel.ts';
import { type Asked, lent, type Reply, startPlatform } from './platform.ts';

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const STALE = { body: '{"errcode":42001,"errmsg":"access_token expired rid: 1"}' };
const OK = { body: '{"errcode":0,"errmsg":"ok"}' };

let platform: Awaited<ReturnType<typeof startPlatform>>;
let script: (asked: Asked) => Reply;
let tokens: number;

/** WeChat of the test: hands out numbered tokens, and answers the rest by `script`. */
beforeEach(async () => {
  tokens = 0;
  script = () => OK;
  platform = await startPlatform((asked) => {
    if (asked.url !== '/cgi-bin/stable_token') return script(asked);
    tokens += 1;
    return { body: JSON.stringify({ access_token: `token/${tokens}`, expires_in: 7200 }) };
  });
});
afterEach(() => platform.stop());

const account = () => ({ ...(rehearsal.settings as Record<keyof WeChatSettings, string>), api: platform.url });
const calls = () => platform.asked.filter(({ url }) => url !== '/cgi-bin/stable_token');
const tokenOf = ({ url }: Asked) => new URL(url, platform.url).searchParams.get('access_token');
const text: Outbound = { id: 'm-1', conversation: 'o1', to: 'o1', text: '您好，工单已受理' };
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'went',
    (error: ChannelError) => `${error.kind}: ${error.message}`,
  );

describe('the access token', () => {
  test('is asked for once by ten messages at the same time, and kept', async () => {
    const { context } = lent(account());
    await Promise.all(Array.from({ length: 10 }, (_, index) => wechat.send!({ ...text, id: `m-${index}` }, context)));
    expect(tokens).toBe(1);
    expect(JSON.parse(platform.asked[0]!.body)).toEqual({
      grant_type: 'client_credential',
      appid: account().appId,
      secret: account().appSecret,
    });
    expect(calls().map(tokenOf)).toEqual(Array(10).fill('token/1'));
  });

  test.each([40001, 40014, 42001])(
    'that WeChat refuses (%i) is replaced once, and the message goes',
    async (errcode) => {
      script = (asked) => (tokenOf(asked) === 'token/1' ? { body: JSON.stringify({ errcode }) } : OK);
      await wechat.send!(text, lent(account()).context);
      expect(tokens).toBe(2);
      expect(calls().map(tokenOf)).toEqual(['token/1', 'token/2']);
    },
  );

  test('that is refused again is tried again in a minute, without asking on', async () => {
    script = () => STALE;
    await expect(wechat.send!(text, lent(account()).context)).rejects.toMatchObject({
      kind: 'retry',
      retryAfterMs: 60_000,
    });
    expect([tokens, calls().length]).toEqual([2, 2]);
  });

  test('of a wrong secret breaks the account', async () => {
    const { url, stop } = await startPlatform(() => ({ body: '{"errcode":40125,"errmsg":"invalid appsecret"}' }));
    expect(await failure(wechat.send!(text, lent({ ...account(), api: url }).context))).toBe(
      'broken: WeChat refuses the account (40125)',
    );
    await stop();
  });

  test('that is half an answer is no token', async () => {
    for (const body of [
      '{"expires_in":7200}',
      '{"access_token":"x"}',
      '{"access_token":"x","expires_in":0}',
      '{"acc',
      '[]',
      '',
    ]) {
      const { url, stop } = await startPlatform(() => ({ body }));
      expect(await failure(wechat.send!(text, lent({ ...account(), api: url }).context)), body).toMatch(
        /^retry: WeChat answered/,
      );
      await stop();
    }
  });
});

describe('a message', () => {
  test('of text goes as it is written', async () => {
    await wechat.send!(text, lent(account()).context);
    expect(calls()).toMatchObject([{ method: 'POST', url: '/cgi-bin/message/custom/send?access_token=token%2F1' }]);
    expect(JSON.parse(calls()[0]!.body)).toEqual({ touser: 'o1', msgtype: 'text', text: { content: text.text } });
    expect(calls()[0]!.body).toContain('工单已受理');
  });

  const picture: Outbound = { ...text, media: [{ kind: 'image', name: 'p.png', type: 'image/png', content: PNG }] };

  test('with a picture is two: the picture is uploaded and sent, then the text', async () => {
    script = ({ url }) =>
      url.includes('/media/upload') ? { body: '{"type":"image","media_id":"M1","created_at":1}' } : OK;
    await wechat.send!(picture, lent(account()).context);
    expect(calls().map(({ url }) => url.split('?')[0])).toEqual([
      '/cgi-bin/media/upload',
      '/cgi-bin/message/custom/send',
      '/cgi-bin/message/custom/send',
    ]);
    expect(calls()[0]).toMatchObject({
      url: '/cgi-bin/media/upload?type=image&access_token=token%2F1',
      headers: { 'content-type': expect.stringContaining('multipart/form-data') },
      body: expect.stringMatching(/name="media"; filename="p\.png"\r\nContent-Type: image\/png/),
    });
    expect(
      calls()
        .slice(1)
        .map(({ body }) => JSON.parse(body).msgtype),
    ).toEqual(['image', 'text']);
  });

  test('whose second half failed does not send the first again', async () => {
    let busy = true;
    script = ({ url, body }) => {
      if (url.includes('/media/upload')) return { body: '{"media_id":"M1"}' };
      return busy && body.includes('"text"') ? { body: '{"errcode":-1}' } : OK;
    };
    const { context, kept } = lent(account());
    expect(await failure(wechat.send!(picture, context))).toBe('retry: WeChat is busy (-1)');
    busy = false;
    await wechat.send!(picture, context);
    expect(calls().filter(({ body }) => body.includes('"image"') && body.startsWith('{'))).toHaveLength(1);
    expect([...kept.keys()]).toEqual(['access_token']);
  });

  test('is retried, refused or the end of it all by what WeChat says', async () => {
    const meant = async (reply: Reply) => {
      script = () => reply;
      return failure(wechat.send!(text, lent(account()).context));
    };
    const code = (errcode: number) => meant({ body: JSON.stringify({ errcode, errmsg: 'secret text' }) });
    expect(await code(45015)).toBe('shut: WeChat: the citizen wrote more than 48 hours ago (45015)');
    expect(await code(45047)).toMatch(/^shut: WeChat: five messages/);
    expect(await code(43101)).toMatch(/^refuse/);
    expect(await code(45162)).toMatch(/^refuse/);
    expect(await code(99999)).toBe('refuse: WeChat: refused (99999)');
    expect(await code(48004)).toMatch(/^broken/);
    expect(await code(-1)).toMatch(/^retry/);
    expect(await meant({ status: 503 })).toBe('retry: WeChat answered 503');
    expect(await meant({ status: 429, headers: { 'retry-after': '7' } })).toBe('retry: WeChat answered 429');
    expect(await meant({ body: '{"errco' })).toBe('retry: WeChat answered half a JSON');
    expect(await meant({ body: `{"errmsg":"${'x'.repeat(65_536)}"}` })).toBe('retry: WeChat answered too much');
  });

  test('waits for the next minute or the next day in Beijing when a quota is used up', () => {
    const atMs = Date.parse('2026-01-01T23:59:10+08:00');
    expect(errorOf(45009, atMs)).toMatchObject({ kind: 'retry', retryAfterMs: 50_000 });
    expect(errorOf(45011, atMs + 5_000)).toMatchObject({ kind: 'retry', retryAfterMs: 45_000 });
  });

  test('is given up when WeChat says nothing', async () => {
    script = () => ({ silent: true });
    await expect(wechat.send!(text, lent(account(), { timeoutMs: 200 }).context)).rejects.toThrow(/timeout/);
  });

  test('being written shows to the citizen', async () => {
    const { context } = lent(account());
    await wechat.typing!('o1', true, context);
    await wechat.typing!('o1', false, context);
    expect(calls().map(({ body }) => JSON.parse(body))).toEqual([
      { touser: 'o1', command: 'Typing' },
      { touser: 'o1', command: 'CancelTyping' },
    ]);
  });
});

describe('a file of the citizen', () => {
  const fetched = () => wechat.fetchMedia!({ kind: 'image', id: 'media/1' }, lent(account()).context);

  test('is fetched by its id, whole', async () => {
    const bytes = Buffer.concat([PNG, Buffer.alloc(300_000, 7)]);
    script = () => ({ headers: { 'content-type': 'image/png' }, body: bytes });
    const response = await fetched();
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    expect(calls()[0]!.url).toBe('/cgi-bin/media/get?media_id=media%2F1&access_token=token%2F1');
  });

  test('that is no more is said in JSON with status 200, whatever type it claims', async () => {
    for (const type of ['application/json', 'text/plain', 'image/jpeg']) {
      script = () => ({ headers: { 'content-type': type }, body: '{"errcode":40007,"errmsg":"invalid media_id"}' });
      expect(await failure(fetched()), type).toBe('refuse: WeChat: the media is gone: it lives three days (40007)');
    }
  });

  test('comes with a new token when the old one is refused', async () => {
    script = (asked) =>
      tokenOf(asked) === 'token/1' ? STALE : { headers: { 'content-type': 'image/png' }, body: PNG };
    expect(Buffer.from(await (await fetched()).arrayBuffer())).toEqual(PNG);
    expect(tokens).toBe(2);
  });
});

describe('a subscribe message', () => {
  const feedback: Outbound = {
    ...text,
    text: '',
    template: {
      name: 'feedback',
      values: { number: 'GD-20260101-0001', status: '已办结', note: '路灯已于今日修复，感谢您的来电，欢迎继续监督' },
    },
  };

  test('carries the fields by the keys of the account, each cut to what its kind takes', async () => {
    script = () => ({ body: '{"errcode":0,"msgid":1700827132819554304}' });
    expect(await wechat.send!(feedback, lent(account()).context)).toEqual({ remoteId: '1700827132819554304' });
    expect(calls()[0]!.url).toMatch(/^\/cgi-bin\/message\/subscribe\/send\?/);
    expect(JSON.parse(calls()[0]!.body)).toEqual({
      touser: 'o1',
      template_id: 'rehearsed-template',
      page: 'pages/order/detail',
      data: {
        character_string1: { value: 'GD-20260101-0001' },
        phrase2: { value: '已办结' },
        thing3: { value: '路灯已于今日修复，感谢您的来电，欢迎继…' },
      },
      miniprogram_state: 'formal',
      lang: 'zh_CN',
    });
  });

  test('without the consent of the citizen is refused for good', async () => {
    script = () => ({ body: '{"errcode":43101,"errmsg":"user refuse to accept the msg"}' });
    expect(await failure(wechat.send!(feedback, lent(account()).context))).toBe(
      'refuse: WeChat: the citizen has not agreed to this message (43101)',
    );
  });

  test('that is not set, or of another name, is refused before anything is asked', async () => {
    const { feedbackTemplate: _none, ...unset } = account();
    expect(await failure(wechat.send!(feedback, lent(unset).context))).toMatch(/^refuse/);
    expect(
      await failure(wechat.send!({ ...feedback, template: { name: 'other', values: {} } }, lent(account()).context)),
    ).toMatch(/^refuse/);
    expect(platform.asked).toEqual([]);
  });

  test('counts code points: what is no one half of a pair is left', () => {
    expect(fitted('thing1', '😀'.repeat(20))).toBe('😀'.repeat(20));
    expect(fitted('thing1', '😀'.repeat(21))).toBe(`${'😀'.repeat(19)}…`);
    expect(fitted('thing1', '一\n二\t三')).toBe('一 二 三');
    expect(fitted('character_string9', '工单GD-1号')).toBe('GD-1');
    expect(fitted('character_string9', 'x'.repeat(40))).toBe('x'.repeat(32));
    expect(fitted('phrase2', '正在办理中的')).toBe('正在办理…');
    expect([...readTemplate(' T1  a=thing1 b=phrase2 ').keys]).toEqual([
      ['a', 'thing1'],
      ['b', 'phrase2'],
    ]);
  });
});
