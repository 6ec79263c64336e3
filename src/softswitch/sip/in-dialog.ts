import { ALLOW, METHODS_KNOWN, SUPPORTED } from './capabilities.ts';
import { isDigits, toBinary } from './characters.ts';
import { startClient } from './client-transaction.ts';
import { clearTimer, type Dialog, dialogFlow, isOpen, requestIn, sawFlow, setTimer, tellEnded } from './dialog.ts';
import { over } from './hang-up.ts';
import { cancelInvite } from './invite-client.ts';
import { header, headerOf, type RequestIn } from './message.ts';
import { takeOffer } from './offer.ts';
import { takePrack } from './reliable-provisional.ts';
import { respond, type ServerTransaction, startServer } from './server-transaction.ts';
import { emit, type State } from './state.ts';
import type { Flow } from './user-agent.ts';

/** How long a ping waits. A UDP request is sent four times in it. */
export const PING_WAIT_MS = 4_000;
const DIGIT_MS = 160;

/** A request within a dialog, ACK and CANCEL excepted. RFC 3261 §12.2.2. */
export function takeInDialog(state: State, dialog: Dialog, request: RequestIn, flow: Flow, nowMs: number): void {
  const transaction = startServer(state, request, flow);
  if (request.cseq <= dialog.remoteSeq) return void respond(state, transaction, { status: 500 }, nowMs);
  dialog.remoteSeq = request.cseq;
  sawFlow(state, dialog, flow);
  switch (request.method) {
    case 'BYE':
      return takeBye(state, dialog, transaction, nowMs);
    case 'INVITE':
    case 'UPDATE':
      return takeOffer(state, dialog, transaction, nowMs);
    case 'PRACK':
      return takePrack(state, dialog, transaction, nowMs);
    case 'INFO':
      return takeInfo(state, dialog, transaction, nowMs);
    case 'OPTIONS':
      return void respond(state, transaction, { status: 200, headers: [ALLOW, SUPPORTED] }, nowMs);
    default: {
      const status = METHODS_KNOWN.includes(request.method) ? 405 : 501;
      respond(state, transaction, { status, headers: [ALLOW] }, nowMs);
    }
  }
}

function takeBye(state: State, dialog: Dialog, transaction: ServerTransaction, nowMs: number): void {
  respond(state, transaction, { status: 200 }, nowMs);
  const ending = { by: 'peer' as const, reason: headerOf(transaction.request, 'Reason') };
  if (dialog.stage !== 'calling') return over(state, dialog, ending, nowMs);
  // A BYE for an early dialog: the INVITE is still to be ended.
  if (isOpen(state, dialog)) tellEnded(state, dialog, ending);
  cancelInvite(state, dialog, undefined, nowMs);
}

/** RFC 6086 names no package for digits; these two bodies are what phones and gateways send. */
function takeInfo(state: State, dialog: Dialog, transaction: ServerTransaction, nowMs: number): void {
  const { request } = transaction;
  const type = (headerOf(request, 'Content-Type') ?? '').split(';')[0]!.trim().toLowerCase();
  if (type === '' && request.body === '') return void respond(state, transaction, { status: 200 }, nowMs);
  if (type !== 'application/dtmf-relay' && type !== 'application/dtmf') {
    const accept = header('Accept', 'application/dtmf-relay, application/dtmf');
    return void respond(state, transaction, { status: 415, headers: [accept] }, nowMs);
  }
  const relayed = /^\s*signal\s*=\s*(\S+)/im.exec(request.body)?.[1];
  const digit = digitOf(relayed ?? request.body.trim());
  if (digit === undefined) return void respond(state, transaction, { status: 400 }, nowMs);
  respond(state, transaction, { status: 200 }, nowMs);
  const duration = /^\s*duration\s*=\s*([0-9]{1,5})/im.exec(request.body)?.[1];
  const durationMs = duration === undefined ? DIGIT_MS : Number(duration);
  if (isOpen(state, dialog)) emit(state, { kind: 'digit', call: dialog.call, digit, durationMs });
}

function digitOf(signal: string): string | undefined {
  if (/^[0-9*#A-Da-d]$/.test(signal)) return signal.toUpperCase();
  if (!isDigits(signal)) return undefined;
  return { '10': '*', '11': '#', '12': 'A', '13': 'B', '14': 'C', '15': 'D' }[signal];
}

/** In-dialog OPTIONS. 481 says that the peer lives and has no such call: told as alive, then as ended (RFC 5057). */
export function pingPeer(state: State, dialog: Dialog, nowMs: number): void {
  // One at a time: a lost one that gives up later must not speak for the next. Before a tagged answer there is no dialog to ask in.
  if (state.timers.has(`d ${dialog.call} ping`) || dialog.remoteTag === '') return;
  let told = false;
  const tell = (alive: boolean) => {
    if (told) return;
    told = true;
    clearTimer(state, dialog, 'ping');
    if (isOpen(state, dialog)) emit(state, { kind: 'pinged', call: dialog.call, alive });
  };
  setTimer(state, dialog, 'ping', nowMs + PING_WAIT_MS, () => tell(false));
  startClient(
    state,
    requestIn(state, dialog, 'OPTIONS', {}),
    dialogFlow(dialog),
    {
      response: (response, atMs) => {
        tell(true);
        const gone = response.status === 481 && dialog.stage === 'confirmed';
        if (gone) over(state, dialog, { by: 'peer', status: 481 }, atMs);
      },
      failed: () => tell(false),
    },
    nowMs,
  );
}

export function infoToPeer(state: State, dialog: Dialog, contentType: string, body: string, nowMs: number): void {
  if (dialog.stage !== 'confirmed') return;
  const request = requestIn(state, dialog, 'INFO', { contentType, body: toBinary(body) });
  startClient(state, request, dialogFlow(dialog), { response: () => {}, failed: () => {} }, nowMs);
}
