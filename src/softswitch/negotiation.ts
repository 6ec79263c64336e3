import type { Board } from './board.ts';
import { type Leg, setVariables } from './leg.ts';
import type { Remote } from './media/messages.ts';
import { answerOffer, type Direction, makeOffer, readAnswer } from './sip/sdp.ts';
import { relayed, startTransport } from './webrtc/legs.ts';
import { ownAnswer, ownOffer, takeSecureAnswer, takeSecureOffer } from './webrtc/secure.ts';

/** Takes in the peer's offer. False: nothing in it that we speak (488). */
export function takeOffer(leg: Leg, sdp: string): boolean {
  const remote =
    leg.secure === undefined
      ? answerOffer(sdp, localMedia(leg, directionOf(leg)), leg.signalling.ip)?.remote
      : takeSecureOffer(leg.secure, sdp, directionOf(leg), leg.signalling.ip);
  return took(leg, sdp, remote);
}

/** Takes in the peer's answer to our offer. False: no codec in common. */
export function takeAnswer(leg: Leg, sdp: string): boolean {
  const remote =
    leg.secure === undefined
      ? readAnswer(sdp, leg.signalling.ip, directionOf(leg))
      : takeSecureAnswer(leg.secure, sdp, directionOf(leg), leg.signalling.ip);
  return took(leg, sdp, remote);
}

function took(leg: Leg, sdp: string, remote: Remote | undefined): boolean {
  if (remote === undefined) return false;
  leg.remoteSdp = sdp;
  setRemote(leg, remote);
  return true;
}

function setRemote(leg: Leg, remote: Remote): void {
  leg.remote = remote;
  setVariables(leg, {
    switch_r_sdp: leg.remoteSdp,
    rtp_use_codec_name: remote.codec,
    rtp_use_codec_rate: 8000,
    rtp_use_codec_ptime: 20,
    read_codec: remote.codec,
    read_rate: 8000,
    write_codec: remote.codec,
    write_rate: 8000,
    dtmf_type: remote.digitsPayload === undefined ? 'info' : 'rfc2833',
    remote_media_ip: remote.ip,
    remote_media_port: remote.port,
    remote_audio_media_flow: flowName(remote.receives, remote.sends),
  });
}

function flowName(receives: boolean, sends: boolean): string {
  if (receives) return sends ? 'sendrecv' : 'sendonly';
  return sends ? 'recvonly' : 'inactive';
}

/** Our answer to the offer last taken. */
export function localAnswer(leg: Leg): string {
  if (leg.secure !== undefined) return keepLocal(leg, ownAnswer(leg.secure, localMedia(leg, directionOf(leg))));
  const answered = answerOffer(leg.remoteSdp ?? '', localMedia(leg, directionOf(leg)), leg.signalling.ip);
  return keepLocal(leg, answered?.answer ?? '');
}

export function localOffer(leg: Leg): string {
  if (leg.secure !== undefined) return keepLocal(leg, ownOffer(leg.secure, localMedia(leg, directionOf(leg))));
  return keepLocal(leg, makeOffer(localMedia(leg, directionOf(leg))));
}

/** A leg that this switch holds is sent music and not listened to. */
function directionOf(leg: Leg): Direction {
  return leg.held === 'switch' ? 'sendonly' : 'sendrecv';
}

function localMedia(leg: Leg, direction: Direction) {
  const sessionId = leg.createdAtMs;
  return { ip: leg.localIp, port: leg.port ?? 0, sessionId, previous: leg.localSdp, direction };
}

function keepLocal(leg: Leg, sdp: string): string {
  leg.localSdp = sdp;
  setVariables(leg, { rtp_local_sdp_str: sdp, local_media_ip: leg.localIp, local_media_port: leg.port });
  return sdp;
}

/** Tells the media worker what was negotiated. */
export function connectMedia(board: Board, leg: Leg): void {
  if (leg.remote === undefined) return;
  board.media({ wish: 'connect', leg: leg.id, remote: relayed(board, leg, leg.remote) });
  startTransport(board, leg);
}
