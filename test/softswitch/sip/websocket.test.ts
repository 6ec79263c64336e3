import { describe, expect, test } from 'vitest';
import { ha1Of, parseDigest, responseOf } from '../../../src/softswitch/sip/digest.ts';
import type { Flow } from '../../../src/softswitch/sip/user-agent.ts';
import { answer, fieldOf, OFFER, type RawPeer, rawPeer, request, statusOf, tagOf } from './raw-peer.ts';
import { PASSWORD } from './virtual-wire.ts';

const PAGE: Flow = { transport: 'ws', remoteIp: '127.0.0.1', remotePort: 40_000, connection: 1 };
const AGAIN: Flow = { ...PAGE, remotePort: 40_001, connection: 2 };
const CONTACT = '<sip:k3v9@x8q2.invalid;transport=ws>';
const URI = 'sip:12345@127.0.0.1:5060';
const via = (branch: string) => `SIP/2.0/WS x8q2.invalid;branch=z9hG4bK${branch}`;
let branches = 0;

function said(method: string, more: Readonly<Record<string, string>>, cseq = 1, body = '', callId = 'page'): string {
  branches += 1;
  return request(method, { cseq, callId, body, headers: { Via: via(`ws${branches}`), Contact: CONTACT, ...more } });
}

function authorized(
  peer: RawPeer,
  method: string,
  user = '1001',
  ha1 = ha1Of('md5', '1001', 'minhu', PASSWORD),
): Readonly<Record<string, string>> {
  const nonce = parseDigest(fieldOf(peer.heard.at(-1), 'WWW-Authenticate') ?? '')?.get('nonce') ?? '';
  const qop = { nc: '00000001', cnonce: 'c' };
  const response = responseOf({ algorithm: 'md5', ha1, method, uri: URI, nonce, qop });
  return {
    Authorization: `Digest username="${user}", realm="minhu", nonce="${nonce}", uri="${URI}", response="${response}", qop=auth, nc=00000001, cnonce="c"`,
  };
}

const PARTY = { From: '<sip:1001@minhu>;tag=r', To: '<sip:1001@minhu>' };

function register(peer: RawPeer, flow: Flow = PAGE, cseq = 1): void {
  const say = (text: string): void => {
    peer.agent.receive(flow, Buffer.from(text), peer.nowMs);
    peer.wait(0);
  };
  say(said('REGISTER', { ...PARTY, Expires: '120' }, cseq, '', 'reg'));
  say(said('REGISTER', { ...PARTY, Expires: '120', ...authorized(peer, 'REGISTER') }, cseq + 1, '', 'reg'));
  expect(statusOf(peer.heard.at(-1))).toBe(200);
}

function close(peer: RawPeer, connection: number): void {
  peer.agent.connectionClosed(connection, peer.nowMs);
  peer.wait(0);
}

/** Our INVITE to the page, answered. */
function rung(peer: RawPeer): string {
  const { contact, flow } = peer.agent.registrations()[0]!;
  const invite = { call: 'leg', target: contact, flow, fromUser: '12345', fromName: '张三', sdp: OFFER, headers: [] };
  peer.agent.invite(invite, peer.nowMs);
  peer.wait(0);
  const sent = peer.last('INVITE');
  peer.say(answer(sent, 200, 'page', { Contact: CONTACT }, OFFER));
  expect(peer.last('ACK')).toContain('ACK sip:k3v9@x8q2.invalid;transport=ws SIP/2.0');
  return sent ?? '';
}

