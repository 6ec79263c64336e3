import { leavePark, stopRunning } from './applications.ts';
import { type Board, setTimer } from './board.ts';
import { settleSurvivor, unbridge } from './bridging.ts';
import { q850Of, reasonHeader, statusOf } from './causes.ts';
import { leaveRoom } from './conference.ts';
import { endOverhearing } from './eavesdrop.ts';
import { emit } from './event-headers.ts';
import { type Leg, setVariable, setVariables } from './leg.ts';
import type { MediaStats } from './media/messages.ts';
import { legOfDialEnded } from './originate.ts';

/** How long the media worker may take to close files and ports before the leg is reported gone anyway. */
const CLOSE_MS_MAX = 2000;

/** What a peer's BYE or refusal told; absent when the end is ours. */
export interface PeerEnd {
  readonly status: number | undefined;
  readonly disposition: string;
}

/** Ends a leg in whatever state it is: HANGUP now, HANGUP_COMPLETE and DESTROY when its media are closed. */
export function hangUp(board: Board, leg: Leg, cause: string, peer?: PeerEnd): void {
  if (leg.ending !== undefined) return;
  leg.ending = cause;
  leg.hangupAtMs = Date.now();
  leg.sipStatus = peer?.status;
  for (const timer of leg.timers.values()) clearTimeout(timer);
  leg.timers.clear();
  leg.onPort.length = 0;
  setEndVariables(leg, cause, peer);
  emit(board, leg, 'CHANNEL_HANGUP');
  if (peer === undefined) tellPeer(board, leg, cause);
  leg.waiting.length = 0;
  leg.program.length = 0;
  leaveRoom(board, leg);
  endOverhearing(board, leg);
  stopRunning(board, leg, 'hangup');
  leavePark(board, leg);
  const partner = unbridge(board, leg);
  if (partner !== undefined) settleSurvivor(board, partner.leg, partner.wasFirst);
  legOfDialEnded(board, leg, cause);
  setTimer(leg, 'close', CLOSE_MS_MAX, () => finish(board, leg, undefined));
  board.media({ wish: 'close', leg: leg.id });
  if (leg.secure?.asked) board.peers.apply({ wish: 'close', leg: leg.id });
}

function setEndVariables(leg: Leg, cause: string, peer: PeerEnd | undefined): void {
  const status = peer?.status;
  setVariables(leg, {
    hangup_cause: cause,
    hangup_cause_q850: q850Of(cause),
    sip_hangup_disposition: peer?.disposition ?? (leg.answered === 'yes' ? 'send_bye' : ourRefusal(leg)),
  });
  if (status !== undefined) {
    setVariables(leg, {
      sip_invite_failure_status: leg.answered === 'yes' ? undefined : status,
      sip_term_status: status,
      proto_specific_hangup_cause: `sip:${status}`,
      sip_term_cause: q850Of(cause),
    });
  }
}

function ourRefusal(leg: Leg): string {
  return leg.direction === 'inbound' ? 'send_refuse' : 'send_cancel';
}

function tellPeer(board: Board, leg: Leg, cause: string): void {
  if (leg.direction === 'inbound' && leg.answered !== 'yes') {
    board.sip.reject(leg.id, statusOf(cause), reasonPhrase(cause));
  } else board.sip.end(leg.id, reasonHeader(cause));
}

function reasonPhrase(cause: string): string {
  const words = cause.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The media worker let go of the leg (or did not say so in time): it is over. */
export function finish(board: Board, leg: Leg, stats: MediaStats | undefined): void {
  if (leg.ending === undefined || !board.legs.has(leg.id)) return;
  clearTimeout(leg.timers.get('close'));
  leg.channelState = 'CS_REPORTING';
  leg.callState = 'HANGUP';
  setBillingVariables(leg);
  if (stats !== undefined) setStatistics(leg, stats);
  board.legLog.write({
    leg: leg.id,
    cause: leg.ending,
    sipStatus: leg.sipStatus ?? null,
    startedAtMs: leg.createdAtMs,
    answeredAtMs: leg.answeredAtMs === 0 ? null : leg.answeredAtMs,
    endedAtMs: leg.hangupAtMs,
  });
  emit(board, leg, 'CHANNEL_HANGUP_COMPLETE', { before: [['Hangup-Cause', leg.ending]] });
  emit(board, leg, 'CHANNEL_DESTROY');
  board.legs.delete(leg.id);
}

function setBillingVariables(leg: Leg): void {
  const seconds = (ms: number): number => Math.floor(ms / 1000);
  const billedMs = leg.answeredAtMs === 0 ? 0 : leg.hangupAtMs - leg.answeredAtMs;
  const heldMs = leg.hangupAtMs - leg.createdAtMs;
  setVariables(leg, {
    start_epoch: seconds(leg.createdAtMs),
    start_uepoch: leg.createdAtMs * 1000,
    answer_epoch: seconds(leg.answeredAtMs),
    answer_uepoch: leg.answeredAtMs * 1000,
    bridge_epoch: seconds(leg.bridgedAtMs),
    bridge_uepoch: leg.bridgedAtMs * 1000,
    progress_epoch: seconds(leg.progressAtMs),
    progress_uepoch: leg.progressAtMs * 1000,
    progress_media_epoch: seconds(leg.progressMediaAtMs),
    progress_media_uepoch: leg.progressMediaAtMs * 1000,
    end_epoch: seconds(leg.hangupAtMs),
    end_uepoch: leg.hangupAtMs * 1000,
    caller_id: leg.profile.callerNumber,
    duration: seconds(heldMs),
    billsec: seconds(billedMs),
    mduration: heldMs,
    billmsec: billedMs,
    uduration: heldMs * 1000,
    billusec: billedMs * 1000,
  });
}

function setStatistics(leg: Leg, stats: MediaStats): void {
  setVariables(leg, {
    rtp_audio_in_packet_count: stats.packetsIn,
    rtp_audio_out_packet_count: stats.packetsOut,
    rtp_audio_in_skip_packet_count: stats.packetsLost,
    rtp_audio_in_refused_packet_count: stats.packetsRefused,
  });
  setVariable(leg, 'rtp_audio_in_jitter_ms', stats.jitterMs.toFixed(2));
}
