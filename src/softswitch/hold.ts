import { whenPort } from './answer.ts';
import { order, stopRunning } from './applications.ts';
import { type Board, liveLeg } from './board.ts';
import { resumeMedia } from './bridging.ts';
import { emit } from './event-headers.ts';
import type { Leg } from './leg.ts';
import { connectMedia, localAnswer, localOffer, takeOffer } from './negotiation.ts';
import { cutResponse, startPlay, stopPlay } from './play.ts';

/** The peer asks for other media (RFC 3264 §8): its hold, its return, a new address, or an offer of ours. */
export function peerOffers(board: Board, leg: Leg, sdp: string | undefined): void {
  if (sdp === undefined) {
    board.sip.acceptOffer(leg.id, localOffer(leg));
    return;
  }
  if (!takeOffer(leg, sdp)) {
    board.sip.rejectOffer(leg.id, 488);
    return;
  }
  // At once, but for an ICE restart, which waits for its transport.
  whenPort(board, leg, () => {
    board.sip.acceptOffer(leg.id, localAnswer(leg));
    connectMedia(board, leg);
  });
  const holds = leg.remote !== undefined && !leg.remote.sends;
  if (holds && leg.held === undefined) held(board, leg, 'phone');
  if (!holds && leg.held === 'phone') resumed(board, leg);
}

/** `uuid_hold`: our re-INVITE puts the phone on hold. */
export function holdLeg(board: Board, leg: Leg): boolean {
  if (leg.answered !== 'yes' || leg.held !== undefined) return false;
  leg.held = 'switch';
  offerAnew(board, leg);
  held(board, leg, 'switch');
  return true;
}

export function unholdLeg(board: Board, leg: Leg): boolean {
  if (leg.held !== 'switch') return false;
  leg.held = undefined;
  offerAnew(board, leg);
  resumed(board, leg);
  return true;
}

/** Never with a transport that an ICE restart has given up. */
function offerAnew(board: Board, leg: Leg): void {
  whenPort(board, leg, () => board.sip.offer(leg.id, localOffer(leg)));
}

function held(board: Board, leg: Leg, by: 'phone' | 'switch'): void {
  leg.held = by;
  leg.callState = 'HELD';
  emit(board, leg, 'CHANNEL_HOLD');
  const other = partnerOf(board, leg);
  if (other !== undefined && other.running === undefined) playHoldMusic(board, other);
}

function resumed(board: Board, leg: Leg): void {
  leg.held = undefined;
  const other = partnerOf(board, leg);
  if (other?.running?.order.data === MUSIC) stopRunning(board, other, 'break');
  leg.callState = 'ACTIVE';
  emit(board, leg, 'CHANNEL_UNHOLD');
  resumeMedia(board, leg);
}

const MUSIC = 'local_stream://moh';

/** As an application of the other leg, which it ends by itself: music has no end. */
function playHoldMusic(board: Board, leg: Leg): void {
  const music = order('playback', MUSIC);
  const after = [
    ['Application', 'playback'],
    ['Application-Data', MUSIC],
    ['Application-UUID', music.id],
  ] as const;
  leg.running = {
    order: music,
    digit: undefined,
    stop: (why) => {
      stopPlay(board, leg, why === 'break' ? 'break' : 'done');
      return cutResponse(why);
    },
  };
  emit(board, leg, 'CHANNEL_EXECUTE', { after });
  startPlay(board, leg, MUSIC, ['music'], () => stopRunning(board, leg, 'break'));
}

function partnerOf(board: Board, leg: Leg): Leg | undefined {
  return leg.bridge === undefined ? undefined : liveLeg(board, leg.bridge.other);
}
