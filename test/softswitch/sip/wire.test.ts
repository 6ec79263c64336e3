import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { nationalNumber } from '../../../src/lib/phone-number.ts';
import { createUserAgent } from '../../../src/softswitch/sip/create-user-agent.ts';
import type { SipHappening, UserAgent } from '../../../src/softswitch/sip/user-agent.ts';

/** Two user agents on one virtual wire: every datagram arrives at once, time passes only when told. */
function pair() {
  let chance = 0;
  const ha1 = createHash('md5').update('1001:minhu:secret-of-1001').digest('hex');
  const make = (port: number): UserAgent =>
    createUserAgent({
      realm: 'minhu',
      secret: new Uint8Array(16).fill(port % 251),
      random: (bytes) => createHash('sha512').update(`${++chance}`).digest().subarray(0, bytes),
      localAddress: () => ({ ip: '127.0.0.1', port }),
      trunkOf: (ip) => (ip === '127.0.0.1' ? 'local' : undefined),
      mayDial: (_, number) => number === '12345',
      credentialOf: (user) => (user === '1001' ? { algorithm: 'md5', ha1 } : undefined),
      callsMax: 10,
    });
  const agents = new Map([
    [5060, make(5060)],
    [5070, make(5070)],
  ]);
  const told = { switch: [] as SipHappening[], phone: [] as SipHappening[] };
  const settle = (nowMs: number) => {
    for (let moved = true; moved; ) {
      moved = false;
      for (const [port, agent] of agents) {
        for (const output of agent.takeOutputs()) {
          moved = true;
          if (output.kind === 'send') {
            const from = { transport: 'udp', remoteIp: '127.0.0.1', remotePort: port } as const;
            agents.get(output.flow.remotePort)?.receive(from, output.data, nowMs);
          } else if (output.kind !== 'close') told[port === 5060 ? 'switch' : 'phone'].push(output);
        }
      }
    }
  };
  return { core: agents.get(5060)!, phone: agents.get(5070)!, told, settle };
}

const to = (target: string) => ({
  call: 'out',
  target,
  flow: undefined,
  fromUser: '13800138000',
  fromName: '张三',
  sdp: 'v=0\r\n',
  headers: [],
});
const kinds = (happenings: readonly SipHappening[]) => happenings.map(({ kind }) => kind);

