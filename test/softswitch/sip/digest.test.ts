import { describe, expect, test } from 'vitest';
import {
  type Algorithm,
  checkNonce,
  ha1Of,
  makeNonce,
  parseDigest,
  responseOf,
} from '../../../src/softswitch/sip/digest.ts';
import type { Flow } from '../../../src/softswitch/sip/user-agent.ts';
import { fieldOf, OFFER, PEER, type RawPeer, rawPeer, request, statusOf } from './raw-peer.ts';
import { PASSWORD } from './virtual-wire.ts';

describe('digest answers', () => {
  const rfc7616 = (algorithm: Algorithm) => {
    const nonce = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
    const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
    const ha1 = ha1Of(algorithm, 'Mufasa', 'http-auth@example.org', 'Circle of Life');
    return responseOf({
      algorithm,
      ha1,
      method: 'GET',
      uri: '/dir/index.html',
      nonce,
      qop: { nc: '00000001', cnonce },
    });
  };

  test('are those of RFC 7616 and RFC 2617', () => {
    expect(rfc7616('md5')).toBe('8ca523f5e9506fed4657c9700eebdbec');
    expect(rfc7616('sha256')).toBe('753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1');
    const ha1 = ha1Of('md5', 'Mufasa', 'testrealm@host.com', 'Circle Of Life');
    const nonce = 'dcd98b7102dd2f0e8b11d0f600bfb0c093';
    const qop = { nc: '00000001', cnonce: '0a4f113b' };
    const input = { algorithm: 'md5', ha1, method: 'GET', uri: '/dir/index.html', nonce, qop } as const;
    expect(responseOf(input)).toBe('6629fae49393a05397450978507c4ef1');
  });

  test.each([
    ['md5', '2c662d3ae069c96bdc8915f32a5892f8', 'bd5692e17b6ccc16d8ecf6956c10d606', 'aeb823e68c990f8ac783e6c6c9d46ae6'],
    [
      'sha256',
      'bd18077e5b3e585526fe5d603871c57aef0bb1ca5b411fce76f86425a0d2f738',
      '77855299795e57f1eb7b8f85c8114d031f3e5bb98d026579406bf6d139dee9e7',
      '627ddd970657ac84daab6fdea4c323816410df80a747c76090687d61339fb0b5',
    ],
  ] as const)('of a REGISTER in %s are right with and without qop', (algorithm, ha1, withQop, withoutQop) => {
    expect(ha1Of(algorithm, '8001', 'hotline.local', 's3cret-Agent!')).toBe(ha1);
    const nonce = 'dcd98b7102dd2f0e8b11d0f600bfb0c093';
    const input = { algorithm, ha1, method: 'REGISTER', uri: 'sip:hotline.local', nonce };
    expect(responseOf({ ...input, qop: { nc: '00000001', cnonce: '0a4f113b' } })).toBe(withQop);
    expect(responseOf({ ...input, qop: undefined })).toBe(withoutQop);
  });

  test('of linphone, as captured, are understood', () => {
    const fields = parseDigest(
      'Digest realm="hotline.local", nonce="awPp4WsD6aXu1dDqIQ6xiW8vqwhIDv30", algorithm=SHA-256, username="8001",  uri="sip:hotline.local", response="913290f24faa793f03a0530bed4eee76cb0afba8c4eec836e533ed0635510d2f", cnonce="7fTnqDx-dUj0rkAP", nc=00000001, qop=auth',
    )!;
    const response = responseOf({
      ...{ algorithm: 'sha256', method: 'REGISTER', ha1: ha1Of('sha256', '8001', 'hotline.local', 's3cret-Agent!') },
      ...{ uri: fields.get('uri')!, nonce: fields.get('nonce')! },
      qop: { nc: fields.get('nc')!, cnonce: fields.get('cnonce')! },
    });
    expect(response).toBe(fields.get('response'));
  });
});

const STRANGER: Flow = { transport: 'udp', remoteIp: '198.51.100.7', remotePort: 5070 };
let serial = 0;

interface Login {
  readonly user?: string;
  readonly password?: string;
  readonly algorithm?: Algorithm;
  readonly nc?: string;
  readonly challenge?: string | undefined;
}

