import { seconds } from './authenticate.ts';
import { ALLOW, SUPPORTED } from './capabilities.ts';
import { headerSafe, isToken, quote, toBinary } from './characters.ts';
import { dropClient, startClient } from './client-transaction.ts';
import {
  clearTimer,
  type Dialog,
  dialogFlow,
  forget,
  isOpen,
  listDialog,
  moveTo,
  reasonHeader,
  recordRoute,
  refreshTarget,
  requestIn,
  sdpOf,
  setTimer,
  tellEnded,
} from './dialog.ts';
import { answerChallenge } from './digest.ts';
import { flowToText, isReliable, localUri, viaValue } from './flow.ts';
import { sendBye } from './hang-up.ts';
import { sdpText } from './invite-server.ts';
import { type Header, header, headerOf, headersOf, type ResponseIn, type SipRequest } from './message.ts';
import { parseUri } from './parse-uri.ts';
import { BRANCH_COOKIE } from './parse-via.ts';
import { acknowledgeProvisional } from './reliable-provisional.ts';
import { serialize } from './serialize-message.ts';
import { agreeAsClient, askHeaders, SESSION_S, SESSION_S_MIN } from './session-timer.ts';
import { emit, GIVE_UP_MS, randomHex, type State } from './state.ts';
import type { Flow, OutgoingInvite } from './user-agent.ts';

const FORKS_REFUSED_MAX = 16;
const HEADERS_EXTRA_MAX = 32;
/** However often a peer says that it rings (RFC 3261 §16.6, Timer C): longer than any owner lets a phone ring. */
export const INVITE_MS_MAX = 660_000;

export function startInvite(state: State, invite: OutgoingInvite, nowMs: number): void {
  if (state.calls.has(invite.call)) return;
  if (state.calls.size >= state.options.callsMax) {
    emit(state, { kind: 'ended', call: invite.call, by: 'us', status: 503, reason: undefined });
    return;
  }
  const uri = parseUri(invite.target);
  const flow = invite.flow ?? flowToText(invite.target);
  if (flow === undefined || uri === undefined || uri.headers !== '') {
    emit(state, { kind: 'ended', call: invite.call, by: 'us', status: 404, reason: undefined });
    return;
  }
  const dialog = outgoingDialog(state, invite, flow);
  state.calls.set(dialog.call, dialog);
  setTimer(state, dialog, 'invite', nowMs + INVITE_MS_MAX, (firedMs) => giveUp(state, dialog, firedMs));
  sendInvite(state, dialog, [], nowMs);
}

function outgoingDialog(state: State, invite: OutgoingInvite, flow: Flow): Dialog {
  const localTag = randomHex(state, 8);
  const { ip } = state.options.localAddress(flow);
  const name = invite.fromName === '' ? '' : `${quote(invite.fromName)} `;
  const own = localUri(state, flow, invite.fromUser).replace(/;transport=\w+$/, '');
  return {
    call: invite.call,
    role: 'uac',
    callId: `${randomHex(state, 12)}@${ip}`,
    localTag,
    remoteTag: '',
    localParty: `${name}<${own}>;tag=${localTag}`,
    remoteParty: `<${invite.target.replace(/;.*$/s, '')}>`,
    localUser: invite.fromUser,
    remoteTarget: invite.target,
    routeSet: [],
    flow,
    pinned: invite.flow !== undefined,
    localSeq: 0,
    remoteSeq: -1,
    stage: 'calling',
    localSdp: invite.sdp,
    peerTakesUpdate: false,
    keys: new Set(),
    incoming: undefined,
    outgoing: {
      invite,
      request: NO_REQUEST,
      transaction: undefined,
      provisional: false,
      cancelled: undefined,
      authTried: false,
      minExpiresS: SESSION_S_MIN,
      refusedForks: new Set(),
      earlySdp: undefined,
      reliableSeen: new Map(),
      lateAck: undefined,
    },
    unacknowledged: undefined,
    ack: undefined,
    byeAfterAck: undefined,
    theirOffer: undefined,
    ourOffer: undefined,
    queuedOffer: undefined,
    reliable: undefined,
    timer: undefined,
  };
}

const NO_REQUEST: SipRequest = { kind: 'request', method: 'INVITE', uri: '', headers: [], body: '' };

function sendInvite(state: State, dialog: Dialog, authorization: readonly Header[], nowMs: number): void {
  const outgoing = dialog.outgoing!;
  const { invite } = outgoing;
  const extra = invite.headers
    .slice(0, HEADERS_EXTRA_MAX)
    .filter(([name]) => isToken(name))
    .map(([name, value]) => header(name, headerSafe(value)));
  // An offer in a reliable provisional would want an answer in the PRACK; a late offer therefore goes without 100rel.
  const supported = invite.sdp === undefined ? header('Supported', 'timer') : SUPPORTED;
  const session = askHeaders(Math.max(SESSION_S, outgoing.minExpiresS), outgoing.minExpiresS);
  const headers = [ALLOW, supported, ...session, ...extra, ...authorization];
  outgoing.request = requestIn(state, dialog, 'INVITE', { headers, body: toBinary(invite.sdp ?? '') });
  const user = {
    response: (response: ResponseIn, atMs: number) => answered(state, dialog, response, atMs),
    failed: (status: number, atMs: number) => failed(state, dialog, status, atMs),
  };
  outgoing.transaction = startClient(state, outgoing.request, dialog.flow, user, nowMs);
}

