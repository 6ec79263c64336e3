import { type ChildProcess, fork } from 'node:child_process';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import type { OwnTransport, PeerOptions, PeerReport, PeerWish } from '../../../src/softswitch/webrtc/messages.ts';

const PROGRAM = new URL('../../../dist/softswitch/webrtc/child.js', import.meta.url).pathname;
const LEG = '22222222-2222-4222-8222-222222222222';
const HERE = '127.0.0.1';

const opened: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

interface Peers {
  wish(wish: PeerWish): void;
  /** Resolves with the first such report, there already or to come. */
  report<Kind extends PeerReport['report']>(kind: Kind): Promise<PeerReport & { readonly report: Kind }>;
}

function startPeers(): Peers {
  const options: PeerOptions = { relayIp: HERE, portMin: 20_000, portMax: 40_000, peersMax: 4 };
  const child: ChildProcess = fork(PROGRAM, [JSON.stringify(options)], { stdio: 'inherit' });
  const reports: PeerReport[] = [];
  child.on('message', (report: PeerReport) => reports.push(report));
  opened.push(async () => {
    child.disconnect();
    if (child.exitCode === null) await once(child, 'exit');
  });
  return {
    wish: (wish) => void child.send(wish),
    async report(kind) {
      for (;;) {
        const found = reports.find(({ report }) => report === kind);
        if (found !== undefined) return found as never;
        await once(child, 'message');
      }
    },
  };
}

async function socketHere(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, HERE);
  await once(socket, 'listening');
  opened.push(() => socket.close());
  return socket;
}

/** The far end's way to a port: what goes by is counted. */
async function openWay(
  to: number,
): Promise<{ port: number; there: number; back: number; went(packets: number): Promise<void> }> {
  const [near, far] = [await socketHere(), await socketHere()];
  let from: RemoteInfo | undefined;
  const way = {
    ...{ port: near.address().port, there: 0, back: 0 },
    async went(packets: number): Promise<void> {
      while (way.there < packets) await once(near, 'message');
    },
  };
  near.on('message', (packet, info) => {
    from = info;
    way.there += 1;
    far.send(packet, to, HERE);
  });
  far.on('message', (packet) => {
    way.back += 1;
    if (from !== undefined) near.send(packet, from.port, HERE);
  });
  return way;
}

function described({ ufrag, password, fingerprint }: OwnTransport, setup: string, icePort?: number): string {
  const candidate = icePort === undefined ? [] : [`a=candidate:1 1 UDP 2122317823 ${HERE} ${icePort} typ host`];
  return [
    ...['v=0', `o=- 1 1 IN IP4 ${HERE}`, 's=-', 't=0 0', 'a=group:BUNDLE 0'],
    ...['m=audio 9 UDP/TLS/RTP/SAVPF 8', 'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=sendrecv', `a=ice-ufrag:${ufrag}`],
    ...[`a=ice-pwd:${password}`, `a=fingerprint:sha-256 ${fingerprint}`, `a=setup:${setup}`],
    ...['a=rtcp-mux', 'a=rtpmap:8 PCMA/8000', ...candidate, ''],
  ].join('\r\n');
}

function rtp(payload: number): Buffer {
  const packet = Buffer.alloc(172, payload);
  packet.set([0x80, 8, 0, 1, 0, 0, 0, 160, 0, 0, 0, 1]);
  return packet;
}

interface Pair {
  readonly near: Peers;
  readonly far: Peers;
  readonly way: Awaited<ReturnType<typeof openWay>>;
  readonly answer: OwnTransport;
  readonly offer: OwnTransport;
  readonly nearMedia: Socket;
  readonly farMedia: Socket;
}

/** One offers, the other answers as a browser does: it knows all, and knocks at the port that it was told. */
async function openPair(): Promise<Pair> {
  const [near, far] = [startPeers(), startPeers()];
  const [nearMedia, farMedia] = [await socketHere(), await socketHere()];
  near.wish({ wish: 'offer', leg: LEG, bindIp: HERE, mediaPort: nearMedia.address().port });
  const offer = await near.report('described');
  const way = await openWay(offer.icePort);
  const remote = described(offer, offer.setup, way.port);
  far.wish({ wish: 'answer', leg: LEG, bindIp: HERE, mediaPort: farMedia.address().port, remote });
  return { near, far, way, offer, answer: await far.report('described'), nearMedia, farMedia };
}

test('nobody is heard before the far end has answered: then ICE, DTLS and sound go both ways', async () => {
  const { near, far, way, offer, answer, nearMedia, farMedia } = await openPair();
  expect(offer).toMatchObject({ setup: 'actpass' });
  await way.went(3);
  expect(way.back).toBe(0);
  near.wish({ wish: 'answered', leg: LEG, remote: described(answer, 'active') });
  await Promise.all([near.report('connected'), far.report('connected')]);
  const [heardFar, heardNear] = [once(farMedia, 'message'), once(nearMedia, 'message')];
  // As phones do: who was not listening yet hears the next one.
  const speaking = setInterval(() => {
    nearMedia.send(rtp(0x55), offer.relayPort, HERE);
    farMedia.send(rtp(0x66), answer.relayPort, HERE);
  }, 20);
  opened.unshift(() => clearInterval(speaking));
  const [[toFar], [toNear]] = (await Promise.all([heardFar, heardNear])) as [[Buffer], [Buffer]];
  expect(toFar.subarray(12)).toEqual(Buffer.alloc(160, 0x55));
  expect(toFar.readUInt32BE(8)).toBe(offer.ssrc);
  expect(toNear.subarray(12)).toEqual(Buffer.alloc(160, 0x66));
});

test('who answers with another certificate than its own is not let in', async () => {
  const { near, answer } = await openPair();
  const wrong = { ...answer, fingerprint: answer.fingerprint.replace(/..$/, (last) => (last === '00' ? '01' : '00')) };
  near.wish({ wish: 'answered', leg: LEG, remote: described(wrong, 'active') });
  expect(await near.report('lost')).toMatchObject({ leg: LEG });
});

test('what is closed unanswered gives its port back', async () => {
  const near = startPeers();
  near.wish({ wish: 'offer', leg: LEG, bindIp: HERE, mediaPort: 9 });
  const { icePort } = await near.report('described');
  near.wish({ wish: 'close', leg: LEG });
  const socket = createSocket('udp4');
  for (;;) {
    const taken = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(true));
      socket.bind({ port: icePort, address: HERE, exclusive: true }, () => resolve(false));
    });
    if (!taken) break;
  }
  socket.close();
});
