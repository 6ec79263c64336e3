import { toBinary } from './characters.ts';
import { startClient } from './client-transaction.ts';
import { clearTimer, type Dialog, dialogFlow, requestIn, sdpOf, setTimer } from './dialog.ts';
import { acceptInvite, refuseInvite } from './invite-server.ts';
import { type Header, header, headerOf, type RequestIn, type ResponseIn, tokensOf } from './message.ts';
import { respond, type ServerTransaction } from './server-transaction.ts';
import { emit, GIVE_UP_MS, type State, T1_MS } from './state.ts';
import type { Flow } from './user-agent.ts';

/** RFC 3262, our side of a call that came in. */
export interface ReliableProvisional {
  rseq: number;
  /** The provisional whose PRACK has not come. */
  pending: { readonly flow: Flow; readonly data: Uint8Array; readonly hasSdp: boolean; intervalMs: number } | undefined;
  /** A 200 that waits for that PRACK. §3. */
  acceptWith: string | undefined;
  /** Their answer to an offer in our provisional. */
  answer: string | undefined;
  sentSdp: boolean;
  /** The next one, that waits for the PRACK of this. §3. */
  next: { readonly status: number; readonly headers: readonly Header[]; readonly sdp: string | undefined } | undefined;
}

export function wantsReliable(request: RequestIn, wished: boolean): boolean {
  if (tokensOf(request, 'Require').includes('100rel')) return true;
  return wished && tokensOf(request, 'Supported').includes('100rel');
}

export function sendReliable(
  state: State,
  dialog: Dialog,
  transaction: ServerTransaction,
  status: number,
  headers: readonly Header[],
  sdp: string | undefined,
  nowMs: number,
): void {
  const reliable = dialog.reliable ?? {
    rseq: 0,
    pending: undefined,
    acceptWith: undefined,
    answer: undefined,
    sentSdp: false,
    next: undefined,
  };
  dialog.reliable = reliable;
  if (reliable.pending !== undefined) {
    if (sdp !== undefined || reliable.next === undefined) reliable.next = { status, headers, sdp };
    return;
  }
  reliable.rseq += 1;
  reliable.sentSdp ||= sdp !== undefined;
  const more = [header('Require', '100rel'), header('RSeq', reliable.rseq)];
  const data = respond(
    state,
    transaction,
    { status, headers: [...headers, ...more], body: toBinary(sdp ?? '') },
    nowMs,
  );
  reliable.pending = { flow: transaction.replyFlow, data, hasSdp: sdp !== undefined, intervalMs: T1_MS };
  repeat(state, dialog, nowMs);
  setTimer(state, dialog, 'reliableEnd', nowMs + GIVE_UP_MS, (firedMs) =>
    refuseInvite(state, dialog, 504, undefined, [], firedMs, 'timeout'),
  );
}

function repeat(state: State, dialog: Dialog, nowMs: number): void {
  const pending = dialog.reliable?.pending;
  if (pending === undefined) return;
  setTimer(state, dialog, 'reliable', nowMs + pending.intervalMs, (firedMs) => {
    emit(state, { kind: 'send', flow: pending.flow, data: pending.data });
    pending.intervalMs *= 2;
    repeat(state, dialog, firedMs);
  });
}

export function takePrack(state: State, dialog: Dialog, transaction: ServerTransaction, nowMs: number): void {
  const { request } = transaction;
  const reliable = dialog.reliable;
  const rack = /^([0-9]{1,10})\s+([0-9]{1,10})\s+INVITE$/i.exec(headerOf(request, 'RAck') ?? '');
  if (rack === null) return void respond(state, transaction, { status: 400 }, nowMs);
  const matches = reliable?.pending !== undefined && Number(rack[1]) === reliable.rseq;
  if (!matches || dialog.incoming === undefined || Number(rack[2]) !== dialog.incoming.request.cseq) {
    return void respond(state, transaction, { status: 481 }, nowMs);
  }
  reliable.answer = sdpOf(request) ?? reliable.answer;
  reliable.pending = undefined;
  clearTimer(state, dialog, 'reliable');
  clearTimer(state, dialog, 'reliableEnd');
  respond(state, transaction, { status: 200 }, nowMs);
  if (reliable.acceptWith !== undefined) return acceptInvite(state, dialog, reliable.acceptWith, nowMs);
  const { next } = reliable;
  reliable.next = undefined;
  if (next !== undefined) sendReliable(state, dialog, dialog.incoming, next.status, next.headers, next.sdp, nowMs);
}

/** Our INVITE got a provisional. False: a repeat or out of order, not to be told. §4. */
export function acknowledgeProvisional(state: State, dialog: Dialog, response: ResponseIn, nowMs: number): boolean {
  if (!tokensOf(response, 'Require').includes('100rel')) return true;
  const rseq = Number(headerOf(response, 'RSeq'));
  const seen = dialog.outgoing?.reliableSeen;
  const last = seen?.get(response.toTag);
  if (seen === undefined || !Number.isInteger(rseq) || (last !== undefined && rseq !== last + 1)) return false;
  seen.set(response.toTag, rseq);
  const rack = header('RAck', `${rseq} ${response.cseq} INVITE`);
  const request = requestIn(state, dialog, 'PRACK', { headers: [rack] });
  startClient(state, request, dialogFlow(dialog), { response: () => {}, failed: () => {} }, nowMs);
  return true;
}
