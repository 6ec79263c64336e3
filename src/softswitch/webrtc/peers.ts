import { randomBytes } from 'node:crypto';
import { Audio, PeerConnection, type Track } from 'node-datachannel';
import { unreachable } from '../../lib/assert.ts';
import { looksLikeRtcp } from '../rtp/packet.ts';
import {
  type NewPeer,
  type OwnTransport,
  type PeerOptions,
  type PeerReport,
  type PeerWish,
  SILENT_MS,
} from './messages.ts';
import { openRelay, type Relay } from './relay.ts';

export interface Peers {
  apply(wish: PeerWish): void;
}

interface Peer {
  readonly leg: string;
  readonly connection: PeerConnection;
  readonly ssrc: number;
  track: Track | undefined;
  relay: Relay | undefined;
  isConnected: boolean;
  isSilent: boolean;
  heardAtMs: number;
  closed: boolean;
}

interface Table {
  readonly options: PeerOptions;
  readonly report: (report: PeerReport) => void;
  readonly held: Map<string, Peer>;
}

const LISTEN_MS = 200;

/** The peer connections of one process. Never throws; what goes wrong is reported. */
export function createPeers(options: PeerOptions, report: (report: PeerReport) => void): Peers {
  const table: Table = { options, report, held: new Map() };
  setInterval(() => tellSilence(table), LISTEN_MS).unref();
  return { apply: (wish) => apply(table, wish) };
}

function apply(table: Table, wish: PeerWish): void {
  const peer = table.held.get(wish.leg);
  try {
    switch (wish.wish) {
      case 'offer':
        return open(table, wish, undefined);
      case 'answer':
        return open(table, wish, wish.remote);
      case 'answered':
        return peer?.connection.setRemoteDescription(wish.remote, 'answer');
      case 'close':
        return peer && close(table, peer);
      default:
        unreachable(wish);
    }
  } catch (error) {
    fail(table, wish.leg, error);
  }
}

function fail(table: Table, leg: string, error: unknown): void {
  const peer = table.held.get(leg);
  if (peer !== undefined) close(table, peer);
  table.report({ report: 'failed', leg, why: error instanceof Error ? error.message : String(error) });
}

function open(table: Table, wish: NewPeer, offer: string | undefined): void {
  const { options, held } = table;
  if (held.has(wish.leg)) return;
  if (held.size >= options.peersMax) throw new Error(`more than ${options.peersMax} peers`);
  const connection = new PeerConnection(wish.leg, {
    iceServers: [],
    bindAddress: wish.bindIp,
    enableIceTcp: false,
    portRangeBegin: options.portMin,
    portRangeEnd: options.portMax,
    disableAutoNegotiation: true,
  });
  const ssrc = randomBytes(4).readUInt32BE(0);
  const peer: Peer = {
    ...{ leg: wish.leg, connection, ssrc, track: undefined, relay: undefined },
    ...{ isConnected: false, isSilent: false, heardAtMs: performance.now(), closed: false },
  };
  held.set(wish.leg, peer);
  follow(table, peer);
  openRelay(options.relayIp, wish.mediaPort, (packet) => toBrowser(peer, packet))
    .then((relay) => {
      if (peer.closed) return relay.close();
      peer.relay = relay;
      describe(table, peer);
    })
    .catch((error: unknown) => fail(table, wish.leg, error));
  if (offer === undefined) {
    take(table, peer, connection.addTrack(audioOf(ssrc)));
    connection.setLocalDescription('offer');
  } else {
    connection.onTrack((track) => take(table, peer, track));
    connection.setRemoteDescription(offer, 'offer');
    connection.setLocalDescription('answer');
  }
}

function audioOf(ssrc: number): Audio {
  const audio = new Audio('0', 'SendRecv');
  audio.addAudioCodec(8, 'PCMA/8000');
  audio.addAudioCodec(0, 'PCMU/8000');
  audio.addSSRC(ssrc, 'minhu', 'minhu', 'audio');
  return audio;
}

