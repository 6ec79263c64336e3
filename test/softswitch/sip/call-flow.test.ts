import { describe, expect, test } from 'vitest';
import { answer, fieldOf, OFFER, PEER, type RawPeer, rawPeer, request, statusOf, tagOf } from './raw-peer.ts';
import { SDP, VirtualWire } from './virtual-wire.ts';

const invite = (sdp: string | undefined) => ({
  call: 'out',
  target: 'sip:13800138000@127.0.0.2:5070',
  flow: undefined,
  fromUser: '12345',
  fromName: '',
  sdp,
  headers: [],
});

function callOut(peer: RawPeer, offers: 'now' | 'late' = 'now'): void {
  peer.agent.invite(invite(offers === 'now' ? OFFER : undefined), peer.nowMs);
  peer.wait(0);
}

function incoming(peer: RawPeer, headers: Record<string, string> = {}, body = OFFER): string {
  peer.say(request('INVITE', { headers, body }));
  const happening = peer.told.at(-1);
  if (happening?.kind !== 'incoming') throw new Error(`no call: ${peer.heard.at(-1)}`);
  return happening.call;
}

describe('reliable provisional answers (RFC 3262)', () => {
  test('are repeated until PRACK, and the 200 waits for it', () => {
    const peer = rawPeer();
    const call = incoming(peer, { Supported: '100rel' });
    peer.agent.ring(call, SDP, true, 0);
    peer.agent.accept(call, SDP, 0);
    peer.wait(3_600);
    expect(peer.count('SIP/2.0 183')).toBe(4);
    expect(peer.count('SIP/2.0 200')).toBe(0);
    const [rseq, tag] = [fieldOf(peer.last('SIP/2.0 183'), 'RSeq'), tagOf(peer.last('SIP/2.0 183'), 'To')];
    peer.say(request('PRACK', { toTag: tag, cseq: 2, headers: { RAck: '77 1 INVITE' } }));
    expect(statusOf(peer.heard.at(-1))).toBe(481);
    peer.say(request('PRACK', { toTag: tag, cseq: 3 }));
    expect(statusOf(peer.heard.at(-1))).toBe(400);
    peer.say(request('PRACK', { toTag: tag, cseq: 4, headers: { RAck: `${rseq} 1 INVITE` } }));
    expect(peer.count('SIP/2.0 200')).toBe(2);
    expect(fieldOf(peer.heard.at(-1), 'CSeq')).toBe('1 INVITE');
  });

  test('go out one after the other: early media after ringing is not lost', () => {
    const peer = rawPeer();
    const call = incoming(peer, { Require: '100rel' });
    peer.agent.ring(call, undefined, true, 0);
    peer.agent.ring(call, SDP, true, 0);
    peer.wait(0);
    expect([peer.count('SIP/2.0 180'), peer.count('SIP/2.0 183')]).toEqual([1, 0]);
    const ringing = peer.last('SIP/2.0 180');
    const headers = { RAck: `${fieldOf(ringing, 'RSeq')} 1 INVITE` };
    peer.say(request('PRACK', { toTag: tagOf(ringing, 'To'), cseq: 2, headers }));
    expect(fieldOf(peer.last('SIP/2.0 183'), 'RSeq')).toBe('2');
  });

  test('without PRACK for 64*T1 end the call with 504', () => {
    const peer = rawPeer();
    peer.agent.ring(incoming(peer, { Require: '100rel' }), undefined, false, 0);
    peer.wait(32_000);
    expect(peer.count('SIP/2.0 504')).toBe(1);
    expect(peer.told.at(-1)).toMatchObject({ kind: 'ended', by: 'timeout' });
  });

  test('that we get are acknowledged once each, repeats and gaps are not told', () => {
    const peer = rawPeer();
    callOut(peer);
    const says = (rseq: number) =>
      answer(peer.last('INVITE'), 183, 'far', { Require: '100rel', RSeq: `${rseq}` }, OFFER);
    for (const rseq of [5, 5, 7, 6]) peer.say(says(rseq));
    const racks = peer.heard.filter((text) => text.startsWith('PRACK')).map((text) => fieldOf(text, 'RAck'));
    expect(racks).toEqual(['5 1 INVITE', '6 1 INVITE']);
    expect(peer.told.filter(({ kind }) => kind === 'ringing')).toHaveLength(2);
  });
});