/** It rang for as long as anything may: the peer is told to stop. */
function giveUp(state: State, dialog: Dialog, nowMs: number): void {
  if (dialog.stage !== 'calling') return;
  if (isOpen(state, dialog)) tellEnded(state, dialog, { by: 'timeout', status: 408 });
  cancelInvite(state, dialog, undefined, nowMs);
}

function failed(state: State, dialog: Dialog, status: number, nowMs: number): void {
  if (dialog.stage === 'calling') close(state, dialog, { by: 'timeout', status }, nowMs);
}

function close(
  state: State,
  dialog: Dialog,
  ending: { by: 'peer' | 'timeout'; status: number; reason?: string | undefined },
  _nowMs: number,
): void {
  if (isOpen(state, dialog)) tellEnded(state, dialog, ending);
  forget(state, dialog);
}

function answered(state: State, dialog: Dialog, response: ResponseIn, nowMs: number): void {
  if (response.status < 200) return provisional(state, dialog, response, nowMs);
  if (response.status < 300) return accepted(state, dialog, response, nowMs);
  if (dialog.stage === 'calling' && !retry(state, dialog, response, nowMs)) {
    const reason = headerOf(response, 'Reason');
    close(state, dialog, { by: 'peer', status: response.status, reason }, nowMs);
  }
}

function provisional(state: State, dialog: Dialog, response: ResponseIn, nowMs: number): void {
  const outgoing = dialog.outgoing;
  if (dialog.stage !== 'calling' || outgoing === undefined) return;
  outgoing.provisional = true;
  if (outgoing.cancelled !== undefined) return sendCancel(state, dialog, nowMs);
  if (response.status === 100 || response.toTag === '') return;
  adopt(state, dialog, response);
  if (!acknowledgeProvisional(state, dialog, response, nowMs)) return;
  const sdp = sdpOf(response);
  outgoing.earlySdp = sdp ?? outgoing.earlySdp;
  emit(state, { kind: 'ringing', call: dialog.call, status: response.status, sdp: sdpText(sdp) });
}

/** The dialog becomes the one with the branch that this response came from. RFC 3261 §12.1.2. */
function adopt(state: State, dialog: Dialog, response: ResponseIn): void {
  // Each branch counts its own requests.
  if (dialog.remoteTag !== response.toTag) dialog.remoteSeq = -1;
  dialog.remoteTag = response.toTag;
  dialog.remoteParty = headerOf(response, 'To') ?? dialog.remoteParty;
  dialog.routeSet = recordRoute(response).reverse();
  refreshTarget(dialog, response);
  const answeredBy = dialog.outgoing?.transaction?.flow;
  if (isReliable(dialog.flow) && answeredBy !== undefined) moveTo(state, dialog, answeredBy);
  listDialog(state, dialog, response.toTag);
}

function accepted(state: State, dialog: Dialog, response: ResponseIn, nowMs: number): void {
  const outgoing = dialog.outgoing!;
  if (dialog.stage !== 'calling') {
    const repeated = response.toTag === dialog.remoteTag;
    if (!repeated) return refuseFork(state, dialog, response, nowMs);
    if (dialog.ack?.cseq === response.cseq) {
      emit(state, { kind: 'send', flow: dialog.ack.flow, data: dialog.ack.data });
    }
    return;
  }
  adopt(state, dialog, response);
  keepBranch(state, dialog);
  clearTimer(state, dialog, 'invite');
  dialog.stage = 'confirmed';
  if (outgoing.cancelled !== undefined) {
    acknowledge(state, dialog, response.cseq, undefined);
    sendBye(state, dialog, outgoing.cancelled.reason, nowMs);
    return forget(state, dialog);
  }
  agreeAsClient(state, dialog, response, nowMs);
  const sdp = sdpOf(response) ?? outgoing.earlySdp;
  if (outgoing.invite.sdp === undefined) outgoing.lateAck = { cseq: response.cseq };
  else acknowledge(state, dialog, response.cseq, undefined);
  emit(state, { kind: 'answered', call: dialog.call, sdp: sdpText(sdp), again: false });
}

/** The other branches of a forked INVITE are no part of the call: a BYE from one of them must not end it. */
function keepBranch(state: State, dialog: Dialog): void {
  for (const key of dialog.keys) state.dialogs.delete(key);
  dialog.keys.clear();
  listDialog(state, dialog, dialog.remoteTag);
}