function follow(table: Table, peer: Peer): void {
  const { connection, leg } = peer;
  connection.onGatheringStateChange((state) => {
    if (state === 'complete') describe(table, peer);
  });
  connection.onStateChange((state) => {
    if (peer.closed) return;
    if (state === 'connected' && !peer.isConnected) {
      peer.isConnected = true;
      peer.heardAtMs = performance.now();
      table.report({ report: 'connected', leg });
    }
    if (state === 'failed' || state === 'closed') table.report({ report: 'lost', leg });
  });
}

function take(table: Table, peer: Peer, track: Track): void {
  if (peer.track !== undefined) return;
  peer.track = track;
  track.onMessage((packet) => {
    if (peer.closed) return;
    peer.heardAtMs = performance.now();
    if (peer.isSilent) {
      peer.isSilent = false;
      table.report({ report: 'heard', leg: peer.leg });
    }
    if (looksLikeRtcp(packet)) peer.relay?.sendRtcp(packet);
    else peer.relay?.sendRtp(packet);
  });
}

/** Once the candidates are gathered and the relay has its ports. */
function describe(table: Table, peer: Peer): void {
  if (peer.closed || peer.relay === undefined || peer.connection.gatheringState() !== 'complete') return;
  const own = ownTransport(peer, peer.relay, peer.connection.localDescription()?.sdp ?? '');
  if (own === undefined) fail(table, peer.leg, 'no usable address for ICE');
  else table.report({ report: 'described', leg: peer.leg, ...own });
}

function ownTransport(peer: Peer, relay: Relay, sdp: string): OwnTransport | undefined {
  const value = (pattern: RegExp): string | undefined => pattern.exec(sdp)?.[1];
  const ufrag = value(/^a=ice-ufrag:(\S+)/m);
  const password = value(/^a=ice-pwd:(\S+)/m);
  const fingerprint = value(/^a=fingerprint:sha-256 (\S+)/im);
  const setup = value(/^a=setup:(actpass|active|passive)/m) as OwnTransport['setup'] | undefined;
  const icePort = value(/^a=candidate:\S+ 1 UDP \d+ \S+ (\d+) typ host/im);
  if (!ufrag || !password || !fingerprint || !setup || !icePort) return undefined;
  return { ufrag, password, fingerprint, setup, icePort: Number(icePort), ssrc: peer.ssrc, relayPort: relay.port };
}

/** RTP or RTCP of the media worker, under the SSRC that our description names. */
function toBrowser(peer: Peer, packet: Buffer): void {
  const { track } = peer;
  if (peer.closed || !peer.isConnected || track === undefined || !track.isOpen()) return;
  if (looksLikeRtcp(packet)) setRtcpSource(packet, peer.ssrc);
  else if (packet.length >= 12) packet.writeUInt32BE(peer.ssrc, 8);
  try {
    track.sendMessageBinary(packet);
  } catch {
    // Closed between two lines of ours: its state change is told.
  }
}

/** Every part of a compound packet (sender or receiver report, SDES, BYE) names its sender in the second word. RFC 3550 §6.4–6.6. */
function setRtcpSource(packet: Buffer, ssrc: number): void {
  for (let at = 0; at + 8 <= packet.length; at += (packet.readUInt16BE(at + 2) + 1) * 4)
    packet.writeUInt32BE(ssrc, at + 4);
}

function tellSilence(table: Table): void {
  const nowMs = performance.now();
  for (const peer of table.held.values()) {
    if (!peer.isConnected || peer.isSilent || nowMs - peer.heardAtMs < SILENT_MS) continue;
    peer.isSilent = true;
    table.report({ report: 'silent', leg: peer.leg });
  }
}

function close(table: Table, peer: Peer): void {
  peer.closed = true;
  table.held.delete(peer.leg);
  peer.relay?.close();
  peer.connection.close();
}