describe('offers', () => {
  test('of both sides at once get 491, and both are heard in the end', () => {
    const wire = new VirtualWire(5, { delayMsMax: 20 });
    wire.right.react = (one, nowMs) => {
      if (one.kind === 'incoming') wire.right.agent.accept(one.call, SDP, nowMs);
      if (one.kind === 'offer') wire.right.agent.acceptOffer(one.call, SDP, nowMs);
    };
    wire.left.react = (one, nowMs) => {
      if (one.kind === 'offer') wire.left.agent.acceptOffer(one.call, SDP, nowMs);
    };
    wire.left.agent.invite({ ...invite(SDP), target: 'sip:12345@127.0.0.2:5070' }, 0);
    wire.run(1_000);
    const [call] = wire.right.state.calls.keys();
    wire.left.agent.offer('out', SDP, 1_000);
    wire.right.agent.offer(call!, SDP, 1_000);
    wire.run(1_100);
    expect([...wire.left.sent, ...wire.right.sent].filter((text) => text.startsWith('SIP/2.0 491')).length).toBe(2);
    wire.run(7_000);
    for (const side of [wire.left, wire.right]) {
      expect(side.told.filter((one) => one.kind === 'answered' && one.again)).toHaveLength(1);
    }
  });

  test('a call without an offer gets ours in the 200, and its ACK brings the answer', () => {
    const peer = rawPeer();
    const call = incoming(peer, {}, '');
    expect(peer.told.at(-1)).toMatchObject({ sdp: undefined });
    peer.agent.accept(call, SDP, 0);
    peer.wait(0);
    expect(peer.heard.at(-1)).toContain('m=audio');
    peer.say(request('ACK', { toTag: tagOf(peer.heard.at(-1), 'To'), body: OFFER }));
    expect(peer.told.at(-1)).toMatchObject({ kind: 'confirmed', sdp: OFFER });
  });

  test('our call without an offer answers theirs in the ACK', () => {
    const peer = rawPeer();
    callOut(peer, 'late');
    peer.say(answer(peer.last('INVITE'), 200, 'far', {}, OFFER));
    expect(peer.told.at(-1)).toMatchObject({ kind: 'answered', sdp: OFFER });
    expect(peer.count('ACK')).toBe(0);
    peer.agent.acceptOffer('out', SDP, 0);
    peer.wait(0);
    expect(peer.last('ACK')).toContain(SDP);
  });

  test('our call without an offer that is given up is acknowledged before its BYE', () => {
    const peer = rawPeer();
    callOut(peer, 'late');
    peer.say(answer(peer.last('INVITE'), 200, 'far', {}, OFFER));
    peer.agent.end('out', undefined, 0);
    peer.wait(0);
    expect(peer.heard.slice(-2).map((text) => text.split(' ')[0])).toEqual(['ACK', 'BYE']);
  });

  test('in an UPDATE are answered in its 200, those in a re-INVITE may be refused or taken back', () => {
    const peer = rawPeer();
    const { call, tag } = peer.call();
    peer.say(request('UPDATE', { toTag: tag, cseq: 2, body: OFFER }));
    expect(peer.told.at(-1)).toMatchObject({ kind: 'offer', sdp: OFFER });
    peer.agent.acceptOffer(call, SDP, 0);
    peer.wait(0);
    expect([statusOf(peer.heard.at(-1)), peer.heard.at(-1)?.endsWith(SDP)]).toEqual([200, true]);
    peer.say(request('INVITE', { toTag: tag, cseq: 3, body: OFFER }));
    peer.agent.rejectOffer(call, 488, 0);
    peer.wait(0);
    expect(statusOf(peer.heard.at(-1))).toBe(488);
    peer.say(request('INVITE', { toTag: tag, cseq: 4, branch: 'z9hG4bKback', body: OFFER }));
    peer.say(request('CANCEL', { toTag: tag, cseq: 4, branch: 'z9hG4bKback' }));
    expect(peer.count('SIP/2.0 487')).toBe(1);
    peer.say(request('UPDATE', { toTag: tag, cseq: 5, body: OFFER }));
    expect(peer.told.at(-1)).toMatchObject({ kind: 'offer' });
    expect(peer.agent.callCount()).toBe(1);
  });

  test('of ours that stay at 100 for ever end the call', () => {
    const peer = rawPeer();
    const { call } = peer.call();
    peer.agent.offer(call, SDP, 0);
    peer.wait(0);
    peer.say(answer(peer.last('INVITE'), 100, ''));
    peer.wait(32_000);
    expect(peer.told.at(-1)).toMatchObject({ kind: 'ended', by: 'timeout' });
  });
});

