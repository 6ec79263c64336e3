import { expect, test } from 'vitest';
import { localIpFor } from '../../src/softswitch/sip-sockets.ts';
import { iceAddressesFor } from '../../src/softswitch/switch-sockets.ts';

const bound = (host: string, publicIp?: string) => ({ sip: { host, port: 5060 }, ...(publicIp && { publicIp }) });
const from = (remoteIp: string) => ({ remoteIp });
const here = localIpFor('0.0.0.0', '0.0.0.0', undefined);

test('ICE is told the address that SIP is bound to, and no other', () => {
  expect(iceAddressesFor(from('192.0.2.9'), bound('192.0.2.1'), '198.51.100.1')).toEqual({
    bindIp: '192.0.2.1',
    shown: ['192.0.2.1'],
  });
  expect(iceAddressesFor(from('127.0.0.1'), bound('127.0.0.1'), '127.0.0.1')).toEqual({
    bindIp: '127.0.0.1',
    shown: ['127.0.0.1'],
  });
});

test('of all addresses it is the one that the browser came to', () => {
  expect(iceAddressesFor(from('192.0.2.9'), bound('0.0.0.0'), '192.0.2.1')).toEqual({
    bindIp: '192.0.2.1',
    shown: ['192.0.2.1'],
  });
});

test('the published address stands in its place; a browser on this machine, or behind its proxy, is told all', () => {
  expect(iceAddressesFor(from('192.0.2.9'), bound('0.0.0.0', '203.0.113.1'), '10.0.0.5')).toEqual({
    bindIp: '10.0.0.5',
    shown: ['203.0.113.1'],
  });
  expect(iceAddressesFor(from('127.0.0.1'), bound('0.0.0.0', '203.0.113.1'), '127.0.0.1')).toEqual({
    bindIp: '0.0.0.0',
    shown: [...new Set(['127.0.0.1', here, '203.0.113.1'])],
  });
});
