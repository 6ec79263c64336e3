import { randomBytes } from 'node:crypto';
import { type LocalDescriptionInit, PeerConnection, type RtcConfig, type Track } from 'node-datachannel';
import { unreachable } from '../../lib/assert.ts';
import { looksLikeRtcp } from '../rtp/packet.ts';
import { type Certificate, createCertificate } from './certificate.ts';
import { type IcePort, reserveIcePort } from './ice-port.ts';
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
  readonly ssrc: number;
  /** What we offered, until the far end has answered. */
  offered: Offered | undefined;
  /** The way by which sound goes. */
  path: Path | undefined;
  /** After an ICE restart: the way that takes its place once it is through. */
  next: Path | undefined;
  relay: Relay | undefined;
  isSilent: boolean;
  heardAtMs: number;
  closed: boolean;
}

interface Offered {
  readonly bindIp: string;
  readonly port: IcePort;
  readonly ufrag: string;
  readonly password: string;
}

/** One ICE and DTLS association with the far end. */
interface Path {
  readonly connection: PeerConnection;
  track: Track | undefined;
  isConnected: boolean;
}

interface Table {
  readonly options: PeerOptions;
  /** Of all that we offer. */
  readonly certificate: Certificate;
  readonly report: (report: PeerReport) => void;
  readonly held: Map<string, Peer>;
}

const LISTEN_MS = 200;

/** The peer connections of one process. Never throws; what goes wrong is reported. */
export function createPeers(options: PeerOptions, report: (report: PeerReport) => void): Peers {
  const table: Table = { options, certificate: createCertificate(), report, held: new Map() };
  setInterval(() => tellSilence(table), LISTEN_MS).unref();
  return { apply: (wish) => apply(table, wish) };
}

