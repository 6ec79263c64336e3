import { describe, expect, test } from 'vitest';
import { INVITE_MS_MAX } from '../../../src/softswitch/sip/invite-client.ts';
import type { Flow } from '../../../src/softswitch/sip/user-agent.ts';
import { answer, fieldOf, OFFER, type RawPeer, rawPeer, request, statusOf } from './raw-peer.ts';
import { leftovers } from './virtual-wire.ts';

const invite = (call: string) => ({
  call,
  target: 'sip:1001@127.0.0.2:5070',
  ...{ flow: undefined, fromUser: '12345', fromName: '', sdp: OFFER, headers: [] },
});

function ringing(peer: RawPeer): void {
  peer.agent.invite(invite('out'), peer.nowMs);
  peer.wait(0);
  peer.say(answer(peer.last('INVITE'), 180, 'phone'));
}

describe('a phone that rings for ever', () => {
  test('is cancelled when its time is up, however often it says that it rings', () => {
    const peer = rawPeer();
    ringing(peer);
    for (let minute = 1; minute * 60_000 < INVITE_MS_MAX; minute += 1) {
      peer.wait(60_000);
      peer.say(answer(peer.last('INVITE'), 180, 'phone'));
    }
    peer.wait(60_000);
    expect(peer.told.at(-1)).toMatchObject({ kind: 'ended', call: 'out', by: 'timeout', status: 408 });
    expect(peer.count('CANCEL')).toBeGreaterThan(0);
    peer.wait(200_000);
    expect(leftovers(peer.state)).toEqual({});
  });

  test('has no such limit once it is answered', () => {
    const peer = rawPeer();
    ringing(peer);
    peer.say(answer(peer.last('INVITE'), 200, 'phone', { Allow: 'INVITE, ACK, BYE' }, OFFER));
    const told = peer.told.length;
    peer.wait(INVITE_MS_MAX / 20);
    expect(peer.state.timers.has('d out invite')).toBe(false);
    expect(peer.told.slice(told)).toEqual([]);
  });
});

describe('the limit of calls', () => {
  test('holds for calls that go out, and says so', () => {
    const peer = rawPeer({ callsMax: 2 });
    peer.call();
    peer.agent.invite(invite('second'), 0);
    peer.agent.invite(invite('third'), 0);
    peer.wait(0);
    expect(peer.told.at(-1)).toEqual({ kind: 'ended', call: 'third', by: 'us', status: 503, reason: undefined });
    expect(peer.count('INVITE')).toBe(1);
    peer.say(request('INVITE', { callId: 'one-more', body: OFFER }));
    expect(statusOf(peer.heard.at(-1))).toBe(503);
  });
});

describe('the end of a connection', () => {
  test('touches what hangs on it without a look at anything else', () => {
    const flow: Flow = { transport: 'tcp', remoteIp: '127.0.0.2', remotePort: 40_000, connection: 5 };
    const peer = rawPeer({}, flow);
    const via = (branch: string) => ({ Via: `SIP/2.0/TCP 127.0.0.2:5070;branch=z9hG4bK${branch}` });
    peer.say(request('INVITE', { body: OFFER, headers: via('a') }));
    const incoming = peer.told.at(-1);
    if (incoming?.kind !== 'incoming') throw new Error('no call');
    peer.agent.accept(incoming.call, OFFER, 0);
    peer.wait(0);
    const tag = /;tag=(\S+)/.exec(fieldOf(peer.last('SIP/2.0 200'), 'To') ?? '')?.[1];
    peer.say(request('ACK', { toTag: tag, headers: via('b') }));
    peer.agent.ping(incoming.call, 0);
    peer.wait(0);
    const [dialog] = [...peer.state.dialogs.values()];
    const scanned = () => {
      throw new Error('everything was scanned');
    };
    for (const table of [peer.state.dialogs, peer.state.clients, peer.state.registrar.users]) {
      Object.assign(table, { values: scanned, [Symbol.iterator]: scanned, forEach: scanned });
    }
    peer.agent.connectionClosed(5, 1);
    peer.wait(0);
    expect(dialog?.flow.connection).toBeUndefined();
    expect(peer.told.at(-1)).toEqual({ kind: 'pinged', call: incoming.call, alive: false });
    peer.agent.end(incoming.call, undefined, 1);
    const { dialogs, registrations } = peer.state.connected;
    expect([dialogs.size, registrations.size]).toEqual([0, 0]);
  });
});

describe('a seat nobody has', () => {
  const register = (user: string) =>
    request('REGISTER', {
      callId: `register-${user}`,
      headers: { To: `<sip:${user}@minhu>`, From: `<sip:${user}@minhu>;tag=r`, 'X-Long': 'x'.repeat(300) },
    });
  const challengeOf = (peer: RawPeer, user: string): string => {
    peer.say(register(user));
    expect(statusOf(peer.heard.at(-1))).toBe(401);
    return fieldOf(peer.heard.at(-1), 'WWW-Authenticate') ?? '';
  };
  const shape = (challenge: string) => challenge.replace(/nonce="[^"]*"/, 'nonce');

  test('is challenged as one that is there, with either algorithm and the same one each time', () => {
    const peer = rawPeer({
      trunkOf: () => undefined,
      guiseOf: (user) => (user.endsWith('7') ? 'sha256' : 'md5'),
    });
    expect(shape(challengeOf(peer, '1001'))).toBe(shape(challengeOf(peer, '1996')));
    expect(shape(challengeOf(peer, '1002'))).toBe(shape(challengeOf(peer, '1997')));
    expect(challengeOf(peer, '1997')).toContain('algorithm=SHA-256');
  });

  test('is refused as one whose password is wrong', () => {
    const heard = ['1001', '1999'].map((user) => {
      const peer = rawPeer();
      const nonce = /nonce="([^"]*)"/.exec(challengeOf(peer, user))?.[1];
      const fields = `username="${user}", realm="minhu", nonce="${nonce}", uri="sip:12345@127.0.0.1:5060"`;
      const digest = `Digest ${fields}, qop=auth, nc=00000001, cnonce="c", response="${'0'.repeat(32)}"`;
      peer.say(register(user).replace('X-Long', `Authorization: ${digest}\r\nX-Long`));
      return peer.heard.at(-1) ?? '';
    });
    const known = heard[0]!.replaceAll('1001', '1999').replace(/branch=\S+/, '');
    const unknown = heard[1]!.replace(/branch=\S+/, '');
    const bare = (text: string) => shape(text).replace(/(To: .*;tag=).*/, '$1');
    expect(bare(known)).toBe(bare(unknown));
    expect(statusOf(known)).toBe(401);
  });
});