describe('a forked call', () => {
  test('keeps the first answer; the second gets ACK and BYE, and its BYE ends nothing', () => {
    const peer = rawPeer();
    callOut(peer);
    const sent = peer.last('INVITE');
    for (const tag of ['one', 'two']) peer.say(answer(sent, 180, tag));
    peer.say(answer(sent, 200, 'one', {}, OFFER));
    peer.say(answer(sent, 200, 'two', {}, OFFER));
    peer.say(answer(sent, 200, 'two', {}, OFFER));
    const parties = (method: string) =>
      peer.heard.filter((text) => text.startsWith(method)).map((text) => tagOf(text, 'To'));
    expect(parties('ACK')).toEqual(['one', 'two', 'two']);
    expect(parties('BYE')).toEqual(['two']);
    const from = {
      From: fieldOf(sent, 'To') ?? '',
      To: fieldOf(sent, 'From') ?? '',
      'Call-ID': fieldOf(sent, 'Call-ID') ?? '',
    };
    peer.say(request('BYE', { headers: { ...from, From: `${from.From};tag=two` } }));
    expect(statusOf(peer.heard.at(-1))).toBe(481);
    expect(peer.agent.callCount()).toBe(1);
    peer.say(request('BYE', { headers: { ...from, From: `${from.From};tag=one` } }));
    expect(peer.told.at(-1)).toMatchObject({ kind: 'ended', by: 'peer' });
  });

  test('that was cancelled and answered all the same gets ACK and BYE', () => {
    const peer = rawPeer();
    callOut(peer);
    peer.say(answer(peer.last('INVITE'), 180, 'far'));
    peer.agent.end('out', 'Q.850;cause=16', 0);
    peer.wait(0);
    expect(peer.count('CANCEL')).toBe(1);
    expect(peer.told.at(-1)).toMatchObject({ kind: 'ended', by: 'us', status: 487 });
    peer.say(answer(peer.last('INVITE'), 200, 'far', {}, OFFER));
    expect([peer.count('ACK'), peer.count('BYE')]).toEqual([1, 1]);
    expect(peer.told.filter(({ kind }) => kind === 'answered')).toHaveLength(0);
  });

  test('is cancelled only after a provisional answer', () => {
    const peer = rawPeer();
    callOut(peer);
    peer.agent.end('out', undefined, 0);
    peer.wait(100);
    expect(peer.count('CANCEL')).toBe(0);
    peer.say(answer(peer.last('INVITE'), 100, ''));
    expect(peer.count('CANCEL')).toBe(1);
  });
});

describe('a caller who cancels', () => {
  test('gets 200 and 487 with one To tag, both ways the same call', () => {
    const peer = rawPeer();
    peer.say(request('INVITE', { branch: 'z9hG4bKgone', body: OFFER }));
    peer.say(request('CANCEL', { branch: 'z9hG4bKgone', headers: { Reason: 'Q.850;cause=16' } }));
    const replies = ['SIP/2.0 200', 'SIP/2.0 487'].map((start) => peer.last(start));
    expect(tagOf(replies[0], 'To')).toBe(tagOf(replies[1], 'To'));
    expect(peer.told.at(-1)).toMatchObject({ kind: 'ended', by: 'peer', status: 487, reason: 'Q.850;cause=16' });
    peer.wait(64_000);
    expect(peer.state.servers.size + peer.state.dialogs.size).toBe(0);
  });
});