function apply(table: Table, wish: PeerWish): void {
  const peer = table.held.get(wish.leg);
  try {
    switch (wish.wish) {
      case 'offer':
        return peer === undefined ? offer(table, wish) : undefined;
      case 'answer':
        return peer === undefined ? open(table, wish, wish.remote) : restart(table, peer, wish, wish.remote);
      case 'answered':
        return peer && answered(table, peer, wish.remote);
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

function newPeer({ options, held }: Table, leg: string): Peer {
  if (held.size >= options.peersMax) throw new Error(`more than ${options.peersMax} peers`);
  const peer: Peer = {
    ...{ leg, ssrc: randomBytes(4).readUInt32BE(0), offered: undefined, path: undefined, next: undefined },
    ...{ relay: undefined, isSilent: false, heardAtMs: performance.now(), closed: false },
  };
  held.set(leg, peer);
  return peer;
}

/**
 * The library learns of a peer when the far end has answered. One that has its sockets open before lets ICE and DTLS begin in the middle of
 * `setRemoteDescription`, before the fingerprint is known, and refuses the far end's certificate then.
 */
function offer(table: Table, { leg, bindIp, mediaPort }: NewPeer): void {
  const { portMin, portMax } = table.options;
  const peer = newPeer(table, leg);
  const [ufrag, password] = [randomBytes(6).toString('base64'), randomBytes(18).toString('base64')];
  void lend(table, peer, mediaPort, async (relay) => {
    const port = await reserveIcePort(bindIp, portMin, portMax);
    if (peer.closed) return await port.free();
    peer.offered = { bindIp, port, ufrag, password };
    const own = { ufrag, password, fingerprint: table.certificate.fingerprint, setup: 'actpass' as const };
    const ports = { icePort: port.port, relayPort: relay.port };
    table.report({ report: 'described', leg, ssrc: peer.ssrc, ...own, ...ports });
  });
}

function answered(table: Table, peer: Peer, remote: string): void {
  const { offered } = peer;
  if (offered === undefined) return;
  peer.offered = undefined;
  const { bindIp, port, ufrag, password } = offered;
  const { certificatePem, keyPem } = table.certificate;
  const settled = async (): Promise<void> => {
    await port.free();
    if (peer.closed) return;
    const range = { portRangeBegin: port.port, portRangeEnd: port.port };
    const own = { certificatePemFile: certificatePem, keyPemFile: keyPem };
    peer.path = newPath(peer.leg, bindIp, { ...range, ...own });
    connect(table, peer, peer.path, remote, { iceUfrag: ufrag, icePwd: password });
  };
  settled().catch((error: unknown) => fail(table, peer.leg, error));
}

/** With its relay once that is open. What goes wrong ends the leg. */
async function lend(table: Table, peer: Peer, mediaPort: number, use: (relay: Relay) => Promise<void> | void) {
  try {
    const relay = await openRelay(table.options.relayIp, mediaPort, (packet) => toBrowser(peer, packet));
    if (peer.closed) return relay.close();
    peer.relay = relay;
    await use(relay);
  } catch (error) {
    fail(table, peer.leg, error);
  }
}

function open(table: Table, wish: NewPeer, remote: string): void {
  const peer = newPeer(table, wish.leg);
  peer.path = newPath(wish.leg, wish.bindIp, rangeOf(table.options));
  void lend(table, peer, wish.mediaPort, () => describe(table, peer));
  reply(table, peer, peer.path, remote);
}

/**
 * RFC 8445 §9. The library restarts no ICE agent: another connection answers, with a certificate of its own, by which the far end knows to
 * open DTLS anew (RFC 8842 §4). SSRC and relay stay, so that neither the far end's receiver nor the media worker notices.
 */
function restart(table: Table, peer: Peer, wish: NewPeer, remote: string): void {
  peer.next?.connection.close();
  peer.next = newPath(wish.leg, wish.bindIp, rangeOf(table.options));
  reply(table, peer, peer.next, remote);
}

/** To an offer of the far end: it waits for our description. */
function reply(table: Table, peer: Peer, path: Path, remote: string): void {
  path.connection.onGatheringStateChange((state) => {
    if (state === 'complete') describe(table, peer);
  });
  connect(table, peer, path, remote);
}

function rangeOf({ portMin, portMax }: PeerOptions): Partial<RtcConfig> {
  return { portRangeBegin: portMin, portRangeEnd: portMax };
}

function newPath(leg: string, bindAddress: string, more: Partial<RtcConfig>): Path {
  const fixed = { iceServers: [], enableIceTcp: false, disableAutoNegotiation: true };
  return {
    connection: new PeerConnection(leg, { ...fixed, bindAddress, ...more }),
    track: undefined,
    isConnected: false,
  };
}

/** `own`: the ICE credentials that the far end has been told; else the library draws some. */
function connect(table: Table, peer: Peer, path: Path, remote: string, own?: LocalDescriptionInit): void {
  follow(table, peer, path);
  path.connection.onTrack((track) => take(table, peer, path, track));
  path.connection.setRemoteDescription(remote, 'offer');
  path.connection.setLocalDescription('answer', own);
}

function follow(table: Table, peer: Peer, path: Path): void {
  path.connection.onStateChange((state) => {
    if (!isOf(peer, path)) return;
    if (state === 'connected' && !path.isConnected) connected(table, peer, path);
    // The former way ends when it may: sound waits for the next.
    const waits = path === peer.path && peer.next !== undefined;
    if ((state === 'failed' || state === 'closed') && !waits) table.report({ report: 'lost', leg: peer.leg });
  });
}

function isOf(peer: Peer, path: Path): boolean {
  return !peer.closed && (path === peer.path || path === peer.next);
}

function connected(table: Table, peer: Peer, path: Path): void {
  path.isConnected = true;
  peer.heardAtMs = performance.now();
  if (path === peer.next) {
    const former = peer.path;
    peer.path = path;
    peer.next = undefined;
    former?.connection.close();
  }
  table.report({ report: 'connected', leg: peer.leg });
}

function take(table: Table, peer: Peer, path: Path, track: Track): void {
  if (path.track !== undefined) return;
  path.track = track;
  track.onMessage((packet) => {
    if (!isOf(peer, path)) return;
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
  const connection = (peer.next ?? peer.path)?.connection;
  if (peer.closed || peer.relay === undefined || connection?.gatheringState() !== 'complete') return;
  const own = ownTransport(peer, peer.relay, connection.localDescription()?.sdp ?? '');
  if (own === undefined) fail(table, peer.leg, 'no usable address for ICE');
  else table.report({ report: 'described', leg: peer.leg, ...own });
}

function ownTransport(peer: Peer, relay: Relay, sdp: string): OwnTransport | undefined {
  const value = (pattern: RegExp): string | undefined => pattern.exec(sdp)?.[1];
  const ufrag = value(/^a=ice-ufrag:(\S+)/m);
  const password = value(/^a=ice-pwd:(\S+)/m);
  const fingerprint = value(/^a=fingerprint:sha-256 (\S+)/im);
  const setup = value(/^a=setup:(active|passive)/m) as OwnTransport['setup'] | undefined;
  const icePort = value(/^a=candidate:\S+ 1 UDP \d+ \S+ (\d+) typ host/im);
  if (!ufrag || !password || !fingerprint || !setup || !icePort) return undefined;
  return { ufrag, password, fingerprint, setup, icePort: Number(icePort), ssrc: peer.ssrc, relayPort: relay.port };
}

/** RTP or RTCP of the media worker, under the SSRC that our description names. */
function toBrowser(peer: Peer, packet: Buffer): void {
  const track = peer.path?.isConnected ? peer.path.track : undefined;
  if (peer.closed || !track?.isOpen()) return;
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
    if (!peer.path?.isConnected || peer.isSilent || nowMs - peer.heardAtMs < SILENT_MS) continue;
    peer.isSilent = true;
    table.report({ report: 'silent', leg: peer.leg });
  }
}

function close(table: Table, peer: Peer): void {
  peer.closed = true;
  table.held.delete(peer.leg);
  peer.relay?.close();
  peer.next?.connection.close();
  peer.path?.connection.close();
  void peer.offered?.port.free();
}
