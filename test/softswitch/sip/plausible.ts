import type { Dialog } from '../../../src/softswitch/sip/dialog.ts';
import { headerOf, headersOf } from '../../../src/softswitch/sip/message.ts';
import type { State } from '../../../src/softswitch/sip/state.ts';
import { type Chance, pick, SDP } from './virtual-wire.ts';

const METHODS = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'PRACK', 'UPDATE', 'INFO', 'REFER', 'REGISTER'];
const STATUSES = [100, 180, 183, 200, 200, 202, 302, 401, 407, 408, 422, 481, 486, 487, 491, 500, 503, 603];

/** A message that this agent might get now: for one of its dialogs, for one of its requests, or from nowhere. */
export function anyMessage(state: State, chance: Chance, serial: number, transport: string): string {
  const fate = chance();
  if (fate < 0.35 && state.dialogs.size > 0) {
    return inDialog(pick(chance, [...state.dialogs.values()]), chance, serial, transport);
  }
  if (fate < 0.65 && state.clients.size > 0) return reply(state, chance);
  if (fate < 0.8 && state.servers.size > 0) return follow(state, chance);
  return outside(chance, serial, transport);
}

function build(start: string, headers: readonly string[], body: string): string {
  return [start, ...headers, `Content-Length: ${body.length}`, '', body].join('\r\n');
}

function outside(chance: Chance, serial: number, transport: string): string {
  const method = pick(chance, ['INVITE', 'INVITE', 'INVITE', ...METHODS]);
  const body = method === 'INVITE' && chance() < 0.8 ? SDP : '';
  const more = [
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    ...(chance() < 0.4 ? ['Supported: 100rel, timer', 'Session-Expires: 600;refresher=uas'] : []),
    ...(chance() < 0.2 ? ['Require: 100rel'] : []),
  ];
  return build(
    `${method} sip:12345@127.0.0.1 SIP/2.0`,
    [
      `Via: SIP/2.0/${transport.toUpperCase()} 127.0.0.9:5070;rport;branch=z9hG4bKo${serial}`,
      `From: "\u00c4" <sip:1001@127.0.0.9>;tag=f${serial % 500}`,
      'To: <sip:12345@127.0.0.1>',
      `Call-ID: c${serial % 900}`,
      `CSeq: ${1 + (serial % 3)} ${method}`,
      'Contact: <sip:1001@127.0.0.9:5070>',
      'Max-Forwards: 70',
      ...more,
    ],
    body,
  );
}

function inDialog(dialog: Dialog, chance: Chance, serial: number, transport: string): string {
  const method = pick(chance, METHODS);
  const acked = method === 'ACK' || method === 'CANCEL';
  const cseq = acked
    ? (dialog.unacknowledged?.cseq ?? dialog.remoteSeq)
    : dialog.remoteSeq + 1 + Math.floor(chance() * 2);
  const described = ['INVITE', 'UPDATE', 'ACK', 'PRACK'].includes(method) && chance() < 0.6;
  const body = described ? SDP : method === 'INFO' ? 'Signal=5\r\nDuration=160\r\n' : '';
  return build(
    `${method} sip:12345@127.0.0.1 SIP/2.0`,
    [
      `Via: SIP/2.0/${transport.toUpperCase()} 127.0.0.9:5070;branch=z9hG4bKi${serial}`,
      `From: <sip:1001@127.0.0.9>;tag=${dialog.remoteTag}`,
      `To: <sip:12345@127.0.0.1>;tag=${dialog.localTag}`,
      `Call-ID: ${dialog.callId}`,
      `CSeq: ${Math.max(0, cseq)} ${method}`,
      `RAck: ${dialog.reliable?.rseq ?? 1} ${dialog.incoming?.request.cseq ?? 1} INVITE`,
      'Contact: <sip:1001@127.0.0.9:5070>',
      `Content-Type: application/${body === SDP ? 'sdp' : 'dtmf-relay'}`,
    ],
    body,
  );
}

/** An answer to a request that the agent waits with. */
function reply(state: State, chance: Chance): string {
  const { request } = pick(chance, [...state.clients.values()]);
  const status = pick(chance, STATUSES);
  const reliable = status > 100 && status < 200 && chance() < 0.4;
  const to = headerOf(request, 'To') ?? '';
  return build(
    `SIP/2.0 ${status} Whatever`,
    [
      ...headersOf(request, 'Via').map((value) => `Via: ${value}`),
      `From: ${headerOf(request, 'From')}`,
      `To: ${to}${to.includes(';tag=') ? '' : `;tag=${pick(chance, ['a', 'b', 'c'])}`}`,
      `Call-ID: ${headerOf(request, 'Call-ID')}`,
      `CSeq: ${headerOf(request, 'CSeq')}`,
      'Contact: <sip:1001@127.0.0.9:5070>',
      ...(reliable ? ['Require: 100rel', `RSeq: ${1 + Math.floor(chance() * 3)}`] : []),
      ...(status === 422 ? ['Min-SE: 2000'] : []),
      ...(status === 401 ? ['WWW-Authenticate: Digest realm="minhu",nonce="n",algorithm=MD5,qop="auth"'] : []),
      'Content-Type: application/sdp',
    ],
    chance() < 0.6 ? SDP : '',
  );
}

/** A repeat, the ACK or the CANCEL of a request that the agent has. */
function follow(state: State, chance: Chance): string {
  const { request, toTag } = pick(chance, [...state.servers.values()]);
  const method = pick(chance, [request.method, 'ACK', 'CANCEL']);
  const headers = request.headers.map(({ name, value }) => {
    if (name === 'CSeq') return `CSeq: ${request.cseq} ${method}`;
    return name === 'To' && method === 'ACK' && request.toTag === ''
      ? `To: ${value};tag=${toTag}`
      : `${name}: ${value}`;
  });
  const kept = headers.filter((line) => !line.startsWith('Content-Length'));
  return build(`${method} ${request.uri} SIP/2.0`, kept, method === request.method ? request.body : '');
}
