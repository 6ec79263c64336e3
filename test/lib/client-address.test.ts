import { describe, expect, test } from 'vitest';
import { askedOrigin, clientAddress, readNetworks } from '../../src/lib/client-address.ts';

const TRUSTED = readNetworks(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);
const NOBODY = readNetworks([]);

function asked(peer: string, headers: Record<string, string>, trusted = TRUSTED): string {
  return clientAddress({ socket: { remoteAddress: peer } as never, headers }, trusted);
}

describe('who asks', () => {
  test.each([
    ['203.0.113.9', {}, '203.0.113.9'],
    ['::ffff:203.0.113.9', {}, '203.0.113.9'],
    ['10.0.0.1', {}, '10.0.0.1'],
    ['10.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9'],
    ['::ffff:10.0.0.1', { 'x-forwarded-for': '203.0.113.9:4711' }, '203.0.113.9'],
    ['10.0.0.1', { 'x-forwarded-for': '203.0.113.9, 10.0.0.2,192.0.2.7' }, '203.0.113.9'],
    ['fd00::1', { 'x-forwarded-for': '2001:db8::9' }, '2001:db8::9'],
    ['10.0.0.1', { forwarded: 'for=203.0.113.9;proto=https;by=10.0.0.1' }, '203.0.113.9'],
    ['10.0.0.1', { forwarded: 'for=198.51.100.1, proto=https; For="[2001:db8::9]:4711"' }, '2001:db8::9'],
    ['10.0.0.1', { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' }, '203.0.113.9'],
    // A chain of ours alone: the first of it.
    ['10.0.0.1', { 'x-forwarded-for': '10.0.0.3, 10.0.0.2' }, '10.0.0.3'],
  ])('%s with %j is %s', (peer, headers, is) => expect(asked(peer, headers)).toBe(is));

  test.each([
    ['a stranger says who it is', '203.0.113.9', { 'x-forwarded-for': '198.51.100.1' }, '203.0.113.9'],
    ['a stranger says so otherwise', '203.0.113.9', { forwarded: 'for=198.51.100.1' }, '203.0.113.9'],
    [
      'who asks through the proxy wrote first',
      '10.0.0.1',
      { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' },
      '203.0.113.9',
    ],
    ['it claims to be one of the proxies', '10.0.0.1', { 'x-forwarded-for': '10.9.9.9, 203.0.113.9' }, '203.0.113.9'],
    [
      'it wrote the header that the proxy passes on',
      '10.0.0.1',
      { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=198.51.100.1' },
      '203.0.113.9',
    ],
    ['it wrote no address', '10.0.0.1', { 'x-forwarded-for': '198.51.100.1, unknown' }, '10.0.0.1'],
    ['it wrote an address that is none', '10.0.0.1', { 'x-forwarded-for': '203.0.113.999' }, '10.0.0.1'],
    ['it quoted a comma', '10.0.0.1', { forwarded: 'for="198.51.100.1, 1.2.3.4", for=203.0.113.9' }, '203.0.113.9'],
  ])('%s: nothing gained', (_, peer, headers, is) => expect(asked(peer, headers)).toBe(is));

  test('without trusted proxies headers say nothing, of whomever', () => {
    expect(asked('127.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, NOBODY)).toBe('127.0.0.1');
  });

  test('a header of a mebibyte is looked at from its end', () => {
    const header = `${'198.51.100.1,'.repeat(80_000)}203.0.113.9`;
    expect(asked('10.0.0.1', { 'x-forwarded-for': header })).toBe('203.0.113.9');
  });
});

test.each(['', 'proxy', '10.0.0.0/0', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/', 'fd00::/129', '10.0.0'])(
  '“%s” is no network',
  (entry) => expect(() => readNetworks([entry])).toThrow(TypeError),
);

test('where it was asked follows from its host; from a trusted proxy also how, from anybody else not', () => {
  const host = '12345.example.gov.cn';
  const from = (remoteAddress: string, headers: Record<string, string>, more: object = {}) =>
    askedOrigin({ socket: { remoteAddress, ...more } as never, headers }, TRUSTED);
  const https = { host, 'x-forwarded-proto': 'https' };
  expect(from('10.0.0.1', https)).toBe(`https://${host}`);
  expect(from('10.0.0.1', { host, 'x-forwarded-proto': 'https, http' })).toBe(`http://${host}`);
  expect(from('203.0.113.9', https)).toBe(`http://${host}`);
  expect(from('203.0.113.9', { host: '[2001:db8::1]:8443' }, { encrypted: true })).toBe('https://[2001:db8::1]:8443');
  for (const none of ['', 'a b', 'a/b', 'x@y', 'a:b', '<x>', `${'a'.repeat(300)}`])
    expect(from('10.0.0.1', { host: none })).toBeUndefined();
});
