import { callingNumber, isSameNumber, numberOf } from '../../lib/phone-number.ts';
import { ALLOW, SUPPORTED } from './capabilities.ts';
import { headerSafe, isUtf8, readable, toBinary } from './characters.ts';
import {
  clearTimer,
  contactOf,
  type Dialog,
  type Ending,
  findDialog,
  forget,
  isBehindNat,
  isOpen,
  listDialog,
  recordRoute,
  refreshTarget,
  sdpOf,
  setTimer,
  tellEnded,
} from './dialog.ts';
import { trunkOf } from './flow.ts';
import { bye, sendBye } from './hang-up.ts';
import { type Header, header, headerOf, headersOf, type RequestIn } from './message.ts';
import { retryQueued } from './offer.ts';
import { parseAddress } from './parse-address.ts';
import { listValues } from './parse-message.ts';
import { parseUri, type SipUri } from './parse-uri.ts';
import { sendReliable, wantsReliable } from './reliable-provisional.ts';
import { respond, type ServerTransaction, startServer } from './server-transaction.ts';
import { agreeAsServer } from './session-timer.ts';
import { emit, GIVE_UP_MS, type State, T1_MS, T2_MS } from './state.ts';
import type { Flow } from './user-agent.ts';

/** An INVITE that was let in: 100, a dialog, and word to the owner. */
export function openIncoming(state: State, request: RequestIn, flow: Flow, source: string, nowMs: number): void {
  const transaction = startServer(state, request, flow);
  respond(state, transaction, { status: 100 }, nowMs);
  const dialog = incomingDialog(state, transaction);
  transaction.dialog = dialog;
  state.calls.set(dialog.call, dialog);
  listDialog(state, dialog, dialog.remoteTag);
  const asserted = asserts(state, request, flow);
  const claimed = asserted ?? request.from;
  emit(state, {
    kind: 'incoming',
    call: dialog.call,
    flow,
    dialled: dialog.localUser,
    from: source.startsWith('seat:') ? source.slice(5) : readable(callingNumber(wholeUser(claimed.uri))),
    fromName: claimed.displayName === '' ? request.from.displayName : claimed.displayName,
    diversion: diversionOf(request, dialog.localUser),
    source,
    sdp: sdpText(sdpOf(request)),
    callId: request.callId,
    userAgent: headerOf(request, 'User-Agent'),
  });
}

function incomingDialog(state: State, transaction: ServerTransaction): Dialog {
  const { request, flow, toTag } = transaction;
  const dialog: Dialog = {
    call: newCallId(state),
    role: 'uas',
    callId: request.callId,
    localTag: toTag,
    remoteTag: request.fromTag,
    localParty: `${headerOf(request, 'To') ?? ''};tag=${toTag}`,
    remoteParty: headerOf(request, 'From') ?? '',
    localUser: readable(numberOf(parseUri(request.uri)?.user ?? '')),
    remoteTarget: request.from.uriText,
    routeSet: recordRoute(request),
    flow,
    pinned: isBehindNat(request, flow),
    localSeq: 0,
    remoteSeq: request.cseq,
    stage: 'ringing',
    localSdp: undefined,
    peerTakesUpdate: false,
    keys: new Set(),
    incoming: transaction,
    outgoing: undefined,
    unacknowledged: undefined,
    ack: undefined,
    byeAfterAck: undefined,
    theirOffer: undefined,
    ourOffer: undefined,
    queuedOffer: undefined,
    reliable: undefined,
    timer: undefined,
  };
  refreshTarget(dialog, request);
  return dialog;
}

