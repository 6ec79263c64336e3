import { SUPPORTED } from './capabilities.ts';
import { toBinary } from './characters.ts';
import { startClient } from './client-transaction.ts';
import {
  contactOf,
  type Dialog,
  dialogFlow,
  isOpen,
  type OurOffer,
  refreshTarget,
  requestIn,
  sdpOf,
  setTimer,
} from './dialog.ts';
import { bye, over } from './hang-up.ts';
import { acknowledge } from './invite-client.ts';
import { sdpText, sendAccept } from './invite-server.ts';
import { header, type ResponseIn } from './message.ts';
import { respond, type ServerTransaction } from './server-transaction.ts';
import {
  agreeAsClient,
  agreeAsServer,
  askAgainHeaders,
  isTooShort,
  raiseInterval,
  SESSION_S_MIN,
} from './session-timer.ts';
import { emit, GIVE_UP_MS, type State } from './state.ts';

/** The owner's new description: at once, or as soon as what is under way is over. RFC 3264 §4: one offer at a time. */
export function offerOrQueue(state: State, dialog: Dialog, sdp: string, nowMs: number): void {
  dialog.queuedOffer = sdp;
  retryQueued(state, dialog, nowMs);
}

export function retryQueued(state: State, dialog: Dialog, nowMs: number): void {
  const sdp = dialog.queuedOffer;
  const waiting = state.timers.has(`d ${dialog.call} retryOffer`) || dialog.outgoing?.lateAck !== undefined;
  if (sdp === undefined || waiting || dialog.stage !== 'confirmed' || isBusy(dialog)) return;
  dialog.queuedOffer = undefined;
  startOffer(state, dialog, { sdp, refresh: false }, nowMs);
}

function isBusy(dialog: Dialog): boolean {
  return dialog.ourOffer !== undefined || dialog.theirOffer !== undefined || dialog.unacknowledged !== undefined;
}

export function startOffer(state: State, dialog: Dialog, offer: OurOffer, nowMs: number): void {
  dialog.ourOffer = offer;
  const headers = [header('Supported', 'timer'), ...askAgainHeaders(dialog)];
  const request = requestIn(state, dialog, 'INVITE', { headers, body: toBinary(offer.sdp) });
  startClient(
    state,
    request,
    dialogFlow(dialog),
    {
      response: (response, atMs) => answered(state, dialog, offer, response, atMs),
      failed: (status, atMs) => {
        if (dialog.stage !== 'over') bye(state, dialog, { by: 'timeout', status }, undefined, atMs);
      },
      finalWithinMs: GIVE_UP_MS,
    },
    nowMs,
  );
}

function answered(state: State, dialog: Dialog, offer: OurOffer, response: ResponseIn, nowMs: number): void {
  if (response.status < 200) return;
  if (response.status < 300) return accepted(state, dialog, offer, response, nowMs);
  if (dialog.ourOffer !== offer || dialog.stage === 'over') return;
  dialog.ourOffer = undefined;
  if (response.status === 408 || response.status === 481) {
    return over(state, dialog, { by: 'peer', status: response.status }, nowMs);
  }
  if (response.status === 422 && raiseInterval(dialog, response)) {
    if (!offer.refresh) dialog.queuedOffer ??= offer.sdp;
    return retryQueued(state, dialog, nowMs);
  }
  if (response.status === 491) return waitAfterGlare(state, dialog, offer, nowMs);
  // The old session stands (RFC 3261 §14.1); the owner learns that by an answer without a description.
  if (!offer.refresh) emit(state, { kind: 'answered', call: dialog.call, sdp: undefined, again: true });
  retryQueued(state, dialog, nowMs);
}

function accepted(state: State, dialog: Dialog, offer: OurOffer, response: ResponseIn, nowMs: number): void {
  if (dialog.ack?.cseq === response.cseq) {
    return emit(state, { kind: 'send', flow: dialog.ack.flow, data: dialog.ack.data });
  }
  if (dialog.stage !== 'over') refreshTarget(dialog, response);
  acknowledge(state, dialog, response.cseq, undefined);
  if (dialog.stage === 'over' || dialog.ourOffer !== offer) return;
  dialog.ourOffer = undefined;
  dialog.localSdp = offer.sdp;
  agreeAsClient(state, dialog, response, nowMs);
  if (!offer.refresh) emit(state, { kind: 'answered', call: dialog.call, sdp: sdpText(sdpOf(response)), again: true });
  retryQueued(state, dialog, nowMs);
}

