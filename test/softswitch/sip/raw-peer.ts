import { emptyState, userAgentOn } from '../../../src/softswitch/sip/create-user-agent.ts';
import type { State } from '../../../src/softswitch/sip/state.ts';
import type { Flow, SipHappening, UserAgent, UserAgentOptions } from '../../../src/softswitch/sip/user-agent.ts';
import { optionsOf, seeded } from './virtual-wire.ts';

/** One user agent and a peer that says whatever a test writes. */
export interface RawPeer {
  readonly agent: UserAgent;
  readonly state: State;
  readonly told: SipHappening[];
  /** Every message that the agent sent, oldest first. */
  readonly heard: string[];
  nowMs: number;
  say(text: string): void;
  /** Fires what comes due until then. */
  wait(ms: number): void;
  /** The newest message that begins so, or nothing. */
  last(start: string): string | undefined;
  count(start: string): number;
  /** A call that the peer made and the agent answered, acknowledged. */
  call(headers?: Readonly<Record<string, string>>): { readonly call: string; readonly tag: string };
}

export interface Parts {
  readonly toTag?: string | undefined;
  readonly fromTag?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly branch?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly user?: string;
}

export const OFFER =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n';
let branches = 0;

export function request(method: string, parts: Parts = {}): string {
  const body = parts.body ?? '';
  const typed =
    body === '' || parts.headers?.['Content-Type'] !== undefined ? {} : { 'Content-Type': 'application/sdp' };
  const headers = {
    Via: `SIP/2.0/UDP 127.0.0.2:5070;rport;branch=${parts.branch ?? `z9hG4bKraw${++branches}`}`,
    From: `"Raw" <sip:13800138000@127.0.0.2>;tag=${parts.fromTag ?? 'raw'}`,
    To: `<sip:12345@127.0.0.1>${parts.toTag === undefined ? '' : `;tag=${parts.toTag}`}`,
    'Call-ID': parts.callId ?? 'raw-call',
    CSeq: `${parts.cseq ?? 1} ${method}`,
    Contact: '<sip:13800138000@127.0.0.2:5070>',
    'Max-Forwards': '70',
    ...typed,
    ...parts.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const start = `${method} sip:${parts.user ?? '12345'}@127.0.0.1:5060 SIP/2.0`;
  return [start, ...lines, `Content-Length: ${body.length}`, '', body].join('\r\n');
}

/** An answer to a request of the agent's. */
export function answer(
  to: string | undefined,
  status: number,
  tag: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): string {
  const copied = (to ?? '').split('\r\n').filter((line) => /^(Via|From|Call-ID|CSeq|Record-Route):/.test(line));
  const party = fieldOf(to, 'To') ?? '';
  const more = Object.entries({
    Contact: '<sip:13800138000@127.0.0.2:5070>',
    ...(body === '' ? {} : { 'Content-Type': 'application/sdp' }),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  const tagged = `To: ${party}${tag === '' || /;tag=/.test(party) ? '' : `;tag=${tag}`}`;
  return [`SIP/2.0 ${status} Said`, ...copied, tagged, ...more, `Content-Length: ${body.length}`, '', body].join(
    '\r\n',
  );
}

export function fieldOf(message: string | undefined, name: string): string | undefined {
  return message
    ?.split('\r\n')
    .find((line) => line.startsWith(`${name}: `))
    ?.slice(name.length + 2);
}

export function tagOf(message: string | undefined, name: 'To' | 'From'): string {
  return /;tag=([^;\s]+)/.exec(fieldOf(message, name) ?? '')?.[1] ?? '';
}

export function statusOf(message: string | undefined): number {
  return Number(/^SIP\/2\.0 ([0-9]{3})/.exec(message ?? '')?.[1]);
}

export const PEER: Flow = { transport: 'udp', remoteIp: '127.0.0.2', remotePort: 5070 };

export function rawPeer(change: Partial<UserAgentOptions> = {}, flow: Flow = PEER): RawPeer {
  const state = emptyState(optionsOf('127.0.0.1', 5060, seeded(7), change));
  const agent = userAgentOn(state);
  const peer: RawPeer = {
    ...{ agent, state, told: [], heard: [], nowMs: 0 },
    say(text) {
      agent.receive(flow, Buffer.from(text, 'latin1'), peer.nowMs);
      drain();
    },
    wait(ms) {
      drain();
      const endMs = peer.nowMs + ms;
      while (agent.nextDeadlineMs() <= endMs) {
        peer.nowMs = Math.max(peer.nowMs, agent.nextDeadlineMs());
        agent.advance(peer.nowMs);
        drain();
      }
      peer.nowMs = endMs;
    },
    last: (start) => peer.heard.findLast((text) => text.startsWith(start)),
    count: (start) => peer.heard.filter((text) => text.startsWith(start)).length,
    call(headers = {}) {
      peer.say(request('INVITE', { headers, body: OFFER }));
      const incoming = peer.told.at(-1);
      if (incoming?.kind !== 'incoming') throw new Error(`no call: ${peer.heard.at(-1)}`);
      agent.accept(incoming.call, OFFER, peer.nowMs);
      peer.wait(0);
      const tag = tagOf(peer.last('SIP/2.0 200'), 'To');
      peer.say(request('ACK', { toTag: tag }));
      return { call: incoming.call, tag };
    },
  };
  function drain(): void {
    for (const output of agent.takeOutputs()) {
      if (output.kind === 'send') peer.heard.push(Buffer.from(output.data).toString('latin1'));
      else if (output.kind !== 'close') peer.told.push(output);
    }
  }
  return peer;
}