describe('a request out of order', () => {
  const first = (peer: RawPeer) => statusOf(peer.heard.at(-1));

  test('that came by two ways gets 482 on the second', () => {
    const peer = rawPeer();
    incoming(peer);
    peer.say(request('INVITE', { body: OFFER }));
    expect(first(peer)).toBe(482);
    expect(peer.agent.callCount()).toBe(1);
  });

  test.each([
    ['MESSAGE', {}, '', 405],
    ['WHATEVER', {}, '', 501],
    ['INVITE', { Require: 'replaces' }, OFFER, 420],
    ['INVITE', { 'Content-Type': 'application/isup' }, 'x', 415],
    ['INVITE', { 'Max-Forwards': '0' }, OFFER, 483],
    ['BYE', {}, '', 481],
  ] as const)('%s %j gets what RFC 3261 says', (method, headers, body, status) => {
    const peer = rawPeer();
    peer.say(request(method, { headers, body }));
    expect(first(peer)).toBe(status);
    if (status === 405 || status === 501) expect(fieldOf(peer.heard.at(-1), 'Allow')).toContain('INVITE');
    if (status === 420) expect(fieldOf(peer.heard.at(-1), 'Unsupported')).toBe('replaces');
    if (status === 415) expect(fieldOf(peer.heard.at(-1), 'Accept')).toBe('application/sdp');
    expect(peer.state.servers.size).toBe(0);
  });

  test('within a call is told apart by its CSeq', () => {
    const peer = rawPeer();
    const { tag } = peer.call();
    for (const [method, cseq, status] of [
      ['INFO', 5, 200],
      ['INFO', 5, 500],
      ['REFER', 6, 405],
      ['STRANGE', 7, 501],
    ] as const) {
      peer.say(request(method, { toTag: tag, cseq }));
      expect([method, first(peer)]).toEqual([method, status]);
    }
  });
});

describe('within a call', () => {
  test.each([
    ['application/dtmf-relay', 'Signal=5\r\nDuration=240\r\n', '5', 240],
    ['application/dtmf-relay', 'Signal= 10\r\n', '*', 160],
    ['application/dtmf', '#', '#', 160],
    ['application/dtmf', 'd', 'D', 160],
  ])('INFO with %s %j is a key', (type, body, digit, durationMs) => {
    const peer = rawPeer();
    const { call, tag } = peer.call();
    peer.say(request('INFO', { toTag: tag, cseq: 2, headers: { 'Content-Type': type }, body }));
    expect(peer.told.at(-1)).toEqual({ kind: 'digit', call, digit, durationMs });
  });

  test('INFO with another body gets 415, with no key 400', () => {
    const peer = rawPeer();
    const { tag } = peer.call();
    peer.say(request('INFO', { toTag: tag, cseq: 2, headers: { 'Content-Type': 'text/plain' }, body: 'x' }));
    expect(statusOf(peer.heard.at(-1))).toBe(415);
    peer.say(request('INFO', { toTag: tag, cseq: 3, headers: { 'Content-Type': 'application/dtmf' }, body: 'xx' }));
    expect(statusOf(peer.heard.at(-1))).toBe(400);
  });

  test('a ping tells life, death, and a peer that forgot the call', () => {
    const peer = rawPeer();
    const { call } = peer.call();
    peer.agent.ping(call, 0);
    peer.wait(0);
    peer.say(answer(peer.last('OPTIONS'), 501, ''));
    expect(peer.told.at(-1)).toEqual({ kind: 'pinged', call, alive: true });
    peer.agent.ping(call, peer.nowMs);
    peer.wait(1_000);
    peer.agent.ping(call, peer.nowMs);
    peer.wait(40_000);
    const pinged = peer.told.filter(({ kind }) => kind === 'pinged');
    expect(pinged.slice(1)).toEqual([{ kind: 'pinged', call, alive: false }]);
    peer.agent.ping(call, peer.nowMs);
    peer.wait(0);
    peer.say(answer(peer.last('OPTIONS'), 481, ''));
    expect(peer.told.slice(-2).map(({ kind }) => kind)).toEqual(['pinged', 'ended']);
  });

  test('a caller over TCP whose Contact names no transport is reached by its connection', () => {
    const peer = rawPeer({}, { ...PEER, transport: 'tcp', connection: 3 });
    const { call } = peer.call();
    peer.agent.end(call, undefined, 0);
    const sent = peer.agent.takeOutputs().find((output) => output.kind === 'send');
    expect(sent).toMatchObject({ flow: { transport: 'tcp', connection: 3 } });
  });
});