/** RFC 3261 §14.1: the owner of the Call-ID waits 2.1–4 s, the other side 0–2 s, in steps of 10 ms. */
function waitAfterGlare(state: State, dialog: Dialog, offer: OurOffer, nowMs: number): void {
  if (offer.refresh) return;
  const [first, steps] = dialog.role === 'uac' ? [2_100, 191] : [0, 201];
  const drawn = Buffer.from(state.options.random(2)).readUInt16BE(0) % steps!;
  dialog.queuedOffer ??= offer.sdp;
  setTimer(state, dialog, 'retryOffer', nowMs + first! + drawn * 10, (firedMs) => retryQueued(state, dialog, firedMs));
}

/** Their re-INVITE or UPDATE. */
export function takeOffer(state: State, dialog: Dialog, transaction: ServerTransaction, nowMs: number): void {
  const { request } = transaction;
  if (isTooShort(request)) {
    return void respond(state, transaction, { status: 422, headers: [header('Min-SE', SESSION_S_MIN)] }, nowMs);
  }
  if (dialog.ourOffer !== undefined || dialog.outgoing?.lateAck !== undefined) {
    return void respond(state, transaction, { status: 491 }, nowMs);
  }
  const early = request.method === 'INVITE' && dialog.stage !== 'confirmed';
  if (dialog.theirOffer !== undefined || dialog.unacknowledged !== undefined || early) {
    return void respond(state, transaction, { status: 500, headers: [header('Retry-After', 3)] }, nowMs);
  }
  refreshTarget(dialog, request);
  const sdp = sdpOf(request);
  if (request.method === 'UPDATE' && sdp === undefined)
    return answerUpdate(state, dialog, transaction, undefined, nowMs);
  if (dialog.stage === 'ringing' || dialog.stage === 'calling') {
    return void respond(state, transaction, { status: 500, headers: [header('Retry-After', 3)] }, nowMs);
  }
  dialog.theirOffer = transaction;
  transaction.dialog = dialog;
  if (request.method === 'INVITE') respond(state, transaction, { status: 100 }, nowMs);
  emit(state, { kind: 'offer', call: dialog.call, sdp: sdpText(sdp) });
}

export function acceptTheirOffer(state: State, dialog: Dialog, sdp: string, nowMs: number): void {
  const late = dialog.outgoing?.lateAck;
  if (late !== undefined) {
    dialog.outgoing!.lateAck = undefined;
    acknowledge(state, dialog, late.cseq, sdp);
    return retryQueued(state, dialog, nowMs);
  }
  const transaction = dialog.theirOffer;
  if (transaction === undefined) return;
  dialog.theirOffer = undefined;
  if (transaction.request.method === 'UPDATE') return answerUpdate(state, dialog, transaction, sdp, nowMs);
  sendAccept(state, dialog, transaction, sdp, nowMs);
}

function answerUpdate(
  state: State,
  dialog: Dialog,
  transaction: ServerTransaction,
  sdp: string | undefined,
  nowMs: number,
): void {
  const session = dialog.stage === 'confirmed' ? agreeAsServer(state, dialog, transaction.request, nowMs) : [];
  const type = sdp === undefined ? [] : [header('Content-Type', 'application/sdp')];
  const headers = [contactOf(state, dialog.flow, dialog.localUser), SUPPORTED, ...session, ...type];
  respond(state, transaction, { status: 200, headers, body: toBinary(sdp ?? '') }, nowMs);
  if (sdp !== undefined) dialog.localSdp = sdp;
  retryQueued(state, dialog, nowMs);
}

export function rejectTheirOffer(state: State, dialog: Dialog, status: number, nowMs: number): void {
  const late = dialog.outgoing?.lateAck;
  if (late !== undefined && isOpen(state, dialog)) {
    dialog.outgoing!.lateAck = undefined;
    acknowledge(state, dialog, late.cseq, undefined);
    return bye(state, dialog, { by: 'us', status }, undefined, nowMs);
  }
  const transaction = dialog.theirOffer;
  if (transaction === undefined) return;
  dialog.theirOffer = undefined;
  respond(state, transaction, { status }, nowMs);
  retryQueued(state, dialog, nowMs);
}
