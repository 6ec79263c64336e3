import { isAbsolute, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Config, isLoopback, loadConfig, parseEndpoint, weakEslPassword } from '../src/config.ts';

const STRONG = 'k9-Vq2xTz8_LmW4p';

function good(env: Readonly<Record<string, string>>): Config {
  const result = loadConfig(env);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

/** The settings complained about. */
function wrong(env: Readonly<Record<string, string>>): readonly string[] {
  const result = loadConfig(env);
  return result.ok ? [] : result.problems.map(({ setting }) => setting);
}

test('without any setting the program runs on this machine alone, with the embedded switch and engine', () => {
  const { callsMax, ...config } = good({});
  expect(config).toEqual({
    dataFolder: resolve('data'),
    cityFolder: resolve('dialplans'),
    channelsFile: resolve('dialplans/channels.yaml'),
    http: { host: '127.0.0.1', port: 8080 },
    tls: undefined,
    ws: { host: '127.0.0.1', port: 5066 },
    wsOrigins: [],
    trustedProxies: [],
    webCall: 'local',
    webChat: 'local',
    sip: { host: '0.0.0.0', port: 5060 },
    rtp: { min: 20_000, max: 29_999 },
    publicIp: undefined,
    eslNodes: [],
    eslPassword: undefined,
    databaseUrl: undefined,
    logLevel: 'info',
    roughSeed: undefined,
  });
  expect(callsMax).toBeGreaterThanOrEqual(250);
});

const RIGHT: readonly [setting: string, value: string, read: (config: Config) => unknown, expected: unknown][] = [
  ['MINHU_DATA', '/srv/minhu', (config) => config.dataFolder, '/srv/minhu'],
  ['MINHU_DATA', 'here', (config) => isAbsolute(config.dataFolder), true],
  ['MINHU_DATA', '  ', (config) => config.dataFolder, resolve('data')],
  ['MINHU_CITY', '/srv/city', (config) => config.cityFolder, '/srv/city'],
  ['MINHU_HTTP', '0.0.0.0:80', (config) => config.http, { host: '0.0.0.0', port: 80 }],
  ['MINHU_HTTP', '[::1]:0', (config) => config.http, { host: '::1', port: 0 }],
  ['MINHU_HTTP', '10.0.0.5:443', (config) => config.ws, { host: '10.0.0.5', port: 5066 }],
  ['MINHU_HTTP', '127.0.0.1:0', (config) => config.ws, { host: '127.0.0.1', port: 0 }],
  ['MINHU_HTTP', '[::]:8080', (config) => config.ws, { host: '0.0.0.0', port: 5066 }],
  ['MINHU_WS', '10.0.0.5:443', (config) => config.ws, { host: '10.0.0.5', port: 443 }],
  [
    'MINHU_WS_ORIGINS',
    'https://a.example, http://b:81',
    (config) => config.wsOrigins,
    ['https://a.example', 'http://b:81'],
  ],
  ['MINHU_TRUSTED_PROXIES', ' 10.0.0.7, fd00::/8 ', (config) => config.trustedProxies, ['10.0.0.7', 'fd00::/8']],
  ['MINHU_WEB_CHAT', 'public', (config) => config.webChat, 'public'],
  ['MINHU_SIP', ' 10.0.0.5:5061 ', (config) => config.sip, { host: '10.0.0.5', port: 5061 }],
  ['MINHU_RTP', '1024-1123', (config) => config.rtp, { min: 1024, max: 1123 }],
  ['MINHU_RTP', '65436-65535', (config) => config.rtp, { min: 65_436, max: 65_535 }],
  ['MINHU_PUBLIC_IP', '203.0.113.7', (config) => config.publicIp, '203.0.113.7'],
  ['MINHU_PUBLIC_IP', '2001:db8::7', (config) => config.publicIp, '2001:db8::7'],
  ['DATABASE_URL', 'postgres://u:p@db/m', (config) => config.databaseUrl, 'postgres://u:p@db/m'],
  ['DATABASE_URL', 'postgresql://db/m', (config) => config.databaseUrl, 'postgresql://db/m'],
  ['MINHU_WEB_CALL', 'public', (config) => config.webCall, 'public'],
  ['MINHU_WEB_CALL', 'off', (config) => config.webCall, 'off'],
  ['LOG_LEVEL', 'debug', (config) => config.logLevel, 'debug'],
  ['LOG_LEVEL', 'silent', (config) => config.logLevel, 'silent'],
  ['MINHU_CALLS_MAX', '1', (config) => config.callsMax, 1],
  ['MINHU_CALLS_MAX', '5000', (config) => config.callsMax, 5_000],
  ['MINHU_ROUGH_SEED', '0', (config) => config.roughSeed, 0],
];

test.each(RIGHT)('%s may be “%s”', (setting, value, read, expected) => {
  expect(read(good({ [setting]: value }))).toEqual(expected);
});

const WRONG: readonly [setting: string, value: string][] = [
  ['MINHU_HTTP', '8080'],
  ['MINHU_HTTP', '127.0.0.1'],
  ['MINHU_HTTP', '127.0.0.1:65536'],
  ['MINHU_HTTP', '127.0.0.1:http'],
  ['MINHU_HTTP', '::1:8080'],
  ['MINHU_HTTP', 'http://127.0.0.1:8080'],
  ['MINHU_WS', '10.0.0.5'],
  ['MINHU_WS', '[::1]:5066'],
  ['MINHU_WS_ORIGINS', 'desk.example'],
  ['MINHU_WS_ORIGINS', 'https://desk.example/page'],
  ['MINHU_TRUSTED_PROXIES', 'proxy.example'],
  ['MINHU_TRUSTED_PROXIES', '0.0.0.0/0'],
  ['MINHU_WEB_CHAT', 'everybody'],
  ['MINHU_SIP', 'sip:10.0.0.5:5060'],
  ['MINHU_SIP', '10.0.0.5 :5060'],
  ['MINHU_SIP', ':5060'],
  ['MINHU_SIP', '[::]:5060'],
  ['MINHU_RTP', '20000'],
  ['MINHU_RTP', '29999-20000'],
  ['MINHU_RTP', '20000-20098'],
  ['MINHU_RTP', '1000-2000'],
  ['MINHU_RTP', '65000-65536'],
  ['MINHU_RTP', '20000 - 29999'],
  ['MINHU_PUBLIC_IP', 'hotline.example.org'],
  ['MINHU_PUBLIC_IP', '203.0.113.7:5060'],
  ['MINHU_PUBLIC_IP', '203.0.113'],
  ['MINHU_PUBLIC_IP', '999.0.113.7'],
  ['DATABASE_URL', 'mysql://db/m'],
  ['DATABASE_URL', 'localhost:5432'],
  ['MINHU_WEB_CALL', 'yes'],
  ['LOG_LEVEL', 'verbose'],
  ['LOG_LEVEL', 'INFO'],
  ['MINHU_CALLS_MAX', '0'],
  ['MINHU_CALLS_MAX', '5001'],
  ['MINHU_CALLS_MAX', '2.5'],
  ['MINHU_CALLS_MAX', 'many'],
  ['MINHU_ROUGH_SEED', '-1'],
  ['MINHU_ESL', 'switch-1'],
  ['MINHU_ESL', '127.0.0.1:8021;127.0.0.2:8021'],
  ['MINHU_ESL', '127.0.0.1:8021,'],
];

test.each(WRONG)('%s may not be “%s”, and the complaint says what to write instead', (setting, value) => {
  const result = loadConfig({ [setting]: value, MINHU_ESL_PASSWORD: STRONG });
  expect(result).toMatchObject({
    ok: false,
    problems: [{ setting, message: expect.stringMatching(/\S/), fix: expect.stringMatching(/\S/) }],
  });
});

test('a certificate without its key is refused, and so is a key alone; both open HTTP to the network', () => {
  expect(wrong({ MINHU_TLS_CERT: 'a.pem' })).toEqual(['MINHU_TLS_CERT, MINHU_TLS_KEY']);
  expect(wrong({ MINHU_TLS_KEY: 'a.pem' })).toEqual(['MINHU_TLS_CERT, MINHU_TLS_KEY']);
  const config = good({ MINHU_TLS_CERT: 'a.pem', MINHU_TLS_KEY: 'b.pem' });
  expect(config.tls).toEqual({ certFile: resolve('a.pem'), keyFile: resolve('b.pem') });
  expect(config.http).toEqual({ host: '0.0.0.0', port: 8080 });
});

test('every mistake is told in one run', () => {
  const env = { MINHU_HTTP: 'x', MINHU_SIP: 'y', MINHU_RTP: 'z', LOG_LEVEL: 'w', MINHU_ESL: '10.0.0.9:8021' };
  expect(wrong(env)).toEqual(['MINHU_HTTP', 'MINHU_SIP', 'MINHU_RTP', 'MINHU_ESL_PASSWORD', 'LOG_LEVEL']);
});

test('a password in DATABASE_URL is never repeated in a complaint', () => {
  expect(JSON.stringify(loadConfig({ DATABASE_URL: 'mysql://u:hunter2@db/m' }))).not.toContain('hunter2');
});

test('several FreeSWITCH nodes are taken with one strong password', () => {
  const config = good({ MINHU_ESL: '10.0.0.1:8021, 10.0.0.2:8021', MINHU_ESL_PASSWORD: STRONG });
  expect(config.eslNodes).toEqual([
    { host: '10.0.0.1', port: 8021 },
    { host: '10.0.0.2', port: 8021 },
  ]);
  expect(config.eslPassword).toBe(STRONG);
});

describe('the event-socket password', () => {
  const near = [{ host: '127.0.0.1', port: 8021 }];
  const far = [...near, { host: '10.0.0.9', port: 8021 }];
  const table: readonly [string | undefined, typeof near, string | undefined, RegExp | undefined][] = [
    [undefined, near, undefined, /not set/],
    [undefined, near, 'test', /not set/],
    ['', near, 'test', undefined],
    ['', far, 'test', /not set/],
    ['ClueCon', near, undefined, /well-known/],
    ['ClueCon', near, 'production', /well-known/],
    ['ClueCon', near, 'test', undefined],
    ['ClueCon', far, 'test', /well-known/],
    ['123456789012345', near, undefined, /shorter than 16/],
    ['123456789012345', far, 'test', /shorter than 16/],
    ['1234567890123456', far, undefined, undefined],
    [STRONG, far, 'production', undefined],
  ];
  test.each(table)('%j for %j with NODE_ENV=%s: %s', (password, nodes, nodeEnv, expected) => {
    const weak = weakEslPassword(password, nodes, nodeEnv);
    if (expected === undefined) expect(weak).toBeUndefined();
    else expect(weak).toMatch(expected);
  });

  test('is not asked for with the embedded switch', () => {
    expect(wrong({ MINHU_ESL_PASSWORD: 'ClueCon' })).toEqual([]);
  });
});

test('addresses of this machine are told from others', () => {
  for (const host of ['localhost', '::1', '127.0.0.1', '127.255.1.2']) expect(isLoopback(host), host).toBe(true);
  for (const host of ['0.0.0.0', '10.0.0.1', '127.evil.example', '1127.0.0.1', '::'])
    expect(isLoopback(host), host).toBe(false);
});

test('an endpoint is read with a name, an IPv4 or a bracketed IPv6 address', () => {
  expect(parseEndpoint('db.example:5432')).toEqual({ host: 'db.example', port: 5432 });
  expect(parseEndpoint('[2001:db8::1]:8021')).toEqual({ host: '2001:db8::1', port: 8021 });
  for (const value of ['', ':1', 'a:', 'a:b', 'a:1:2', '[::1]', 'a b:1']) {
    expect(parseEndpoint(value), value).toBeUndefined();
  }
});
