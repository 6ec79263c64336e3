import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainDescription, readSecure } from '../../../src/softswitch/webrtc/description.ts';
import type { OwnTransport } from '../../../src/softswitch/webrtc/messages.ts';
import {
  createSecure,
  ownAnswer,
  ownOffer,
  type Secure,
  settledPeer,
  takeSecureAnswer,
  takeSecureOffer,
} from '../../../src/softswitch/webrtc/secure.ts';

const PRINT = Array.from({ length: 32 }, (_, n) => n.toString(16).padStart(2, '0').toUpperCase()).join(':');
const OWN: OwnTransport = {
  ...{ ufrag: 'ours', password: 'o'.repeat(22), fingerprint: PRINT, setup: 'active' },
  ...{ icePort: 20_002, ssrc: 4711, relayPort: 40_000 },
};
const SAID = { sessionId: 7, previous: undefined, direction: 'sendrecv' } as const;
const SIGNALLING = '192.0.2.9';

/** What Chromium 156 offers for one microphone. */
const OFFER = [
  'v=0',
  'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'a=extmap-allow-mixed',
  'a=msid-semantic: WMS 5f',
  'm=audio 51234 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126',
  'c=IN IP4 192.168.1.20',
  'a=rtcp:9 IN IP4 0.0.0.0',
  'a=candidate:1 1 udp 2122260223 8a1e4b2c-1111-4222-8333-123456789abc.local 51234 typ host generation 0',
  'a=candidate:2 1 udp 1686052607 203.0.113.9 51234 typ srflx raddr 0.0.0.0 rport 0 generation 0',
  'a=ice-ufrag:4ZcD',
  'a=ice-pwd:2/1muCWoOi3uLifh0NuRHlFp',
  'a=ice-options:trickle',
  `a=fingerprint:sha-256 ${PRINT}`,
  'a=setup:actpass',
  'a=mid:0',
  'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'a=sendrecv',
  'a=rtcp-mux',
  'a=rtpmap:111 opus/48000/2',
  'a=rtpmap:63 red/48000/2',
  'a=rtpmap:9 G722/8000',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:13 CN/8000',
  'a=rtpmap:110 telephone-event/48000',
  'a=rtpmap:126 telephone-event/8000',
  'a=ssrc:1234 cname:x',
  '',
].join('\r\n');

const without = (line: string): string => OFFER.replace(`${line}\r\n`, '');
const instead = (line: string | RegExp, other: string): string => OFFER.replace(line, other);
const ready = (own: Partial<OwnTransport> = {}, shown = ['192.0.2.1']): Secure => {
  const secure = createSecure({ bindIp: '192.0.2.1', shown });
  secure.own = { ...OWN, ...own };
  return secure;
};