describe('SIP over WebSocket (RFC 7118)', () => {
  test('a message needs no Content-Length; a double CRLF is answered by one', () => {
    const peer = rawPeer({}, PAGE);
    peer.say('\r\n\r\n');
    expect(peer.heard).toEqual(['\r\n']);
    peer.say('\r\n');
    expect(peer.heard).toHaveLength(1);
    peer.say(said('REGISTER', PARTY).replace(/Content-Length: 0\r\n/, ''));
    expect(statusOf(peer.heard.at(-1))).toBe(401);
  });

  test('a registration is bound to its connection and ends with it', () => {
    const peer = rawPeer({}, PAGE);
    register(peer);
    expect(peer.agent.registrations()).toMatchObject([{ user: '1001', flow: PAGE }]);
    close(peer, 1);
    expect(peer.agent.registrations()).toEqual([]);
    expect(peer.told.at(-1)).toMatchObject({ kind: 'unregistered', expired: false });
  });

  test('one that came again on a new connection outlives the old one; none is restored from a file', () => {
    const peer = rawPeer({}, PAGE);
    register(peer);
    register(peer, AGAIN, 3);
    close(peer, 1);
    expect(peer.agent.registrations()).toMatchObject([{ flow: AGAIN }]);
    const next = rawPeer({}, PAGE);
    next.agent.restore(peer.agent.registrations(), next.nowMs);
    expect(next.agent.registrations()).toEqual([]);
  });

  test('our requests say WS in Via and Contact and go to the connection, whatever the Contact names', () => {
    const peer = rawPeer({}, PAGE);
    register(peer);
    const sent = rung(peer);
    expect(fieldOf(sent, 'Via')).toMatch(/^SIP\/2\.0\/WS 127\.0\.0\.1:5060;/);
    expect(fieldOf(sent, 'Contact')).toBe('<sip:12345@127.0.0.1:5060;transport=ws>');
    const flows: Flow[] = [];
    const bye = said(
      'UPDATE',
      { ...PARTY, To: fieldOf(sent, 'From') ?? '', From: '<sip:1001@minhu>;tag=page', Contact: '<sip:x@127.9.9.9:9>' },
      7,
      '',
      fieldOf(sent, 'Call-ID'),
    );
    peer.say(bye);
    peer.agent.end('leg', undefined, peer.nowMs);
    for (const output of peer.agent.takeOutputs()) if (output.kind === 'send') flows.push(output.flow);
    expect(flows.length).toBeGreaterThan(0);
    expect(flows).toEqual(flows.map(() => PAGE));
  });

  test('nothing is repeated over it', () => {
    const peer = rawPeer({}, PAGE);
    register(peer);
    const { contact, flow } = peer.agent.registrations()[0]!;
    peer.agent.invite(
      { call: 'leg', target: contact, flow, fromUser: '1', fromName: '', sdp: OFFER, headers: [] },
      peer.nowMs,
    );
    peer.wait(10_000);
    expect(peer.count('INVITE')).toBe(1);
  });

  test('a page that closes while it rings ends the ring', () => {
    const peer = rawPeer({}, PAGE);
    register(peer);
    const { contact, flow } = peer.agent.registrations()[0]!;
    peer.agent.invite(
      { call: 'leg', target: contact, flow, fromUser: '1', fromName: '', sdp: OFFER, headers: [] },
      peer.nowMs,
    );
    peer.wait(0);
    peer.say(answer(peer.last('INVITE'), 180, 'page', { Contact: CONTACT }));
    close(peer, 1);
    expect(peer.told).toContainEqual(expect.objectContaining({ kind: 'ended', call: 'leg', status: 503 }));
  });

  test('a call outlives its connection, and goes on over the one on which the same Contact registers', () => {
    const peer = rawPeer({}, PAGE);
    register(peer);
    rung(peer);
    close(peer, 1);
    expect(peer.told.at(-2)).toEqual({ kind: 'connection', call: 'leg', alive: false });
    register(peer, AGAIN, 3);
    expect(peer.told).toContainEqual({ kind: 'connection', call: 'leg', alive: true });
    peer.agent.end('leg', undefined, peer.nowMs);
    const sent = peer.agent.takeOutputs().filter((output) => output.kind === 'send');
    expect(sent.map(({ flow }) => flow)).toEqual([AGAIN]);
  });

  test('a browser is no trunk, though its address is one: 12345 is not open to it', () => {
    const peer = rawPeer({}, PAGE);
    peer.say(said('INVITE', {}, 1, OFFER, 'stranger'));
    expect(statusOf(peer.heard.at(-1))).toBe(403);
    register(peer);
    const from = { From: '<sip:1001@minhu>;tag=i' };
    peer.say(said('INVITE', from, 1, OFFER, 'call'));
    expect(statusOf(peer.heard.at(-1))).toBe(401);
    const asserted = { 'P-Asserted-Identity': '<sip:110@127.0.0.1>' };
    peer.say(said('INVITE', { ...from, ...asserted, ...authorized(peer, 'INVITE') }, 2, OFFER, 'call'));
    expect(peer.told.at(-1)).toMatchObject({ kind: 'incoming', source: 'seat:1001', from: '1001' });
    expect(tagOf(peer.heard.at(-1), 'To')).toBe('');
  });
});

describe('a page without a seat that has a ticket for one number', () => {
  const TICKET = 'web~12345~1790000000~AAAAAAAAAAAAAAAA';
  const HA1 = 'a1'.repeat(16);
  const PARTY_OF_TICKET = { From: `<sip:${TICKET}@minhu>;tag=w` };
  const guests = (calls: string) => ({
    credentialOf: (user: string) => (user === TICKET ? { algorithm: 'md5' as const, ha1: HA1, calls } : undefined),
  });

  /** Challenged, and answered with the ticket. */
  function invite(peer: RawPeer, flow: Flow): void {
    const say = (text: string): void => {
      peer.agent.receive(flow, Buffer.from(text), peer.nowMs);
      peer.wait(0);
    };
    say(said('INVITE', PARTY_OF_TICKET, 1, OFFER, 'guest'));
    expect(statusOf(peer.heard.at(-1))).toBe(401);
    say(said('INVITE', { ...PARTY_OF_TICKET, ...authorized(peer, 'INVITE', TICKET, HA1) }, 2, OFFER, 'guest'));
  }

  test('calls it', () => {
    const peer = rawPeer(guests('12345'), PAGE);
    invite(peer, PAGE);
    expect(peer.told.at(-1)).toMatchObject({ kind: 'incoming', source: `web:${TICKET}`, dialled: '12345' });
  });

  test('calls no other number', () => {
    const peer = rawPeer(guests('12315'), PAGE);
    invite(peer, PAGE);
    expect(statusOf(peer.heard.at(-1))).toBe(403);
    expect(peer.told).toEqual([]);
  });

  test('is not even challenged without a good ticket', () => {
    const peer = rawPeer({ credentialOf: () => undefined }, PAGE);
    peer.say(said('INVITE', PARTY_OF_TICKET, 1, OFFER, 'guest'));
    expect(statusOf(peer.heard.at(-1))).toBe(403);
  });

  test('registers nothing', () => {
    const peer = rawPeer(guests('12345'), PAGE);
    const party = { ...PARTY_OF_TICKET, To: `<sip:${TICKET}@minhu>`, Expires: '120' };
    peer.say(said('REGISTER', party, 1, '', 'guest'));
    expect(statusOf(peer.heard.at(-1))).toBe(401);
    peer.say(said('REGISTER', { ...party, ...authorized(peer, 'REGISTER', TICKET, HA1) }, 2, '', 'guest'));
    expect(statusOf(peer.heard.at(-1))).toBe(403);
    expect(peer.agent.registrations()).toEqual([]);
  });
});