/** A UUID, version 4, as legs have. */
function newCallId(state: State): string {
  const bytes = Buffer.from(state.options.random(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** What belongs to the number stands within the user of a sip: address, and beside it in a tel: one (RFC 3261 §19.1.6). */
function wholeUser({ scheme, user, parameters }: SipUri): string {
  const context = scheme === 'tel' ? parameters.get('phone-context') : undefined;
  return context === undefined ? user : `${user};phone-context=${context}`;
}

/** RFC 3325: believed from trunks alone. */
function asserts(state: State, request: RequestIn, flow: Flow): RequestIn['from'] | undefined {
  if (trunkOf(state, flow) === undefined) return undefined;
  const values = listValues(headersOf(request, 'P-Asserted-Identity')) ?? [];
  return values.map(parseAddress).find((address) => address !== undefined && address.uri.user !== '');
}

/**
 * The number dialled first: the last Diversion (RFC 5806 §4), else the first History-Info (RFC 7044 §4) of another number than this request's,
 * however it is written: proxies write one for each hop, diverted or not. Who withholds theirs (RFC 3323) hides no entry after it.
 */
function diversionOf(request: RequestIn, dialled: string): string | undefined {
  const [diverted] = (listValues(headersOf(request, 'Diversion')) ?? []).slice(-1).map(numberIn);
  if (diverted !== undefined) return diverted;
  const history = (listValues(headersOf(request, 'History-Info')) ?? []).map(numberIn);
  return history.find((number) => number !== undefined && /\d/.test(number) && !isSameNumber(number, dialled));
}

function numberIn(address: string): string | undefined {
  const user = numberOf(parseAddress(address)?.uri.user ?? '');
  return user === '' ? undefined : readable(user);
}

export function sdpText(binary: string | undefined): string | undefined {
  return binary === undefined || !isUtf8(binary) ? binary : Buffer.from(binary, 'latin1').toString('utf8');
}

export function ringInvite(
  state: State,
  dialog: Dialog,
  sdp: string | undefined,
  reliable: boolean,
  nowMs: number,
): void {
  const transaction = dialog.incoming;
  if (dialog.stage !== 'ringing' || transaction === undefined) return;
  const status = sdp === undefined ? 180 : 183;
  const type = sdp === undefined ? [] : [header('Content-Type', 'application/sdp')];
  const headers = [contactOf(state, dialog.flow, dialog.localUser), ALLOW, ...routesBack(transaction), ...type];
  if (sdp !== undefined) dialog.localSdp = sdp;
  if (wantsReliable(transaction.request, reliable)) {
    return sendReliable(state, dialog, transaction, status, headers, sdp, nowMs);
  }
  respond(state, transaction, { status, headers, body: toBinary(sdp ?? '') }, nowMs);
}

function routesBack(transaction: ServerTransaction): Header[] {
  return recordRoute(transaction.request).map((value) => header('Record-Route', value));
}

export function acceptInvite(state: State, dialog: Dialog, sdp: string, nowMs: number): void {
  const transaction = dialog.incoming;
  if (dialog.stage !== 'ringing' || transaction === undefined) return;
  if (dialog.reliable?.pending !== undefined) {
    dialog.reliable.acceptWith = sdp;
    return;
  }
  dialog.incoming = undefined;
  dialog.stage = 'accepted';
  // A description that a reliable provisional settled is not said again (RFC 3262 §5).
  const settled = dialog.reliable?.sentSdp === true;
  sendAccept(state, dialog, transaction, settled ? undefined : sdp, nowMs);
}

/** The 200 of an INVITE or re-INVITE, repeated until its ACK. RFC 3261 §13.3.1.4. */
export function sendAccept(
  state: State,
  dialog: Dialog,
  transaction: ServerTransaction,
  sdp: string | undefined,
  nowMs: number,
): void {
  const session = agreeAsServer(state, dialog, transaction.request, nowMs);
  const type = sdp === undefined ? [] : [header('Content-Type', 'application/sdp')];
  const contact = contactOf(state, dialog.flow, dialog.localUser);
  const headers = [...routesBack(transaction), contact, ALLOW, SUPPORTED, ...session, ...type];
  const data = respond(state, transaction, { status: 200, headers, body: toBinary(sdp ?? '') }, nowMs);
  if (sdp !== undefined) dialog.localSdp = sdp;
  dialog.unacknowledged = {
    data,
    flow: transaction.replyFlow,
    cseq: transaction.request.cseq,
    awaitsAnswer: sdpOf(transaction.request) === undefined,
    intervalMs: T1_MS,
  };
  repeat(state, dialog, nowMs);
  setTimer(state, dialog, '2xxEnd', nowMs + GIVE_UP_MS, (firedMs) =>
    bye(state, dialog, { by: 'timeout' }, undefined, firedMs),
  );
}

function repeat(state: State, dialog: Dialog, nowMs: number): void {
  const waiting = dialog.unacknowledged;
  if (waiting === undefined) return;
  setTimer(state, dialog, '2xx', nowMs + waiting.intervalMs, (firedMs) => {
    emit(state, { kind: 'send', flow: waiting.flow, data: waiting.data });
    waiting.intervalMs = Math.min(waiting.intervalMs * 2, T2_MS);
    repeat(state, dialog, firedMs);
  });
}

/** An ACK that no transaction wanted: it belongs to a 2xx. */
export function takeAck(state: State, request: RequestIn, nowMs: number): void {
  const dialog = findDialog(state, request);
  const waiting = dialog?.unacknowledged;
  if (dialog === undefined || waiting === undefined || waiting.cseq !== request.cseq) return;
  dialog.unacknowledged = undefined;
  clearTimer(state, dialog, '2xx');
  clearTimer(state, dialog, '2xxEnd');
  const initial = dialog.stage === 'accepted';
  dialog.stage = 'confirmed';
  if (dialog.byeAfterAck !== undefined) {
    sendBye(state, dialog, dialog.byeAfterAck.reason, nowMs);
    return forget(state, dialog);
  }
  const answer = waiting.awaitsAnswer ? (sdpOf(request) ?? dialog.reliable?.answer) : undefined;
  if (initial || answer !== undefined) emit(state, { kind: 'confirmed', call: dialog.call, sdp: sdpText(answer) });
  retryQueued(state, dialog, nowMs);
}

/** A final answer that is no 2xx. */
export function refuseInvite(
  state: State,
  dialog: Dialog,
  status: number,
  reason: string | undefined,
  headers: readonly Header[],
  nowMs: number,
  by: Ending['by'] = 'us',
): void {
  const transaction = dialog.incoming;
  if (dialog.stage !== 'ringing' || transaction === undefined) return;
  dialog.incoming = undefined;
  const phrase = reason === undefined || reason === '' ? {} : { reason: headerSafe(reason) };
  respond(state, transaction, { status, headers, ...phrase }, nowMs);
  tellEnded(state, dialog, { by, status });
  forget(state, dialog);
}

/** CANCEL matches the INVITE's transaction. RFC 3261 §9.2. */
export function takeCancel(
  state: State,
  transaction: ServerTransaction,
  invite: ServerTransaction,
  nowMs: number,
): void {
  respond(state, transaction, { status: 200 }, nowMs);
  const { dialog } = invite;
  if (dialog?.theirOffer === invite) {
    dialog.theirOffer = undefined;
    respond(state, invite, { status: 487 }, nowMs);
    return retryQueued(state, dialog, nowMs);
  }
  if (dialog?.incoming !== invite) return;
  dialog.incoming = undefined;
  respond(state, invite, { status: 487 }, nowMs);
  const reason = headerOf(transaction.request, 'Reason');
  if (isOpen(state, dialog)) tellEnded(state, dialog, { by: 'peer', status: 487, reason });
  forget(state, dialog);
}
