import { describe, expect, test } from 'vitest';
import { ha1Of, parseDigest, responseOf } from '../../../src/softswitch/sip/digest.ts';
import type { Flow } from '../../../src/softswitch/sip/user-agent.ts';
import { fieldOf, PEER, type RawPeer, rawPeer, request, statusOf } from './raw-peer.ts';
import { PASSWORD } from './virtual-wire.ts';

const URI = 'sip:12345@127.0.0.1:5060';
const contact = (host: number) => `<sip:1001@192.0.2.${host}:5060>`;

/** A REGISTER with the right password; its status. `cseq` is that of the request that counts. */
function register(peer: RawPeer, cseq: number, headers: Record<string, string>, callId = 'phone'): number {
  const party = { From: '<sip:1001@minhu>;tag=r', To: '<sip:1001@minhu>' };
  peer.say(request('REGISTER', { cseq: cseq - 1, callId, headers: { ...party, ...headers } }));
  const nonce = parseDigest(fieldOf(peer.heard.at(-1), 'WWW-Authenticate') ?? '')?.get('nonce') ?? '';
  const ha1 = ha1Of('md5', '1001', 'minhu', PASSWORD);
  const qop = { nc: '00000001', cnonce: 'c' };
  const response = responseOf({ algorithm: 'md5', ha1, method: 'REGISTER', uri: URI, nonce, qop });
  const Authorization = `Digest username="1001", realm="minhu", nonce="${nonce}", uri="${URI}", response="${response}", qop=auth, nc=00000001, cnonce="c"`;
  peer.say(request('REGISTER', { cseq, callId, headers: { ...party, ...headers, Authorization } }));
  return statusOf(peer.heard.at(-1));
}

const contacts = (peer: RawPeer) => peer.agent.registrations().map(({ contact: uri }) => uri);