describe('two user agents', () => {
  test.each([
    ['nothing', [], undefined],
    ['a Diversion', [['Diversion', '<sip:12333@10.0.0.1>;reason=unconditional']], '12333'],
    ['two Diversions, the first of which is the latest', [['Diversion', '<sip:2@x>, <sip:12366@x>']], '12366'],
    ['a History-Info', [['History-Info', '<sip:12315@x>;index=1, <sip:12345@x;cause=302>;index=1.1;rc=1']], '12315'],
    [
      'a History-Info of proxies alone',
      [['History-Info', '<sip:12345@x>;index=1, <sip:12345@y>;index=1.1']],
      undefined,
    ],
    [
      'a Diversion beside a History-Info',
      [
        ['History-Info', '<sip:1@x>;index=1'],
        ['Diversion', '<tel:12333>'],
      ],
      '12333',
    ],
    [
      'a History-Info beside a Diversion without a number',
      [
        ['History-Info', '<sip:12333@x>;index=1'],
        ['Diversion', 'nobody'],
      ],
      '12333',
    ],
    [
      'a History-Info that begins with somebody who withholds the number',
      [['History-Info', '<sip:anonymous@anonymous.invalid>;index=1, <sip:12315@x>;index=1.1']],
      '12315',
    ],
    [
      'a History-Info of proxies that write the codes of area and country',
      [['History-Info', '<sip:+862812345@x>;index=1, <sip:02812345@y>;index=1.1']],
      undefined,
    ],
    ['a number with parameters', [['Diversion', '<sip:12333;phone-context=+8628@x;user=phone>']], '12333'],
  ] as const)('tell the number that was dialled first: %s', (_title, headers, diversion) => {
    const wire = pair();
    wire.phone.invite({ ...to('sip:12345@127.0.0.1:5060'), headers }, 0);
    wire.settle(0);
    expect(wire.told.switch[0]).toMatchObject({ kind: 'incoming', dialled: '12345', diversion });
  });

  test('know a telephone number by itself, without the parameters that belong to it', () => {
    const wire = pair();
    const target = 'sip:12345;phone-context=+8628@127.0.0.1:5060;user=phone';
    wire.phone.invite({ ...to(target), fromUser: '13800138000;phone-context=+86' }, 0);
    wire.settle(0);
    expect(wire.told.switch[0]).toMatchObject({ kind: 'incoming', dialled: '12345', from: '13800138000' });
  });

  test("know the area of a caller's number where its context says it", () => {
    const wire = pair();
    const fromUser = '87654321;phone-context=+8628';
    wire.phone.invite({ ...to('sip:12345@127.0.0.1:5060'), fromUser }, 0);
    wire.settle(0);
    expect(wire.told.switch[0]).toMatchObject({ kind: 'incoming', from: '02887654321' });
  });

  test.each([
    '<tel:86543210;phone-context=+8628>',
    '<sip:86543210;phone-context=+8628@x;user=phone>',
    '<tel:+862886543210>',
  ])('know the area of a number that a trunk asserts: %s', (value) => {
    const wire = pair();
    const headers = [['P-Asserted-Identity', value]] as const;
    wire.phone.invite({ ...to('sip:12345@127.0.0.1:5060'), headers }, 0);
    wire.settle(0);
    const { from } = wire.told.switch[0] as { from?: string };
    expect(nationalNumber(from ?? '')).toBe('02886543210');
  });

  test.each(['garbage', '<tel:>', '<sip:1@>', '', '<sip:110@x>, garbage'])(
    'let a caller in whose asserted identity nobody can read: %j',
    (value) => {
      const wire = pair();
      const headers = [['P-Asserted-Identity', value]] as const;
      wire.phone.invite({ ...to('sip:12345@127.0.0.1:5060'), headers }, 0);
      wire.settle(0);
      expect(wire.told.switch[0]).toMatchObject({ kind: 'incoming', dialled: '12345' });
    },
  );

  test('set a call up, and either side ends it', () => {
    for (const ender of ['core', 'phone'] as const) {
      const wire = pair();
      wire.phone.invite(to('sip:12345@127.0.0.1:5060'), 0);
      wire.settle(0);
      const incoming = wire.told.switch[0]!;
      if (incoming.kind !== 'incoming') throw new Error(incoming.kind);
      expect(incoming).toMatchObject({
        dialled: '12345',
        from: '13800138000',
        fromName: '张三',
        source: 'trunk:local',
      });
      wire.core.ring(incoming.call, undefined, false, 1);
      wire.settle(1);
      wire.core.accept(incoming.call, 'v=0\r\n', 2);
      wire.settle(2);
      expect(wire.core.callCount()).toBe(1);
      if (ender === 'core') wire.core.end(incoming.call, undefined, 3);
      else wire.phone.end('out', undefined, 3);
      wire.settle(3);
      expect(kinds(wire.told.switch)).toEqual(['incoming', 'confirmed', 'ended']);
      expect(kinds(wire.told.phone)).toEqual(['ringing', 'answered', 'ended']);
      for (let nowMs = 3; wire.core.nextDeadlineMs() < 1e9; nowMs = wire.core.nextDeadlineMs())
        wire.core.advance(nowMs);
      expect(wire.core.callCount()).toBe(0);
    }
  });

  test('a caller who cancels gets 487', () => {
    const wire = pair();
    wire.phone.invite(to('sip:12345@127.0.0.1:5060'), 0);
    wire.settle(0);
    wire.phone.end('out', undefined, 1);
    wire.settle(1);
    expect(wire.told.switch.at(-1)).toMatchObject({ kind: 'ended', by: 'peer', status: 487 });
    expect(wire.told.phone.at(-1)).toMatchObject({ kind: 'ended', by: 'us', status: 487 });
  });

  test('a phone registers with the right password only', () => {
    for (const [password, status] of [
      ['secret-of-1001', 200],
      ['wrong', 401],
    ] as const) {
      const wire = pair();
      const flow = { transport: 'udp', remoteIp: '127.0.0.1', remotePort: 5060 } as const;
      wire.phone.register('r', { registrar: '127.0.0.1:5060', user: '1001', password, flow, expiresMs: 120_000 }, 0);
      wire.settle(0);
      expect(wire.told.phone.at(-1)).toMatchObject({ kind: 'registerResult', status });
      expect(wire.core.registrations()).toHaveLength(status === 200 ? 1 : 0);
    }
  });
});