/** A REGISTER with the answer to a challenge, the newest unless one is given. */
function login(peer: RawPeer, options: Login = {}): number {
  const { user = '1001', password = PASSWORD, algorithm = 'md5', nc = '00000001' } = options;
  const asked = parseDigest(options.challenge ?? fieldOf(peer.last('SIP/2.0 401'), 'WWW-Authenticate') ?? '');
  const nonce = asked?.get('nonce') ?? 'none';
  const uri = 'sip:12345@127.0.0.1:5060';
  const ha1 = ha1Of(algorithm, user, 'minhu', password);
  const response = responseOf({ algorithm, ha1, method: 'REGISTER', uri, nonce, qop: { nc, cnonce: 'c' } });
  const name = algorithm === 'md5' ? 'MD5' : 'SHA-256';
  return register(peer, user, {
    Authorization: `Digest username="${user}", realm="minhu", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=${name}, qop=auth, nc=${nc}, cnonce="c"`,
  });
}

function register(peer: RawPeer, user = '1001', headers: Record<string, string> = {}): number {
  const before = peer.heard.length;
  const party = { From: `<sip:${user}@minhu>;tag=r`, To: `<sip:${user}@minhu>` };
  peer.say(request('REGISTER', { cseq: ++serial, callId: 'reg', headers: { ...party, ...headers } }));
  return peer.heard.length === before ? 0 : statusOf(peer.heard.at(-1));
}

const challengeIn = (peer: RawPeer) => fieldOf(peer.heard.at(-1), 'WWW-Authenticate') ?? '';

describe('a phone that logs in', () => {
  test('does so with MD5 or SHA-256, as its seat has it', () => {
    const peer = rawPeer();
    expect(register(peer)).toBe(401);
    expect(challengeIn(peer)).toContain('algorithm=MD5');
    expect(login(peer)).toBe(200);
    expect(register(peer, '1002')).toBe(401);
    expect(challengeIn(peer)).toContain('algorithm=SHA-256');
    expect(login(peer, { user: '1002', algorithm: 'md5' })).toBe(401);
    expect(login(peer, { user: '1002', algorithm: 'sha256' })).toBe(200);
  });

  test('may use its nonce again with a higher nc only, and for 60 s only', () => {
    const peer = rawPeer();
    register(peer);
    const challenge = challengeIn(peer);
    expect(login(peer, { challenge })).toBe(200);
    expect(login(peer, { challenge })).toBe(401);
    expect(challengeIn(peer)).toContain('stale=true');
    expect(login(peer, { challenge, nc: '00000003' })).toBe(200);
    expect(login(peer, { challenge, nc: '00000002' })).toBe(401);
    peer.wait(60_001);
    expect(login(peer, { challenge, nc: '00000004' })).toBe(401);
    expect(challengeIn(peer)).toContain('stale=true');
    expect(login(peer)).toBe(200);
  });

  test('cannot use a nonce given to another address', () => {
    const nonce = makeNonce(new Uint8Array(16), 5, '192.0.2.1', new Uint8Array(6));
    expect(checkNonce(new Uint8Array(16), nonce, '192.0.2.1', 6)).toBe('fresh');
    expect(checkNonce(new Uint8Array(16), nonce, '192.0.2.2', 6)).toBe('forged');
    expect(checkNonce(new Uint8Array(16), nonce, '192.0.2.1', 60_006)).toBe('stale');
  });

  test('for another seat than its own is refused with 403', () => {
    const peer = rawPeer();
    register(peer);
    const challenge = challengeIn(peer);
    const uri = 'sip:12345@127.0.0.1:5060';
    const nonce = parseDigest(challenge)!.get('nonce')!;
    const ha1 = ha1Of('md5', '1001', 'minhu', PASSWORD);
    const response = responseOf({
      algorithm: 'md5',
      ha1,
      method: 'REGISTER',
      uri,
      nonce,
      qop: { nc: '00000001', cnonce: 'c' },
    });
    const value = `Digest username="1001", realm="minhu", nonce="${nonce}", uri="${uri}", response="${response}", qop=auth, nc=00000001, cnonce="c"`;
    expect(register(peer, '1002', { Authorization: value })).toBe(403);
    expect(peer.agent.registrations()).toEqual([]);
  });
});

