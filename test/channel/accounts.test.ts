import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import alipay from '../../channels/alipay.ts';
import photoReport from '../../channels/photo-report.ts';
import telegram from '../../channels/telegram.ts';
import twilio from '../../channels/twilio.ts';
import webhook from '../../channels/webhook.ts';
import wechat from '../../channels/wechat.ts';
import { keysOf } from '../../src/channel/account.ts';
import { type AccountWarning, readAccounts, USUAL_CLOSING_WORDS, USUAL_REMINDER } from '../../src/channel/accounts.ts';
import type { Channel } from '../../src/channel/channel.ts';

const folder = mkdtempSync(join(tmpdir(), 'minhu-accounts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CHANNELS: Readonly<Record<string, Channel>> = { webhook, telegram };

/** Keys of a length that the channels take. */
const [KEY, NEW, OLD] = ['k', 'new', 'old'].map((text) => text.padEnd(32, '-')) as [string, string, string];

const FAULT = { setting: 'key', zh: '太短', en: 'it is too short' };

function read(
  yaml: string,
  env: Record<string, string> = {},
  more: Readonly<Record<string, Channel>> = {},
  warn: (warning: AccountWarning) => void = () => undefined,
) {
  const file = join(folder, 'channels.yaml');
  writeFileSync(file, yaml);
  writeFileSync(join(folder, 'key'), 'from-a-file-of-32-characters-long\n');
  return readAccounts({
    file,
    load: async (name) => {
      const found = CHANNELS[name] ?? more[name];
      if (found === undefined) throw new Error(`no ${name}`);
      return found;
    },
    queues: new Set(['personal', 'enterprise']),
    env,
    warn,
  });
}

test('secrets come from files and the environment, what is not said has its default, and two accounts of a channel stand apart', async () => {
  const { accounts, problems } = await read(
    `- { channel: webhook, account: one, settings: { key: { file: key } } }
- channel: webhook
  account: two
  settings: { key: { env: KEY }, url: https://partner.example }
  queues: { personal: enterprise }
  receipt: ''
  reminder: ''
  closingWords: '{contact} 结束'
  gap: 30m
- { channel: telegram, account: bot, settings: { token: t, secret: s } }
`,
    { KEY: 'from-the-environment-of-32-characters' },
  );
  expect(problems).toEqual([]);
  expect(accounts.map(({ name, settings }) => [name, settings])).toEqual([
    ['one', { key: 'from-a-file-of-32-characters-long', url: undefined }],
    ['two', { key: 'from-the-environment-of-32-characters', url: 'https://partner.example' }],
    ['bot', { token: 't', secret: 's', api: 'https://api.telegram.org' }],
  ]);
  expect(accounts[0]).toMatchObject({ queues: { personal: 'personal', enterprise: 'enterprise' }, gapMs: undefined });
  expect(accounts[0]!.receipt).toContain('{contact}');
  expect([accounts[0]!.reminder, accounts[0]!.closingWords]).toEqual([USUAL_REMINDER, USUAL_CLOSING_WORDS]);
  expect(accounts[1]).toMatchObject({
    queues: { personal: 'enterprise', enterprise: 'enterprise' },
    receipt: undefined,
    reminder: undefined,
    closingWords: '{contact} 结束',
    gapMs: 1_800_000,
  });
});

test('the keys of before hold beside the new ones until the time that was said', async () => {
  const { accounts } = await read(`- channel: webhook
  account: one
  settings: { key: ${NEW}, url: https://partner.example }
  previous: { key: ${OLD} }
  previousUntil: 2026-12-01T00:00+08:00
`);
  const untilMs = Date.parse('2026-11-30T16:00:00Z');
  const [account] = accounts;
  expect(keysOf(account!, untilMs - 1)).toEqual([
    { key: NEW, url: 'https://partner.example' },
    { key: OLD, url: 'https://partner.example' },
  ]);
  expect(keysOf(account!, untilMs)).toHaveLength(1);
});

test('each mistake is told with its line and what to write, and leaves the other accounts alone', async () => {
  const { accounts, problems } = await read(`- { channel: webhook, account: good, settings: { key: ${KEY} } }
- { channel: nowhere, account: one, settings: {} }
- { channel: webhook, account: two, settings: {} }
- { channel: webhook, account: three, settings: { key: ${KEY}, colour: red } }
- { channel: webhook, account: four, settings: { key: { env: NOT_SET } } }
- { channel: webhook, account: five, settings: { key: { file: not-there } } }
- { channel: webhook, account: six, settings: { key: ${KEY} }, queues: { personal: lost } }
- { channel: webhook, account: seven, settings: { key: ${KEY} }, previous: { key: ${OLD} } }
- { channel: webhook, account: good, settings: { key: ${KEY} } }
- { channel: webhook, settings: { key: ${KEY} } }
`);
  expect(accounts.map(({ name }) => name)).toEqual(['good']);
  expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const words = [
    'no nowhere',
    '"key" is missing',
    'no "colour"',
    'no NOT_SET',
    'ENOENT',
    'no queue "lost"',
    'until when',
    'twice',
    'account',
  ];
  for (const [index, word] of words.entries()) expect(problems[index]!.message).toContain(word);
  for (const { fix } of problems) expect(fix).not.toBe('');
  expect(problems.map(({ channel, account }) => `${channel}/${account}`)).toEqual([
    ...['nowhere/one', 'webhook/two', 'webhook/three', 'webhook/four', 'webhook/five', 'webhook/six'],
    ...['webhook/seven', 'webhook/good', 'webhook/'],
  ]);
});

test('a secret whose file is empty leaves its account out: anybody could sign with it', async () => {
  for (const text of ['', '\n', ' \r\n']) {
    writeFileSync(join(folder, 'nothing'), text);
    const { accounts, problems } = await read(
      '- { channel: webhook, account: one, settings: { key: { file: nothing } } }\n',
    );
    expect(accounts).toEqual([]);
    expect(problems[0]!.message).toContain('empty');
  }
});

test('without a file, or with nothing but remarks in it, there are no accounts', async () => {
  expect(await read('# nothing yet\n')).toEqual({ accounts: [], problems: [] });
  const nowhere = { file: join(folder, 'none.yaml'), load: async () => webhook, queues: new Set<string>(), env: {} };
  expect(await readAccounts(nowhere)).toEqual({ accounts: [], problems: [] });
});

test('a key too short to sign with leaves the account out, of the web-hook and of photo reports', async () => {
  const photos = 'photos: https://photos.example, area: "30.0,103.0 31.5,105.0"';
  const { accounts, problems } = await read(
    `- { channel: webhook, account: short, settings: { key: ${KEY.slice(1)} } }
- { channel: webhook, account: long, settings: { key: ${KEY} } }
- { channel: photo-report, account: short, settings: { key: ${KEY.slice(1)}, ${photos} } }
- { channel: photo-report, account: long, settings: { key: ${KEY}, ${photos} } }
`,
    {},
    { 'photo-report': photoReport },
  );
  expect(accounts.map(({ channel, name }) => `${channel.name}/${name}`)).toEqual(['webhook/long', 'photo-report/long']);
  expect(problems.map(({ line, message }) => [line, message])).toEqual([
    [1, expect.stringContaining('32 characters')],
    [3, expect.stringContaining('32 characters')],
  ]);
});

test('what a channel finds wrong with its settings leaves the account out, with the line, and tells nothing of the secret', async () => {
  const checked: Channel = { ...webhook, check: ({ key = '' }) => (key.length < 4 ? FAULT : undefined) };
  const { accounts, problems } = await read(
    `- { channel: checked, account: good, settings: { key: { env: LONG } } }
- { channel: checked, account: short, settings: { key: { env: SHORT } } }
- channel: checked
  account: old
  settings: { key: { env: LONG } }
  previous: { key: { env: SHORT } }
  previousUntil: 2030-01-01T00:00+08:00
- { channel: broken, account: one, settings: { key: { env: LONG } } }
`,
    { LONG: 'long-enough', SHORT: 'xyz' },
    {
      checked,
      broken: {
        ...webhook,
        check() {
          throw new Error('its own mistake');
        },
      },
    },
  );
  expect(accounts.map(({ name }) => name)).toEqual(['good']);
  expect(problems.map(({ line, message }) => [line, message])).toEqual([
    [2, expect.stringMatching(/“key”不正确：太短。 "key" of webhook is wrong: it is too short\.$/)],
    [5, expect.stringContaining('it is too short')],
    [8, expect.stringContaining('its own mistake')],
  ]);
  expect(JSON.stringify(problems)).not.toContain('xyz');
});

test('a secret that stands in the file in plain text is warned of, and taken', async () => {
  const warnings: AccountWarning[] = [];
  const { accounts } = await read(
    `- channel: webhook
  account: one
  settings:
    url: https://partner.example
    key: plain-text-of-32-characters-or-more
  previous: { key: older-text-of-32-characters-or-more }
  previousUntil: 2030-01-01T00:00+08:00
- { channel: webhook, account: two, settings: { key: { file: key } } }
`,
    {},
    {},
    (warning) => warnings.push(warning),
  );
  expect(accounts).toHaveLength(2);
  expect(warnings.map(({ line }) => line)).toEqual([5, 6]);
  expect(warnings[0]!.message).toMatch(/明文.*plain text/);
  expect(JSON.stringify(warnings)).not.toMatch(/plain-text|older-text/);
});

test.each([
  ['wechat', wechat, { encodingAesKey: 'a'.repeat(42) }, 'encodingAesKey'],
  ['wechat', wechat, { appId: '1234567890123456' }, 'appId'],
  ['alipay', alipay, { privateKey: 'MIIBVQIBADANBg' }, 'privateKey'],
  ['twilio', twilio, { accountSid: 'AC123' }, 'accountSid'],
  ['photo-report', photoReport, { area: '四川省' }, 'area'],
] as const)('%s takes its own rehearsed settings and finds a mistyped one: %#', (_name, channel, wrong, setting) => {
  const { settings } = (channel as Channel).rehearsal!;
  expect((channel as Channel).check!(settings)).toBeUndefined();
  expect((channel as Channel).check!({ ...settings, ...wrong })?.setting).toBe(setting);
});
