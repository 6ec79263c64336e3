import { numberOf } from '../../lib/phone-number.ts';
import { isBanned, OTHER_RATE, TRUNK_RATE, takeToken } from './admission.ts';
import { authenticate } from './authenticate.ts';
import { ALLOW, EXTENSIONS, METHODS_KNOWN, SUPPORTED } from './capabilities.ts';
import { decodeText, readable } from './characters.ts';
import { responseArrived } from './client-transaction.ts';
import { descriptionIn, findDialog } from './dialog.ts';
import { isWebSocket, trunkOf } from './flow.ts';
import { takeInDialog } from './in-dialog.ts';
import { openIncoming, takeAck, takeCancel } from './invite-server.ts';
import { type Header, header, headerOf, type RequestIn, tokensOf } from './message.ts';
import { parseMessage } from './parse-message.ts';
import { parseUri } from './parse-uri.ts';
import { isRegisteredAt, takeRegister } from './registrar.ts';
import { replyTo } from './response.ts';
import { serialize } from './serialize-message.ts';
import {
  ackArrived,
  hasAnswered,
  mergedKeyOf,
  requestRepeated,
  SERVER_TRANSACTIONS_MAX,
  serverKey,
  startServer,
} from './server-transaction.ts';
import { isTooShort, SESSION_S_MIN } from './session-timer.ts';
import { emit, type State } from './state.ts';
import { refuse } from './stateless.ts';
import type { Flow } from './user-agent.ts';

const RETRY_AFTER_S = 10;

/** One whole message from the wire. */
export function takeMessage(state: State, flow: Flow, data: Uint8Array, nowMs: number): void {
  const parsed = parseMessage(data);
  if (!parsed.ok) {
    if (parsed.headers === undefined || parsed.method === 'ACK') return;
    const reply = serialize(replyTo({ headers: parsed.headers }, flow, { status: parsed.status, toTag: 'bad' }));
    if (reply.length <= data.length * 1.5) emit(state, { kind: 'send', flow, data: reply });
    return;
  }
  if (parsed.message.kind === 'response') responseArrived(state, parsed.message, flow, nowMs);
  else takeRequest(state, parsed.message, flow, nowMs);
}

function takeRequest(state: State, request: RequestIn, flow: Flow, nowMs: number): void {
  const transaction = state.servers.get(serverKey(request));
  if (request.method === 'ACK') {
    if (transaction !== undefined && hasAnswered(transaction)) ackArrived(state, transaction, nowMs);
    return takeAck(state, request, nowMs);
  }
  if (transaction !== undefined) return requestRepeated(state, transaction, nowMs);
  if (state.servers.size >= SERVER_TRANSACTIONS_MAX) return busy(state, request, flow);
  if (request.method === 'CANCEL') {
    const invite = state.servers.get(serverKey(request, 'INVITE'));
    if (invite === undefined) return refuse(state, request, flow, { status: 481 });
    return takeCancel(state, startServer(state, request, flow, invite.toTag), invite, nowMs);
  }
  const wrong = checkRequest(request);
  if (wrong !== undefined) return refuse(state, request, flow, wrong);
  if (request.toTag === '') return takeOutside(state, request, flow, nowMs);
  const dialog = findDialog(state, request);
  if (dialog === undefined) return refuse(state, request, flow, { status: 481 });
  takeInDialog(state, dialog, request, flow, nowMs);
}

function busy(state: State, request: RequestIn, flow: Flow): void {
  refuse(state, request, flow, { status: 503, headers: [header('Retry-After', RETRY_AFTER_S)] });
}

interface Refusal {
  readonly status: number;
  readonly headers?: readonly Header[];
}