describe('a guesser', () => {
  test('cannot tell a seat that exists from one that does not: the same bytes but the nonce and the salt of the tag', () => {
    const plain = (text: string) =>
      text
        .replace(/nonce="[^"]*"/, 'nonce=""')
        .replace(/(branch=z9hG4bKraw|CSeq: )[0-9]+/g, '$1')
        .replace(/(To: <.*>);tag=\S+/, '$1')
        .replaceAll('1001', 'USER')
        .replaceAll('7777', 'USER');
    const seen = ['1001', '7777'].map((user) => {
      const peer = rawPeer({}, STRANGER);
      register(peer, user);
      login(peer, { user, password: 'wrong-wrong' });
      return peer.heard.map(plain);
    });
    expect(seen[0]).toHaveLength(2);
    expect(seen[0]).toEqual(seen[1]);
  });

  test('is not heard for ten minutes after five wrong passwords, then for an hour', () => {
    const peer = rawPeer({}, STRANGER);
    register(peer);
    for (let guess = 0; guess < 5; guess++) expect(login(peer, { password: `guess-${guess}` })).toBe(401);
    expect(login(peer)).toBe(0);
    const before = peer.heard.length;
    for (const method of ['INVITE', 'OPTIONS', 'BYE', 'MESSAGE']) peer.say(request(method));
    expect(peer.heard.length).toBe(before);
    peer.wait(600_001);
    expect(register(peer)).toBe(401);
    for (let guess = 0; guess < 5; guess++) login(peer, { password: `guess-${guess}` });
    peer.wait(600_001);
    expect(register(peer)).toBe(0);
    peer.wait(3_000_000);
    expect(register(peer)).toBe(401);
    expect(login(peer)).toBe(200);
  });

  test('with a whole IPv6 network is not heard from anywhere in it, and nobody else is deaf for it, a trunk in it neither', () => {
    const TRUNK = '2001:db8:7:1::1';
    const flow = { transport: 'udp' as const, remoteIp: '', remotePort: 5070 };
    const peer = rawPeer({ trunkOf: (ip) => (ip === TRUNK ? 'carrier' : undefined) }, flow);
    const from = (ip: string): RawPeer => {
      flow.remoteIp = ip;
      return peer;
    };
    for (let guess = 0; guess < 5; guess++) {
      expect(register(from(`2001:db8:7:1::${guess + 10}`))).toBe(401);
      expect(login(peer, { password: `guess-${guess}` })).toBe(401);
    }
    expect(register(from('2001:db8:7:1:ffff::77'))).toBe(0);
    expect(register(from('2001:db8:7:2::10'))).toBe(401);
    expect(from(TRUNK).call().call).toBeDefined();
  });

  test('behind a trunk is refused for ever, and the trunk never banned', () => {
    const peer = rawPeer({}, PEER);
    register(peer);
    for (let guess = 0; guess < 50; guess++) expect(login(peer, { password: `guess-${guess}` })).toBe(401);
    expect(register(peer)).toBe(401);
    expect(peer.call().call).toBeDefined();
  });
});

describe('a stranger', () => {
  const call = (index: number) => request('INVITE', { callId: `s${index}`, fromTag: `s${index}`, body: OFFER });

  test('who calls gets one small reply each and leaves nothing, and silence beyond the rate', () => {
    const peer = rawPeer({}, STRANGER);
    for (let index = 0; index < 20; index++) {
      const text = call(index);
      const before = peer.heard.length;
      peer.say(text);
      const replies = peer.heard.slice(before);
      expect(replies.length).toBe(index < 5 ? 1 : 0);
      for (const reply of replies) {
        expect(statusOf(reply)).toBe(403);
        expect(reply.length).toBeLessThanOrEqual(1.5 * text.length);
      }
    }
    peer.wait(60_000);
    expect(peer.heard.length).toBe(5);
    const { calls, dialogs, servers, clients, merged, timers } = peer.state;
    expect([calls, dialogs, servers, clients, merged, timers].map(({ size }) => size)).toEqual([0, 0, 0, 0, 0, 0]);
    peer.say(call(99));
    expect(peer.heard.length).toBe(6);
  });

  test('gets no reply larger than 1.5 times what came, whatever the method, and no answer to OPTIONS', () => {
    for (const method of 'INVITE REGISTER OPTIONS BYE CANCEL INFO UPDATE PRACK MESSAGE REFER SUBSCRIBE NOTIFY PUBLISH X'.split(
      ' ',
    )) {
      const peer = rawPeer({}, STRANGER);
      const text = request(method);
      peer.say(text);
      const most = method === 'OPTIONS' ? 0 : 1;
      expect({ method, replies: peer.heard.length }).toEqual({ method, replies: most });
      for (const reply of peer.heard) {
        expect([401, 403, 405, 481]).toContain(statusOf(reply));
        expect(reply.length / text.length).toBeLessThanOrEqual(1.5);
      }
    }
  });
});
