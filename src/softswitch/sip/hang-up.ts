import { startClient } from './client-transaction.ts';
import { type Dialog, dialogFlow, type Ending, forget, isOpen, reasonHeader, requestIn, tellEnded } from './dialog.ts';
import { acknowledge, cancelInvite } from './invite-client.ts';
import { refuseInvite } from './invite-server.ts';
import { respond } from './server-transaction.ts';
import type { State } from './state.ts';

/** The owner's `end`, in whatever state the call is. */
export function hangUp(state: State, dialog: Dialog, reason: string | undefined, nowMs: number): void {
  switch (dialog.stage) {
    case 'calling':
      return cancelInvite(state, dialog, reason, nowMs);
    case 'ringing':
      return refuseInvite(state, dialog, 480, undefined, reasonHeader(reason), nowMs);
    case 'accepted':
      dialog.byeAfterAck = { reason };
      return tellEnded(state, dialog, { by: 'us' });
    case 'confirmed':
      if (dialog.outgoing?.lateAck !== undefined) acknowledge(state, dialog, dialog.outgoing.lateAck.cseq, undefined);
      return bye(state, dialog, { by: 'us' }, reason, nowMs);
    case 'over':
      return;
  }
}

/** Sends BYE, tells the owner and forgets: the answer to a BYE changes nothing any more. RFC 3261 §15.1.1. */
export function bye(state: State, dialog: Dialog, ending: Ending, reason: string | undefined, nowMs: number): void {
  sendBye(state, dialog, reason, nowMs);
  over(state, dialog, ending, nowMs);
}

export function sendBye(state: State, dialog: Dialog, reason: string | undefined, nowMs: number): void {
  const request = requestIn(state, dialog, 'BYE', { headers: reasonHeader(reason) });
  startClient(state, request, dialogFlow(dialog), SILENT, nowMs);
}

/** Whatever the peer still waits for is answered, then nothing of the dialog remains. */
export function over(state: State, dialog: Dialog, ending: Ending, nowMs: number): void {
  if (dialog.incoming !== undefined) respond(state, dialog.incoming, { status: 487 }, nowMs);
  if (dialog.theirOffer !== undefined) respond(state, dialog.theirOffer, { status: 487 }, nowMs);
  dialog.incoming = undefined;
  dialog.theirOffer = undefined;
  if (isOpen(state, dialog)) tellEnded(state, dialog, ending);
  forget(state, dialog);
}

/** A challenge to our BYE is not answered with credentials: the peer of a call has no claim to them. */
const SILENT = { response: () => {}, failed: () => {} };