/** RFC 3261 §8.2.2 and §8.2.3, in that order. */
function checkRequest(request: RequestIn): Refusal | undefined {
  const unknown = tokensOf(request, 'Require').filter((tag) => !EXTENSIONS.includes(tag));
  if (parseUri(request.uri)?.foreign !== false) return { status: 416 };
  if (unknown.length > 0) return { status: 420, headers: [header('Unsupported', unknown.join(', '))] };
  if (request.method !== 'INVITE' && request.method !== 'UPDATE') return undefined;
  const encoding = headerOf(request, 'Content-Encoding');
  const strange = request.body !== '' && descriptionIn(request) === undefined;
  const optional = /handling\s*=\s*optional/i.test(headerOf(request, 'Content-Disposition') ?? '');
  if ((strange && !optional) || (encoding !== undefined && encoding.toLowerCase() !== 'identity')) {
    return { status: 415, headers: [header('Accept', 'application/sdp')] };
  }
  const accept = tokensOf(request, 'Accept').map((type) => type.split(';')[0]!.trim());
  const takesSdp = ['application/sdp', 'application/*', '*/*'].some((type) => accept.includes(type));
  return accept.length > 0 && !takesSdp ? { status: 406 } : undefined;
}

function takeOutside(state: State, request: RequestIn, flow: Flow, nowMs: number): void {
  const merged = mergedKeyOf(request);
  if (merged !== undefined && state.merged.has(merged)) return refuse(state, request, flow, { status: 482 });
  if (isBanned(state, flow.remoteIp, nowMs)) return;
  const known = trunkOf(state, flow) !== undefined || isRegisteredAt(state, flow.remoteIp);
  switch (request.method) {
    case 'REGISTER':
      return takeRegister(state, request, flow, nowMs);
    case 'INVITE':
      return takeInvite(state, request, flow, nowMs);
    case 'OPTIONS':
      return known ? refuse(state, request, flow, { status: 200, headers: [ALLOW, SUPPORTED] }) : undefined;
    case 'BYE':
    case 'INFO':
    case 'UPDATE':
    case 'PRACK':
      return refuse(state, request, flow, { status: 481 });
    default: {
      const status = !known ? 403 : METHODS_KNOWN.includes(request.method) ? 405 : 501;
      return refuse(state, request, flow, { status, headers: known ? [ALLOW] : [] });
    }
  }
}

/** Who may call whom. Nothing is remembered of a caller that is refused, so a flood of them costs no memory. */
function takeInvite(state: State, request: RequestIn, flow: Flow, nowMs: number): void {
  const { options } = state;
  const trunk = trunkOf(state, flow);
  const rate = trunk === undefined ? OTHER_RATE : TRUNK_RATE;
  if (!takeToken(state, flow.remoteIp, rate, nowMs)) {
    // A stranger beyond its rate hears nothing: no reply can be turned against a forged source address.
    if (trunk !== undefined || isRegisteredAt(state, flow.remoteIp)) busy(state, request, flow);
    return;
  }
  if (headerOf(request, 'Max-Forwards') !== undefined && Number(headerOf(request, 'Max-Forwards')) === 0) {
    return refuse(state, request, flow, { status: 483 });
  }
  if (isTooShort(request)) {
    return refuse(state, request, flow, { status: 422, headers: [header('Min-SE', SESSION_S_MIN)] });
  }
  const dialled = readable(numberOf(parseUri(request.uri)?.user ?? ''));
  if (trunk !== undefined && options.mayDial(trunk, dialled))
    return letIn(state, request, flow, `trunk:${trunk}`, nowMs);
  const claimed = decodeText(request.from.uri.user);
  const registered = isRegisteredAt(state, flow.remoteIp, trunk === undefined ? undefined : claimed);
  const isGuest = isWebSocket(flow) && options.credentialOf(claimed)?.calls !== undefined;
  if (!registered && !isGuest && headerOf(request, 'Authorization') === undefined) {
    return refuse(state, request, flow, { status: trunk === undefined ? 403 : 404 });
  }
  const verdict = authenticate(state, request, claimed, flow, nowMs);
  if (verdict.kind === 'challenge') return refuse(state, request, flow, { status: 401, headers: [verdict.header] });
  if (verdict.kind === 'user') return letIn(state, request, flow, `seat:${verdict.user}`, nowMs);
  if (!isWebSocket(flow) || dialled !== verdict.number) return refuse(state, request, flow, { status: 403 });
  letIn(state, request, flow, `web:${verdict.ticket}`, nowMs);
}

function letIn(state: State, request: RequestIn, flow: Flow, source: string, nowMs: number): void {
  if (state.calls.size >= state.options.callsMax) return busy(state, request, flow);
  openIncoming(state, request, flow, source, nowMs);
}
