import { unreachable } from '../lib/assert.ts';
import { runOnPort } from './answer.ts';
import type { Board } from './board.ts';
import { liveLeg } from './board.ts';
import { causeOfStatus, isCause } from './causes.ts';
import { digitPressed } from './digits.ts';
import { finish, hangUp } from './hang-up.ts';
import { peerOffers } from './hold.ts';
import { callArrived } from './incoming.ts';
import type { Leg } from './leg.ts';
import type { MediaReport } from './media/messages.ts';
import { connectMedia, takeAnswer } from './negotiation.ts';
import { phoneAnswers, phoneRings } from './originate.ts';
import { playEnded } from './play.ts';
import { recordingEnded, recordingStarted } from './recording.ts';
import { saidRegistered, saidUnregistered } from './registrations.ts';
import type { SipHappening } from './sip/user-agent.ts';
import { connectionChanged, connectionQuiet } from './webrtc/legs.ts';

type CallHappening = Exclude<
  SipHappening,
  { kind: 'incoming' } | { kind: 'registered' } | { kind: 'unregistered' } | { kind: 'registerResult' }
>;

/** What SIP heard, carried to the concern that it is about. */
export function sipHappened(board: Board, happening: SipHappening): void {
  switch (happening.kind) {
    case 'incoming':
      callArrived(board, happening);
      break;
    case 'registered':
      saidRegistered(board, happening.registration);
      break;
    case 'unregistered':
      saidUnregistered(board, happening.registration, happening.expired);
      break;
    case 'registerResult':
      break;
    default: {
      const leg = liveLeg(board, happening.call);
      if (leg !== undefined) callHappened(board, leg, happening);
    }
  }
}

function callHappened(board: Board, leg: Leg, happening: CallHappening): void {
  switch (happening.kind) {
    case 'ringing':
      phoneRings(board, leg, happening.status, happening.sdp);
      break;
    case 'answered':
      if (!happening.again) phoneAnswers(board, leg, happening.sdp);
      else takeLateAnswer(board, leg, happening.sdp);
      break;
    case 'confirmed':
      takeLateAnswer(board, leg, happening.sdp);
      break;
    case 'offer':
      peerOffers(board, leg, happening.sdp);
      break;
    case 'ended':
      callEnded(board, leg, happening);
      break;
    case 'digit':
      digitPressed(board, leg, happening.digit, happening.durationMs * 8, 'ENDPOINT');
      break;
    case 'connection':
      connectionChanged(board, leg, happening.alive);
      break;
    case 'quiet':
      connectionQuiet(board, leg, happening.quiet);
      break;
    case 'pinged':
      if (!happening.alive) board.hangUp(leg, 'MEDIA_TIMEOUT');
      break;
    default:
      unreachable(happening);
  }
}

/** The answer to an offer of ours that was not the first: our re-INVITE's, or the ACK's to our late offer. */
function takeLateAnswer(board: Board, leg: Leg, sdp: string | undefined): void {
  if (sdp === undefined) return;
  if (takeAnswer(leg, sdp)) connectMedia(board, leg);
  else board.hangUp(leg, 'INCOMPATIBLE_DESTINATION');
}

function callEnded(board: Board, leg: Leg, ended: Extract<SipHappening, { kind: 'ended' }>): void {
  const { status } = ended;
  if (leg.answered === 'yes') {
    const cause =
      ended.by === 'timeout' ? 'RECOVERY_ON_TIMER_EXPIRE' : (causeInReason(ended.reason) ?? 'NORMAL_CLEARING');
    hangUp(board, leg, cause, { status: ended.by === 'peer' ? 200 : 408, disposition: 'recv_bye' });
  } else if (leg.direction === 'inbound') {
    hangUp(board, leg, 'ORIGINATOR_CANCEL', { status: status ?? 487, disposition: 'recv_cancel' });
  } else {
    hangUp(board, leg, causeOfStatus(status ?? 408), { status: status ?? 408, disposition: 'recv_refuse' });
  }
}

/** A BYE of another switch may say why, in FreeSWITCH's words. */
function causeInReason(reason: string | undefined): string | undefined {
  const text = /text="([A-Z_]{3,40})"/.exec(reason ?? '')?.[1];
  return text !== undefined && isCause(text) ? text : undefined;
}

/** What the media worker tells. A leg on its way out is heard too: its files and its port close last. */
export function mediaReported(board: Board, report: MediaReport): void {
  if (report.report === 'spare') return void board.sparePorts.push(report.port);
  const leg = board.legs.get(report.leg);
  if (leg === undefined) return;
  switch (report.report) {
    case 'opened':
      leg.port = report.port;
      runOnPort(board, leg);
      break;
    case 'openFailed':
      board.log.warn({ leg: leg.id, why: report.why }, 'no RTP port');
      board.hangUp(leg, 'SWITCH_CONGESTION');
      break;
    case 'playEnded':
      playEnded(board, leg, report.id, report.outcome);
      break;
    case 'digit':
      if (leg.ending === undefined) digitPressed(board, leg, report.digit, report.durationSamples, 'RTP');
      break;
    case 'silent':
      if (leg.ending === undefined && leg.answered === 'yes') board.sip.ping(leg.id);
      break;
    case 'recordStarted':
      recordingStarted(board, leg, report.file);
      break;
    case 'recordEnded':
      recordingEnded(board, leg, report);
      break;
    case 'closed':
      finish(board, leg, report.stats);
      break;
    default:
      unreachable(report);
  }
}
