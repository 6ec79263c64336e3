import type { Application, Board } from './board.ts';
import { emit } from './event-headers.ts';
import type { Leg } from './leg.ts';
import { setVariables } from './leg.ts';
import { connectMedia, localAnswer, localOffer } from './negotiation.ts';
import { isDescribed, openTransport } from './webrtc/legs.ts';

/** A port that is bound already, else the one that the media's thread will tell of. */
export function openPort(board: Board, leg: Leg): void {
  const port = board.sparePorts.shift();
  leg.port = port;
  board.media({ wish: 'open', leg: leg.id, ...(port === undefined ? {} : { port }) });
}

/** Runs `work` as soon as the leg has what a description of ours says of it: a port, and its transport over WebRTC. Never when it ends before. */
export function whenPort(board: Board, leg: Leg, work: () => void): void {
  leg.onPort.push(work);
  runOnPort(board, leg);
}

/** Something of that is there: runs what waited, or asks for what is still missing. */
export function runOnPort(board: Board, leg: Leg): void {
  if (leg.port === undefined || leg.onPort.length === 0) return;
  if (!isDescribed(leg)) openTransport(board, leg);
  else for (const work of leg.onPort.splice(0)) work();
}

/** 200 to the caller. A leg that is answered already stays as it is. */
export function answerLeg(board: Board, leg: Leg, done: () => void): void {
  if (leg.direction === 'outbound' || leg.answered === 'yes') {
    done();
    return;
  }
  whenPort(board, leg, () => {
    const sdp = leg.remoteSdp === undefined ? localOffer(leg) : localAnswer(leg);
    markAnswered(board, leg);
    board.sip.accept(leg.id, sdp);
    connectMedia(board, leg);
    done();
  });
}

/** Either direction: from now on the leg counts as answered. */
export function markAnswered(board: Board, leg: Leg): void {
  leg.answered = 'yes';
  leg.answeredAtMs = Date.now();
  setVariables(leg, { endpoint_disposition: 'ANSWER' });
  emit(board, leg, 'CHANNEL_ANSWER');
  leg.callState = 'ACTIVE';
}

/** 180 to the caller, once. */
export function ringLeg(board: Board, leg: Leg): void {
  if (leg.direction === 'outbound' || leg.answered !== 'no' || leg.progressAtMs !== 0) return;
  leg.progressAtMs = Date.now();
  board.sip.ring(leg.id, undefined);
  emit(board, leg, 'CHANNEL_PROGRESS');
  leg.callState = 'RINGING';
}

/** 183 with our answer: the caller hears us before the call is answered. Without an offer to answer it must wait for the 200. */
export function preAnswerLeg(board: Board, leg: Leg, done: () => void): void {
  if (leg.direction === 'outbound' || leg.answered !== 'no' || leg.remoteSdp === undefined) {
    done();
    return;
  }
  whenPort(board, leg, () => {
    leg.answered = 'early';
    leg.progressMediaAtMs = Date.now();
    board.sip.ring(leg.id, localAnswer(leg));
    connectMedia(board, leg);
    emit(board, leg, 'CHANNEL_PROGRESS_MEDIA');
    leg.callState = 'EARLY';
    done();
  });
}

/** Runs `work` when something played would be heard: early media is opened for that if need be. */
export function whenMediaFlow(board: Board, leg: Leg, work: () => void): void {
  preAnswerLeg(board, leg, () => whenPort(board, leg, work));
}

export const answer: Application = (board, leg, _order, run) => answerLeg(board, leg, () => run.done());

export const preAnswer: Application = (board, leg, _order, run) => preAnswerLeg(board, leg, () => run.done());

export const ringReady: Application = (board, leg, _order, run) => {
  ringLeg(board, leg);
  run.done();
};