describe("a browser's offer", () => {
  test('is taken with PCMA, telephone-event at 8 kHz, and its transport', () => {
    expect(readSecure(OFFER)).toMatchObject({
      ...{ index: 0, mid: '0', ufrag: '4ZcD', password: '2/1muCWoOi3uLifh0NuRHlFp', fingerprint: PRINT },
      ...{ setup: 'actpass', codec: { format: '8', name: 'PCMA' }, digits: '126', direction: 'sendrecv' },
    });
    expect(readSecure(instead(' 8 13', ' 13'))?.codec).toEqual({ format: '0', name: 'PCMU' });
  });

  test.each([
    ['without encryption', instead('UDP/TLS/RTP/SAVPF', 'RTP/AVP')],
    ['without a certificate', without(`a=fingerprint:sha-256 ${PRINT}`)],
    ['with a weak certificate hash', instead(`sha-256 ${PRINT}`, `sha-1 ${PRINT.slice(0, 59)}`)],
    ['without ICE', without('a=ice-ufrag:4ZcD')],
    ['with a short ICE password', instead('2/1muCWoOi3uLifh0NuRHlFp', '2/1mu')],
    ['with ICE characters that are none', instead('4ZcD', '4Z"D')],
    ['without multiplexing', without('a=rtcp-mux')],
    ['without G.711', instead(' 9 0 8 13', ' 9 13')],
    ['without audio', instead('m=audio', 'm=video')],
    ['with a strange role', instead('setup:actpass', 'setup:holdconn')],
  ])('%s is refused', (_, sdp) => {
    expect(readSecure(sdp)).toBeUndefined();
  });

  test('is answered with one codec, our one candidate, our certificate, and refused m= lines in place', () => {
    const secure = ready();
    const two = `${instead('m=audio', 'm=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\nm=audio')}`;
    expect(takeSecureOffer(secure, two, 'sendrecv', SIGNALLING)).toMatchObject({
      ...{ codec: 'PCMA', digitsPayload: 126, sends: true, receives: true },
    });
    const answer = ownAnswer(secure, SAID).split('\r\n');
    expect(answer.filter((line) => line.startsWith('m='))).toEqual([
      'm=video 0 UDP/TLS/RTP/SAVPF 96',
      'm=audio 20002 UDP/TLS/RTP/SAVPF 8 126',
    ]);
    expect(answer).toEqual(
      expect.arrayContaining([
        ...['a=group:BUNDLE 0', 'a=rtpmap:8 PCMA/8000', 'a=rtpmap:126 telephone-event/8000', 'a=setup:active'],
        ...['a=ice-ufrag:ours', `a=fingerprint:sha-256 ${PRINT}`, 'a=rtcp-mux', 'a=mid:0', 'a=sendrecv'],
        ...['a=candidate:1 1 UDP 2130706431 192.0.2.1 20002 typ host', 'a=ssrc:4711 cname:minhu'],
      ]),
    );
    expect(answer.filter((line) => line.startsWith('a=candidate'))).toHaveLength(1);
  });

  test('reaches the library as its checked values alone: no name to resolve, no address to send to', () => {
    const plain = plainDescription(readSecure(OFFER)!);
    expect(plain).not.toMatch(/candidate|local|192\.168|203\.0|opus|extmap/);
    expect(readSecure(plain)).toMatchObject({ ufrag: '4ZcD', fingerprint: PRINT, setup: 'actpass' });
  });

  test('to hold and to take back changes the direction and nothing else', () => {
    const secure = ready();
    takeSecureOffer(secure, OFFER, 'sendrecv', SIGNALLING);
    const first = ownAnswer(secure, SAID);
    const held = takeSecureOffer(secure, instead('a=sendrecv', 'a=sendonly'), 'sendrecv', SIGNALLING);
    expect(held).toMatchObject({ sends: false, receives: true });
    const second = ownAnswer(secure, { ...SAID, previous: first });
    expect(second).toBe(first.replace('a=sendrecv', 'a=recvonly').replace(/^(o=- 7) 1 /m, '$1 2 '));
  });

  test('of another transport within a call is answered when there is one of ours anew; who opens DTLS stays', () => {
    const secure = ready();
    takeSecureOffer(secure, OFFER, 'sendrecv', SIGNALLING);
    ownAnswer(secure, SAID);
    secure.asked = true;
    expect(takeSecureOffer(secure, instead('4ZcD', 'NewU'), 'sendrecv', SIGNALLING)).toBeDefined();
    expect(secure).toMatchObject({ asked: false, own: undefined, role: 'active' });
    expect(ownAnswer(secure, SAID)).toBe('');
    const plain = plainDescription(settledPeer(secure, secure.peer!)).split('\r\n');
    expect(plain).toEqual(expect.arrayContaining(['a=ice-ufrag:NewU', 'a=setup:passive']));
    secure.own = { ...OWN, ufrag: 'anew' };
    expect(ownAnswer(secure, SAID).split('\r\n')).toEqual(
      expect.arrayContaining(['a=ice-ufrag:anew', 'a=setup:active']),
    );
    takeSecureOffer(secure, OFFER.replace('setup:actpass', 'setup:active'), 'sendrecv', SIGNALLING);
    expect(secure.role).toBeUndefined();
  });

  test('an answer of another transport than the call has is refused: nobody offered it one', () => {
    const secure = ready();
    takeSecureOffer(secure, OFFER, 'sendrecv', SIGNALLING);
    expect(takeSecureAnswer(secure, instead('4ZcD', 'NewU'), 'sendrecv', SIGNALLING)).toBeUndefined();
    expect(takeSecureAnswer(secure, OFFER, 'sendrecv', SIGNALLING)).toBeDefined();
  });
});

describe('our own offer', () => {
  test('leaves the role open, and keeps the one that the answer chose', () => {
    const secure = ready({ setup: 'actpass' }, ['203.0.113.1', '192.0.2.1']);
    const offer = ownOffer(secure, { ...SAID, direction: 'sendonly' }).split('\r\n');
    expect(offer).toEqual(
      expect.arrayContaining([
        ...['m=audio 20002 UDP/TLS/RTP/SAVPF 8 101', 'c=IN IP4 203.0.113.1', 'a=setup:actpass', 'a=sendonly'],
        ...['a=candidate:1 1 UDP 2130706431 203.0.113.1 20002 typ host'],
        ...['a=candidate:2 1 UDP 2130706175 192.0.2.1 20002 typ host'],
      ]),
    );
    const answer = instead('setup:actpass', 'setup:active').replace(' 111 63 9 0 8 13 110 126', ' 8 126');
    expect(takeSecureAnswer(secure, answer, 'sendrecv', SIGNALLING)).toMatchObject({ codec: 'PCMA' });
    takeSecureOffer(secure, OFFER, 'sendrecv', SIGNALLING);
    expect(ownAnswer(secure, SAID)).toContain('a=setup:passive');
  });

  test('is not there before the transport is', () => {
    const secure = createSecure({ bindIp: '192.0.2.1', shown: ['192.0.2.1'] });
    expect(ownOffer(secure, SAID)).toBe('');
    takeSecureOffer(secure, OFFER, 'sendrecv', SIGNALLING);
    expect(ownAnswer(secure, SAID)).toBe('');
  });
});

test('whatever a browser says, reading it neither throws nor lets a strange character through', () => {
  const noise = fc.tuple(
    fc.nat(OFFER.length - 1),
    fc.nat(20),
    fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('\r\n', 'a=ice-ufrag:x\r\n', 'm=audio 9 ', '\0', ' ')),
  );
  fc.assert(
    fc.property(fc.array(noise, { minLength: 1, maxLength: 6 }), (edits) => {
      let sdp = OFFER;
      for (const [at, cut, put] of edits) sdp = sdp.slice(0, at) + put + sdp.slice(at + cut);
      const read = readSecure(sdp);
      if (read === undefined) return;
      expect(plainDescription(read)).toMatch(/^[\x20-\x7e\r\n]+$/);
      expect(plainDescription(read).split('\r\n')).toHaveLength(18);
    }),
    { numRuns: 2_000 },
  );
});
