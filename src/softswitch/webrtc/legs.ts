import { unreachable } from '../../lib/assert.ts';
import { type Board, clearTimer, liveLeg, setTimer } from '../board.ts';
import type { Leg } from '../leg.ts';
import type { Remote } from '../media/messages.ts';
import { plainDescription } from './description.ts';
import type { PeerNews } from './keep-peers.ts';
import { settledPeer } from './secure.ts';

/** A browser that hangs up says so by BYE and by closing its media; whichever comes first, the BYE tells the cause. */
const BYE_MS = 1500;
/** A network that lets SIP through but no UDP. */
const CONNECT_MS_MAX = 10_000;
/** A browser whose WebSocket closed and whose sound stopped has so long to come back: a citizen waits for it. */
const ADRIFT_MS = 800;

/** What a leg over WebRTC waits for besides its port is there; for another there is nothing to wait for. */
export function isDescribed({ secure }: Leg): boolean {
  return secure === undefined || secure.own !== undefined;
}

/** Asks once for the leg's transport, and once more after an ICE restart: an answer to the offer taken, or an offer of ours. Its port must be
 * known. */
export function openTransport(board: Board, leg: Leg): void {
  const { secure } = leg;
  if (secure === undefined || secure.asked) return;
  secure.asked = true;
  clearTimer(leg, 'lost');
  const peer = { leg: leg.id, bindIp: secure.addresses.bindIp, mediaPort: leg.port ?? 0 };
  if (secure.peer === undefined) board.peers.apply({ wish: 'offer', ...peer });
  else board.peers.apply({ wish: 'answer', ...peer, remote: plainDescription(settledPeer(secure, secure.peer)) });
}

/** Where the media worker finds the far end of this leg: the process of the peers stands between. */
export function relayed(board: Board, leg: Leg, remote: Remote): Remote {
  if (leg.secure?.own === undefined) return remote;
  const ip = relayIpOf(board.options.sip.host);
  return { ...remote, ip, port: leg.secure.own.relayPort, signallingIp: ip };
}

/** Plain RTP of WebRTC legs stays on this machine: on loopback unless the media worker is bound to one address. */
export function relayIpOf(bound: string): string {
  return bound === '0.0.0.0' ? '127.0.0.1' : bound;
}

/** Both sides have described themselves: ICE and DTLS begin, and have so long to get through. */
export function startTransport(board: Board, leg: Leg): void {
  const { secure } = leg;
  if (secure?.own === undefined || secure.peer === undefined || secure.started) return;
  secure.started = true;
  if (secure.own.setup === 'actpass') {
    board.peers.apply({ wish: 'answered', leg: leg.id, remote: plainDescription(secure.peer) });
  }
  setTimer(leg, 'connect', CONNECT_MS_MAX, () => endUnheard(board, leg));
}

/** What the process of the peers tells. `ready` runs what waited for the leg's transport. */
export function peerReported(board: Board, news: PeerNews, ready: (leg: Leg) => void): void {
  if (news.report === 'died') {
    for (const leg of [...board.legs.values()]) if (leg.secure?.asked) endUnheard(board, leg);
    return;
  }
  const leg = liveLeg(board, news.leg);
  const secure = leg?.secure;
  if (leg === undefined || secure === undefined) return;
  switch (news.report) {
    case 'described':
      secure.own = news;
      return ready(leg);
    case 'failed':
      board.log.warn({ leg: leg.id, why: news.why }, 'WebRTC leg');
      return endUnheard(board, leg);
    case 'connected':
      return clearTimer(leg, 'connect');
    case 'lost':
      if (secure.adrift) return endUnheard(board, leg);
      return setTimer(leg, 'lost', BYE_MS, () => endUnheard(board, leg));
    case 'silent':
      secure.silent = true;
      if (secure.adrift && !leg.timers.has('adrift')) endUnheard(board, leg);
      return;
    case 'heard':
      secure.silent = false;
      return;
    default:
      unreachable(news);
  }
}

/** The leg's WebSocket closed, or its browser is back on another. While its sound goes on the call does. */
export function connectionChanged(board: Board, leg: Leg, alive: boolean): void {
  const { secure } = leg;
  if (secure === undefined) return;
  secure.adrift = !alive;
  if (alive) return clearTimer(leg, 'adrift');
  if (leg.answered === 'no')
    return board.hangUp(leg, leg.direction === 'inbound' ? 'ORIGINATOR_CANCEL' : 'NORMAL_TEMPORARY_FAILURE');
  if (leg.timers.has('lost')) return endUnheard(board, leg);
  setTimer(leg, 'adrift', ADRIFT_MS, () => {
    if (secure.silent) endUnheard(board, leg);
  });
}

/** The leg's WebSocket has missed its keep-alive: with its sound gone as well, so is the page, or its network. */
export function connectionQuiet(board: Board, leg: Leg, quiet: boolean): void {
  const { secure } = leg;
  if (secure === undefined || leg.answered !== 'yes') return;
  secure.adrift = quiet;
  if (!quiet) clearTimer(leg, 'adrift');
  else if (secure.silent) endUnheard(board, leg);
}

function endUnheard(board: Board, leg: Leg): void {
  board.hangUp(leg, leg.answered === 'yes' ? 'MEDIA_TIMEOUT' : 'NORMAL_TEMPORARY_FAILURE');
}
