import { describe, expect, test } from 'vitest';
import { answer, fieldOf, OFFER, type RawPeer, rawPeer, request, statusOf } from './raw-peer.ts';

const TIMER = { Supported: 'timer' };

function callOut(peer: RawPeer, headers: Record<string, string>): void {
  const target = 'sip:13800138000@127.0.0.2:5070';
  peer.agent.invite(
    { call: 'out', target, flow: undefined, fromUser: '12345', fromName: '', sdp: OFFER, headers: [] },
    0,
  );
  peer.wait(0);
  peer.say(answer(peer.last('INVITE'), 200, 'far', headers, OFFER));
}

describe('a session timer (RFC 4028)', () => {
  test('that the caller keeps ends the call when no refresh comes', () => {
    const peer = rawPeer();
    peer.call({ ...TIMER, 'Session-Expires': '90;refresher=uac' });
    expect(fieldOf(peer.last('SIP/2.0 200'), 'Session-Expires')).toBe('90;refresher=uac');
    expect(fieldOf(peer.last('SIP/2.0 200'), 'Require')).toBe('timer');
    peer.wait(59_000);
    expect(peer.count('BYE')).toBe(0);
    peer.wait(1_100);
    expect(peer.count('BYE')).toBe(1);
    expect(peer.told.at(-1)).toMatchObject({ kind: 'ended', by: 'timeout' });
  });

  test('is kept alive by the caller with UPDATE or re-INVITE', () => {
    const peer = rawPeer();
    const { call, tag } = peer.call({ ...TIMER, 'Session-Expires': '90;refresher=uac' });
    const headers = { ...TIMER, 'Session-Expires': '90;refresher=uac' };
    for (let cseq = 2; cseq < 6; cseq += 2) {
      peer.wait(45_000);
      peer.say(request('UPDATE', { toTag: tag, cseq, headers }));
      expect(statusOf(peer.heard.at(-1))).toBe(200);
      peer.wait(45_000);
      peer.say(request('INVITE', { toTag: tag, cseq: cseq + 1, headers, body: OFFER }));
      peer.agent.acceptOffer(call, OFFER, peer.nowMs);
      peer.wait(0);
      expect(fieldOf(peer.heard.at(-1), 'Session-Expires')).toBe('90;refresher=uac');
      peer.say(request('ACK', { toTag: tag, cseq: cseq + 1 }));
    }
    expect(peer.count('BYE')).toBe(0);
    expect(peer.agent.callCount()).toBe(1);
  });

  test('that we keep is refreshed by UPDATE at half time when the peer takes it', () => {
    const peer = rawPeer();
    peer.call({ ...TIMER, 'Session-Expires': '120;refresher=uas', Allow: 'INVITE, ACK, BYE, UPDATE' });
    for (let round = 1; round < 4; round++) {
      peer.wait(60_000);
      expect(peer.count('UPDATE')).toBe(round);
      peer.say(answer(peer.last('UPDATE'), 200, 'raw', { 'Session-Expires': '120;refresher=uac' }));
    }
    expect(peer.agent.callCount()).toBe(1);
  });

  test('that we keep is refreshed by re-INVITE otherwise, of which the owner hears nothing', () => {
    const peer = rawPeer();
    peer.call();
    peer.wait(900_000);
    expect(fieldOf(peer.last('INVITE'), 'Session-Expires')).toBe('1800;refresher=uac');
    const before = peer.told.length;
    peer.say(answer(peer.last('INVITE'), 200, 'raw', {}, OFFER));
    expect(peer.count('ACK')).toBe(1);
    expect(peer.told.length).toBe(before);
    peer.wait(900_000);
    expect(peer.count('INVITE')).toBe(2);
  });

  test('frees the line of a peer that died: our refresh stays without an answer', () => {
    const peer = rawPeer();
    peer.call();
    peer.wait(900_000 + 32_000);
    expect(peer.told.at(-1)).toMatchObject({ kind: 'ended', by: 'timeout' });
    expect(peer.agent.callCount()).toBe(0);
  });

  test('of a call of ours is kept by whom the answer names', () => {
    const ours = rawPeer();
    callOut(ours, { 'Session-Expires': '200;refresher=uac' });
    ours.wait(100_000);
    expect(ours.count('INVITE')).toBe(2);
    const theirs = rawPeer();
    callOut(theirs, { 'Session-Expires': '90;refresher=uas', Require: 'timer' });
    theirs.wait(61_000);
    expect(theirs.count('INVITE')).toBe(1);
    expect(theirs.told.at(-1)).toMatchObject({ kind: 'ended', by: 'timeout' });
  });

  test('shorter than 90 s is refused with 422 and the least', () => {
    const peer = rawPeer();
    peer.say(request('INVITE', { headers: { ...TIMER, 'Session-Expires': '30' }, body: OFFER }));
    expect(statusOf(peer.heard.at(-1))).toBe(422);
    expect(fieldOf(peer.heard.at(-1), 'Min-SE')).toBe('90');
    expect(peer.state.servers.size).toBe(0);
  });

  test('too short for the other side is asked for again at their least', () => {
    const peer = rawPeer();
    const target = 'sip:13800138000@127.0.0.2:5070';
    const invite = { call: 'out', target, flow: undefined, fromUser: '12345', fromName: '', sdp: OFFER, headers: [] };
    peer.agent.invite(invite, 0);
    peer.wait(0);
    peer.say(answer(peer.last('INVITE'), 422, 'far', { 'Min-SE': '3600' }));
    expect(peer.count('ACK')).toBe(1);
    expect(fieldOf(peer.last('INVITE'), 'Session-Expires')).toBe('3600;refresher=uac');
    expect(fieldOf(peer.last('INVITE'), 'Min-SE')).toBe('3600');
    expect(fieldOf(peer.last('INVITE'), 'CSeq')).toBe('2 INVITE');
    peer.say(answer(peer.last('INVITE'), 200, 'far', { 'Session-Expires': '3600;refresher=uac' }, OFFER));
    expect(peer.told.at(-1)).toMatchObject({ kind: 'answered' });
  });

  test('refused with 422 within the call is asked for at their least', () => {
    const peer = rawPeer();
    callOut(peer, {});
    peer.wait(900_000);
    peer.say(answer(peer.last('INVITE'), 422, 'far', { 'Min-SE': '3600' }));
    peer.wait(10_000);
    expect(fieldOf(peer.last('INVITE'), 'Session-Expires')).toBe('3600;refresher=uac');
    peer.say(answer(peer.last('INVITE'), 200, 'far', { 'Session-Expires': '3600;refresher=uac' }, OFFER));
    peer.wait(1_700_000);
    expect(peer.agent.callCount()).toBe(1);
  });
});
