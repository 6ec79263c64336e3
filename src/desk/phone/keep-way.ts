import type { RTCSession } from 'jssip/lib/RTCSession';

/** The browser has noticed another network, or its own back. */
const NETWORK_EVENT = 'online';
/**
 * Firefox (as of 153) stays with the DTLS association that it has, and the embedded switch answers a restart with a new one: no more sound,
 * until the switch ends that leg after ten seconds. There it is asked for only when there is nothing left to lose.
 */
const KEEPS_DTLS = /\bFirefox\//;

/**
 * Keeps a call's sound on a way that exists: when the network changes, or nothing comes any more, the call is asked for another one within it
 * (an ICE restart), as long as its signalling has one. Where that is lost too, the switch brings the talk back instead.
 */
export function keepWay(session: RTCSession, connection: RTCPeerConnection, reaches: () => boolean): void {
  const waits = KEEPS_DTLS.test(navigator.userAgent);
  let asking = false;
  const look = (): void => {
    // One at a time: what changed meanwhile is seen to when the answer is here.
    if (asking || !session.isEstablished() || !reaches()) return;
    asking = session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, () => {
      asking = false;
    });
  };
  const changed = (): void => {
    const { connectionState } = connection;
    if (connectionState === 'failed' || (connectionState === 'disconnected' && !waits)) look();
  };
  connection.addEventListener('connectionstatechange', changed);
  if (waits) return;
  const over = (): void => window.removeEventListener(NETWORK_EVENT, look);
  window.addEventListener(NETWORK_EVENT, look);
  session.on('ended', over);
  session.on('failed', over);
}