describe('the registrar', () => {
  test('keeps several phones of a seat, tells of each, and forgets them when their time is over', () => {
    const peer = rawPeer();
    expect(register(peer, 2, { Contact: contact(1), Expires: '60', 'User-Agent': 'desk' })).toBe(200);
    expect(register(peer, 2, { Contact: `${contact(2)};expires=90, ${contact(3)}` }, 'other')).toBe(200);
    expect(contacts(peer)).toHaveLength(3);
    expect(peer.told).toHaveLength(3);
    expect(peer.told[0]).toMatchObject({
      kind: 'registered',
      refreshed: false,
      registration: { flow: PEER, userAgent: 'desk' },
    });
    peer.wait(60_000);
    expect(peer.told.at(-1)).toMatchObject({ kind: 'unregistered', expired: true });
    peer.wait(60_000);
    expect(contacts(peer)).toEqual([]);
    expect(peer.state.registrar.perIp.size + peer.state.registrar.count).toBe(0);
  });

  test('grants 120 s at most, 60 s at least (423), and keeps a refresh as one', () => {
    const peer = rawPeer();
    expect(register(peer, 2, { Contact: contact(1), Expires: '4294967295' })).toBe(200);
    expect(fieldOf(peer.heard.at(-1), 'Contact')).toBe(`${contact(1)};expires=120`);
    expect(register(peer, 4, { Contact: contact(1), Expires: '59' })).toBe(423);
    expect(fieldOf(peer.heard.at(-1), 'Min-Expires')).toBe('60');
    expect(register(peer, 6, { Contact: `${contact(1)};expires=60` })).toBe(200);
    expect(peer.told.at(-1)).toMatchObject({ kind: 'registered', refreshed: true });
    expect(peer.agent.registrations()).toMatchObject([{ expiresAtMs: 60_000 }]);
    expect(peer.state.registrar.count).toBe(1);
  });

  test('drops one phone with expires 0 and all with *, which wants Expires 0', () => {
    const peer = rawPeer();
    register(peer, 2, { Contact: `${contact(1)}, ${contact(2)}, ${contact(3)}` });
    expect(register(peer, 4, { Contact: contact(2), Expires: '0' })).toBe(200);
    expect(contacts(peer)).toHaveLength(2);
    expect(peer.told.at(-1)).toMatchObject({ kind: 'unregistered', expired: false });
    expect(register(peer, 6, { Contact: '*' })).toBe(400);
    expect(register(peer, 8, { Contact: '*', Expires: '60' })).toBe(400);
    expect(register(peer, 10, { Contact: '*', Expires: '0' })).toBe(200);
    expect(contacts(peer)).toEqual([]);
    expect(peer.agent.nextDeadlineMs()).toBeLessThanOrEqual(32_000);
  });

  test('changes nothing for an old CSeq or a list of which one is wrong', () => {
    const peer = rawPeer();
    register(peer, 9, { Contact: contact(1) });
    expect(register(peer, 8, { Contact: contact(1), Expires: '0' })).toBe(500);
    expect(register(peer, 12, { Contact: `${contact(2)}, <tel:+861>` })).toBe(400);
    expect(register(peer, 14, { Contact: `${contact(2)}, ${contact(3)};expires=5` })).toBe(423);
    expect(contacts(peer)).toEqual(['sip:1001@192.0.2.1:5060']);
  });

  test('answers a question without Contact, and holds ten phones of a seat', () => {
    const peer = rawPeer();
    const list = Array.from({ length: 10 }, (_, index) => contact(index + 1)).join(', ');
    expect(register(peer, 2, { Contact: list })).toBe(200);
    expect(register(peer, 4, { Contact: contact(11) })).toBe(503);
    expect(contacts(peer)).toHaveLength(10);
  });

  test('takes back what a file kept, but what is past, and looks for a TCP phone where its Contact says', () => {
    const peer = rawPeer();
    const flow: Flow = { transport: 'tcp', remoteIp: '192.0.2.9', remotePort: 40_000, connection: 5 };
    const kept = { user: '1001', flow, callId: 'x', cseq: 3, userAgent: undefined };
    peer.agent.restore(
      [
        { ...kept, contact: 'sip:1001@192.0.2.9:5062;transport=tcp', expiresAtMs: 50_000 },
        { ...kept, contact: 'sip:1001@192.0.2.8', expiresAtMs: 10 },
      ],
      1_000,
    );
    expect(peer.agent.registrations()).toMatchObject([
      { flow: { transport: 'tcp', remoteIp: '192.0.2.9', remotePort: 5062 }, expiresAtMs: 50_000 },
    ]);
    peer.wait(50_000);
    expect(contacts(peer)).toEqual([]);
  });

  test('keeps a phone whose connection closed, to be reached where its Contact says', () => {
    const peer = rawPeer({}, { transport: 'tcp', remoteIp: '127.0.0.2', remotePort: 40_000, connection: 5 });
    register(peer, 2, { Contact: '<sip:1001@127.0.0.2:5062;transport=tcp>' });
    expect(peer.agent.registrations()[0]?.flow.connection).toBe(5);
    peer.agent.connectionClosed(5, 1);
    expect(peer.agent.registrations()[0]?.flow).toEqual({ transport: 'tcp', remoteIp: '127.0.0.2', remotePort: 5062 });
  });

  test('finds the phone that a URI dials in any spelling, without a look at all that there is', () => {
    const peer = rawPeer();
    register(peer, 2, { Contact: '<sip:1001@192.0.2.1:5060;line=a>' });
    register(peer, 2, { Contact: '<sip:1001@192.0.2.1:5060;line=b>' }, 'other');
    const scanned = () => {
      throw new Error('everything was scanned');
    };
    Object.assign(peer.state.registrar.users, { values: scanned, [Symbol.iterator]: scanned });
    const found = (uri: string) => peer.agent.registrationAt(uri)?.contact;
    expect(found('sip:1001@192.0.2.1:5060;line=b')).toBe('sip:1001@192.0.2.1:5060;line=b');
    expect(found('"Desk" <SIP:1001@192.0.2.1:5060>')).toBe('sip:1001@192.0.2.1:5060;line=a');
    expect(found('sip:1002@192.0.2.1:5060')).toBeUndefined();
    expect(peer.agent.registrationsOf('1001')).toHaveLength(2);
    register(peer, 4, { Contact: '*', Expires: '0' });
    expect(found('sip:1001@192.0.2.1:5060')).toBeUndefined();
    expect(peer.state.registrar.byContact.size).toBe(0);
  });

  test('is asked about an address, and a CANCEL finds its call, without a look at all that there is', () => {
    const peer = rawPeer();
    const phone = rawPeer({}, { transport: 'udp', remoteIp: '198.51.100.7', remotePort: 5060 });
    register(phone, 2, { Contact: contact(1) });
    const scanned = () => {
      throw new Error('everything was scanned');
    };
    Object.assign(phone.state.registrar.users, { values: scanned, [Symbol.iterator]: scanned });
    Object.assign(peer.state.dialogs, { values: scanned, [Symbol.iterator]: scanned });
    phone.say(request('OPTIONS', { callId: 'o' }));
    expect(statusOf(phone.heard.at(-1))).toBe(200);
    peer.say(request('INVITE', { callId: 'c', branch: 'z9hG4bKcancelled' }));
    peer.say(request('CANCEL', { callId: 'c', branch: 'z9hG4bKcancelled' }));
    expect(peer.told.at(-1)).toMatchObject({ kind: 'ended', status: 487 });
  });
});
