import { createSocket } from 'node:dgram';
import type { MediaReport, MediaWish } from '../../../src/softswitch/media/messages.ts';
import type { OutgoingInvite, Registration, SipOutput, UserAgent } from '../../../src/softswitch/sip/user-agent.ts';
import type { Layers } from '../../../src/softswitch/start-switch.ts';

const FLOW = { transport: 'udp', remoteIp: '127.0.0.1', remotePort: 5099 } as const;

export const SDP = [
  ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
  ...['m=audio 40000 RTP/AVP 8 101', 'a=rtpmap:8 PCMA/8000', 'a=rtpmap:101 telephone-event/8000', ''],
].join('\r\n');

/** SIP and media played by hand, so that the engine's own order of things can be seen without a network. */
export interface Script {
  readonly layers: Layers;
  readonly invites: OutgoingInvite[];
  readonly said: Array<readonly [string, string, ...unknown[]]>;
  readonly wishes: MediaWish[];
  readonly registrations: Registration[];
  happen(output: SipOutput): void;
  report(report: MediaReport): void;
  /** Set when the switch is up: any datagram makes it look for what happened. */
  sipPort: number;
  close(): void;
  caller(call: string, more?: Partial<Extract<SipOutput, { kind: 'incoming' }>>): void;
}

export function createScript(): Script {
  const outputs: SipOutput[] = [];
  const said: Script['said'] = [];
  const invites: OutgoingInvite[] = [];
  const wishes: MediaWish[] = [];
  const registrations: Registration[] = [];
  let report: (report: MediaReport) => void = () => {};
  const say =
    (verb: string) =>
    (call: string, ...rest: unknown[]): void => {
      said.push([verb, call, ...rest]);
    };
  const agent = {
    ...{ ring: say('ring'), accept: say('accept'), reject: say('reject'), end: say('end'), ping: say('ping') },
    ...{ acceptOffer: say('acceptOffer'), rejectOffer: say('rejectOffer'), offer: say('offer'), sendInfo: say('info') },
    receive: () => {},
    connectionClosed: () => {},
    unreachable: () => {},
    advance: () => {},
    nextDeadlineMs: () => Number.POSITIVE_INFINITY,
    takeOutputs: () => outputs.splice(0),
    invite: (invite: OutgoingInvite) => invites.push(invite),
    register: () => {},
    registrations: () => registrations,
    registrationsOf: (user: string) => registrations.filter((held) => held.user === user),
    registrationAt: (uri: string) => registrations.find((held) => held.contact === uri),
    restore: (restored: readonly Registration[]) => registrations.push(...restored),
    callCount: () => 0,
  } as unknown as UserAgent;
  const layers: Layers = {
    createUserAgent: () => agent,
    startMedia: (_options, heard) => {
      report = heard;
      const apply = (wish: MediaWish): void => {
        wishes.push(wish);
        queueMicrotask(() => answerWish(wish, report));
      };
      return { apply, close: () => Promise.resolve() };
    },
    keepPeers: () => ({ warm: () => {}, apply: () => {}, close: () => {} }),
  };
  const send = createSocket('udp4');
  const script: Script = {
    sipPort: 0,
    close: () => send.close(),
    ...{ layers, invites, said, wishes, registrations },
    happen: (output) => {
      outputs.push(output);
      send.send('kick', script.sipPort, '127.0.0.1');
    },
    report: (heard) => report(heard),
    caller: (call, more = {}) =>
      script.happen({
        ...{ kind: 'incoming', call, flow: FLOW, dialled: '12345', from: '13800138000', fromName: '市民张三' },
        ...{ diversion: undefined, source: 'trunk:city', sdp: SDP, callId: `${call}@test`, userAgent: undefined },
        ...more,
      } as SipOutput),
  };
  return script;
}

function answerWish(wish: MediaWish, report: (report: MediaReport) => void): void {
  if (wish.wish === 'open') report({ report: 'opened', leg: wish.leg, port: 30_000 });
  if (wish.wish === 'record') report({ report: 'recordStarted', leg: wish.leg, file: wish.file });
  if (wish.wish === 'stopRecord') {
    report({ report: 'recordEnded', leg: wish.leg, file: wish.file, durationMs: 1000, bytes: 32_044 });
  }
  if (wish.wish === 'close') {
    const stats = { packetsIn: 10, packetsOut: 10, packetsRefused: 0, packetsLost: 0, jitterMs: 0 };
    report({ report: 'closed', leg: wish.leg, stats });
  }
}