/** A second phone behind a forking proxy answered too: the first one has the call. RFC 3261 §13.2.2.4. */
function refuseFork(state: State, dialog: Dialog, response: ResponseIn, nowMs: number): void {
  const refused = dialog.outgoing!.refusedForks;
  if (refused.size >= FORKS_REFUSED_MAX) return;
  const fork: Dialog = {
    ...dialog,
    keys: new Set(),
    routeSet: recordRoute(response).reverse(),
    remoteTag: response.toTag,
  };
  fork.remoteParty = headerOf(response, 'To') ?? '';
  refreshTarget(fork, response);
  acknowledge(state, fork, response.cseq, undefined);
  if (refused.has(response.toTag)) return;
  refused.add(response.toTag);
  sendBye(state, fork, undefined, nowMs);
}

/** The ACK of a 2xx: a transaction of its own that nobody answers. `sdp`: our answer to a late offer. */
export function acknowledge(state: State, dialog: Dialog, cseq: number, sdp: string | undefined): void {
  const flow = dialogFlow(dialog);
  const request = requestIn(state, dialog, 'ACK', { cseq, body: toBinary(sdp ?? '') });
  const via = header('Via', viaValue(state, flow, `${BRANCH_COOKIE}${randomHex(state, 12)}`));
  const data = serialize({ ...request, headers: [via, ...request.headers] });
  dialog.ack = { cseq, flow, data };
  if (sdp !== undefined) dialog.localSdp = sdp;
  emit(state, { kind: 'send', flow, data });
}

/** A challenge for our realm, once; a session interval that is too short for them, once. */
function retry(state: State, dialog: Dialog, response: ResponseIn, nowMs: number): boolean {
  const outgoing = dialog.outgoing!;
  if (outgoing.cancelled !== undefined) return false;
  if (response.status === 422) {
    const least = seconds(headerOf(response, 'Min-SE'));
    if (least === undefined || least <= outgoing.minExpiresS || least > 86_400) return false;
    outgoing.minExpiresS = least;
  }
  const authorization = response.status === 422 ? [] : authorize(state, dialog, response);
  if (authorization === undefined) return false;
  dialog.remoteParty = `<${outgoing.invite.target.replace(/;.*$/s, '')}>`;
  dialog.remoteTag = '';
  dialog.routeSet = [];
  dialog.remoteTarget = outgoing.invite.target;
  outgoing.provisional = false;
  sendInvite(state, dialog, authorization, nowMs);
  return true;
}

function authorize(state: State, dialog: Dialog, response: ResponseIn): Header[] | undefined {
  const outgoing = dialog.outgoing!;
  const { credentials } = outgoing.invite;
  if (credentials === undefined || outgoing.authTried || (response.status !== 401 && response.status !== 407)) {
    return undefined;
  }
  outgoing.authTried = true;
  const [asks, says] =
    response.status === 401 ? ['WWW-Authenticate', 'Authorization'] : ['Proxy-Authenticate', 'Proxy-Authorization'];
  const challenges = headersOf(response, asks!);
  const value = answerChallenge(challenges, credentials, state.options.realm, outgoing.request, randomHex(state, 8));
  return value === undefined ? undefined : [header(says!, value)];
}

/** The owner hears the end at once; the peer gets its CANCEL as soon as it has answered at all (RFC 3261 §9.1). */
export function cancelInvite(state: State, dialog: Dialog, reason: string | undefined, nowMs: number): void {
  const outgoing = dialog.outgoing;
  if (outgoing === undefined || outgoing.cancelled !== undefined) return;
  outgoing.cancelled = { reason, sent: false };
  if (isOpen(state, dialog)) tellEnded(state, dialog, { by: 'us', status: 487 });
  if (outgoing.provisional) sendCancel(state, dialog, nowMs);
}

function sendCancel(state: State, dialog: Dialog, nowMs: number): void {
  const outgoing = dialog.outgoing;
  const invite = outgoing?.transaction;
  if (outgoing?.cancelled === undefined || outgoing.cancelled.sent || invite === undefined) return;
  outgoing.cancelled.sent = true;
  const kept = invite.request.headers.filter(({ name }) => CANCEL_KEEPS.includes(name));
  const cseq = header('CSeq', (headerOf(invite.request, 'CSeq') ?? '').replace('INVITE', 'CANCEL'));
  const headers = [...kept, cseq, ...reasonHeader(outgoing.cancelled.reason)];
  const request: SipRequest = { kind: 'request', method: 'CANCEL', uri: invite.request.uri, headers, body: '' };
  const via = headerOf(invite.request, 'Via')!;
  startClient(state, request, invite.flow, { response: () => {}, failed: () => {} }, nowMs, via);
  setTimer(state, dialog, 'cancel', nowMs + GIVE_UP_MS, () => {
    dropClient(state, invite);
    forget(state, dialog);
  });
}

const CANCEL_KEEPS = ['Max-Forwards', 'Route', 'From', 'To', 'Call-ID'];
