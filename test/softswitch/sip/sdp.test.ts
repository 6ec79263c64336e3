import { describe, expect, test } from 'vitest';
import { answerOffer, type LocalMedia, makeOffer, parseSdp, readAnswer } from '../../../src/softswitch/sip/sdp.ts';

const local: LocalMedia = { ip: '192.0.2.1', port: 20_000, sessionId: 7 };
const lines = (...text: string[]) => `${['v=0', 'o=- 1 1 IN IP4 192.0.2.9', 's=-', ...text].join('\r\n')}\r\n`;
const offer = (...text: string[]) => lines('c=IN IP4 192.0.2.9', 't=0 0', ...text);

describe('an answer (RFC 3264)', () => {
  test('takes the first codec of the offer that we speak, with its telephone-event', () => {
    const result = answerOffer(
      offer('m=audio 4000 RTP/AVP 18 0 8 96', 'a=rtpmap:18 G729/8000', 'a=rtpmap:96 telephone-event/8000'),
      local,
      '192.0.2.8',
    );
    expect(result?.remote).toEqual({
      ip: '192.0.2.9',
      port: 4000,
      codec: 'PCMU',
      digitsPayload: 96,
      sends: true,
      receives: true,
      signallingIp: '192.0.2.8',
    });
    expect(result?.answer).toContain('m=audio 20000 RTP/AVP 0 96\r\n');
  });

  test('has as many m= lines as the offer, and port 0 for what is not taken', () => {
    const result = answerOffer(
      offer('m=video 5000 RTP/AVP 31', 'm=audio 4000 RTP/SAVP 8', 'm=audio 4002 RTP/AVP 8', 'm=audio 4004 RTP/AVP 0'),
      local,
      '',
    );
    expect(result?.answer.match(/^m=.*$/gm)).toEqual([
      'm=video 0 RTP/AVP 31',
      'm=audio 0 RTP/SAVP 8',
      'm=audio 20000 RTP/AVP 8',
      'm=audio 0 RTP/AVP 0',
    ]);
    expect(result?.remote.port).toBe(4002);
  });

  test.each([
    ['a=sendrecv', 'a=sendrecv', true, true],
    ['a=sendonly', 'a=recvonly', false, true],
    ['a=recvonly', 'a=sendonly', true, false],
    ['a=inactive', 'a=inactive', false, false],
  ])('to %s is %s', (theirs, ours, sends, receives) => {
    const result = answerOffer(offer('m=audio 4000 RTP/AVP 8', theirs), local, '');
    expect(result?.answer).toContain(`${ours}\r\n`);
    expect(result?.remote).toMatchObject({ sends, receives });
  });

  test('reads c=0.0.0.0 as hold', () => {
    const result = answerOffer(lines('c=IN IP4 0.0.0.0', 't=0 0', 'm=audio 4000 RTP/AVP 8'), local, '');
    expect(result?.remote).toMatchObject({ sends: false, receives: true });
    expect(result?.answer).toContain('a=recvonly\r\n');
  });

  test('keeps the version of an unchanged description and raises it by one on change', () => {
    const first = answerOffer(offer('m=audio 4000 RTP/AVP 8'), local, '')!.answer;
    const same = answerOffer(offer('m=audio 4000 RTP/AVP 8'), { ...local, sessionId: 99, previous: first }, '')!.answer;
    const held = answerOffer(offer('m=audio 4000 RTP/AVP 8', 'a=sendonly'), { ...local, previous: same }, '')!.answer;
    expect([first, same, held].map((text) => /^o=.*$/m.exec(text)?.[0])).toEqual([
      'o=- 7 1 IN IP4 192.0.2.1',
      'o=- 7 1 IN IP4 192.0.2.1',
      'o=- 7 2 IN IP4 192.0.2.1',
    ]);
  });

  test.each([
    ['no common codec', offer('m=audio 4000 RTP/AVP 18')],
    ['only port 0', offer('m=audio 0 RTP/AVP 8')],
    ['no audio', offer('m=video 4000 RTP/AVP 31')],
    ['a host name for an address', lines('c=IN IP4 media.example.com', 't=0 0', 'm=audio 4000 RTP/AVP 8')],
    ['no description', 'hello'],
    ['too many streams', offer(...Array.from({ length: 17 }, () => 'm=audio 4000 RTP/AVP 8'))],
    ['too many lines', offer('m=audio 4000 RTP/AVP 8', ...Array.from({ length: 600 }, () => 'a=x'))],
  ])('is impossible with %s', (_, text) => {
    expect(answerOffer(text, local, '')).toBeUndefined();
  });

  test('speaks IPv6', () => {
    const result = answerOffer(
      lines('c=IN IP6 2001:db8::9', 't=0 0', 'm=audio 4000 RTP/AVP 8'),
      { ...local, ip: '2001:db8::1' },
      '',
    );
    expect(result?.remote.ip).toBe('2001:db8::9');
    expect(result?.answer).toContain('c=IN IP6 2001:db8::1');
  });
});

describe('an offer of ours', () => {
  test('is answered by ourselves, and both sides read the same', () => {
    const ours = makeOffer({ ...local, direction: 'sendonly' });
    const answered = answerOffer(ours, { ip: '192.0.2.2', port: 30_000, sessionId: 8 }, '192.0.2.1');
    expect(answered?.remote).toMatchObject({ codec: 'PCMA', digitsPayload: 101, sends: false, receives: true });
    const read = readAnswer(answered!.answer, '192.0.2.2', 'sendonly');
    expect(read).toMatchObject({ ip: '192.0.2.2', port: 30_000, codec: 'PCMA', sends: true, receives: false });
    expect(parseSdp(ours)).toHaveLength(1);
  });

  test('refused with port 0 or another codec has no far end', () => {
    expect(readAnswer(offer('m=audio 0 RTP/AVP 8'), '')).toBeUndefined();
    expect(readAnswer(offer('m=audio 4000 RTP/AVP 18'), '')).toBeUndefined();
  });
});
