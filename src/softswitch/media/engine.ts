import { setTimeout as wait } from 'node:timers/promises';
import { unreachable } from '../../lib/assert.ts';
import { endPressed, overdueDigits } from '../rtp/digits-in.ts';
import { queueDigits } from '../rtp/digits-out.ts';
import { FRAME_MS } from '../rtp/packet.ts';
import { jitterMs, lostPackets } from '../rtp/reception.ts';
import { openLock } from '../rtp/source-lock.ts';
import { tickEar } from './hear.ts';
import { createLeg, isHeld, LEGS_MAX, type Leg, type Media, sampleAt, statsOf } from './leg.ts';
import type { MediaOptions, MediaReport, MediaWish, Remote } from './messages.ts';
import { joinLegs, joinRoom, part } from './mix.ts';
import { letGo, overhear } from './overhear.ts';
import { cutPlay, startPlay } from './play.ts';
import { createPortPool, restPort } from './ports.ts';
import { payloadTypesOf, tellDigits } from './receive.ts';
import { endRecording, startRecording, tickRecordings } from './recording.ts';
import { sayBye, tickRtcp } from './rtcp-exchange.ts';
import { createShelf, readSound } from './sounds.ts';
import { addSpare, bindPorts, closeSpares, takeSpare } from './spares.ts';
import { startTicker } from './ticker.ts';
import { closeWire, unbindFromSource, type Wire } from './wire.ts';

export interface MediaEngine {
  apply(wish: MediaWish): void;
  /** Closes every leg and file, as `closeAll` does; resolves when all is reported. */
  close(): Promise<void>;
}

const SILENCE_MS = 10_000;
/** A disk that does not answer does not keep a call from ending. */
const FILES_WAIT_MS = 2000;

/** The media of the switch, in whatever thread this runs. Never throws; what goes wrong is reported. */
export function createMedia(options: MediaOptions, report: (report: MediaReport) => void): MediaEngine {
  const startMs = performance.now();
  const media: Media = {
    options,
    report,
    legs: new Map(),
    rooms: new Map(),
    ports: createPortPool(options.portMin, options.portMax),
    spares: new Map(),
    shelf: createShelf(),
    music: undefined,
    nowMs: () => performance.now() - startMs,
    closing: false,
  };
  void readSound(media.shelf, options.musicFile).then((sound) => {
    if (typeof sound !== 'string' && sound.samples.length > 0) media.music = sound;
  });
  for (let n = 0; n < (options.spares ?? 0); n++) void addSpare(media);
  const stopTicker = startTicker(media.nowMs, (n) => tick(media, n));
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= closeAll(media).finally(stopTicker);
    return closed;
  };
  return {
    apply: (wish) => {
      if (wish.wish === 'closeAll') void close();
      else if (!media.closing) apply(media, wish);
    },
    close,
  };
}

function apply(media: Media, wish: Exclude<MediaWish, { wish: 'closeAll' }>): void {
  if (wish.wish === 'open') {
    void openLeg(media, wish.leg, wish.port);
    return;
  }
  const leg = media.legs.get(wish.leg);
  if (!leg) return;
  switch (wish.wish) {
    case 'connect':
      return connect(media, leg, wish.remote);
    case 'close':
      return void closeLeg(media, leg);
    case 'play':
      return void startPlay(media, leg, wish.id, wish.sources);
    case 'stop':
      return cutPlay(media, leg);
    case 'relay': {
      const other = media.legs.get(wish.other);
      return other && joinLegs(media, leg, other);
    }
    case 'part':
      return part(media, leg);
    case 'mix':
      return joinRoom(media, leg, wish.room, wish.hears, wish.speaks);
    case 'overhear': {
      const of = media.legs.get(wish.of);
      return of && overhear(media, leg, of, wish.toLeg, wish.toPartner);
    }
    case 'record':
      return startRecording(media, leg, wish.file);
    case 'stopRecord': {
      const recording = leg.recordings.get(wish.file);
      return void (recording && endRecording(media, leg, recording));
    }
    case 'sendDigits':
      return queueDigits(leg.digitsOut, wish.digits);
    default:
      return unreachable(wish);
  }
}

async function openLeg(media: Media, id: string, port: number | undefined): Promise<void> {
  const spare = port === undefined ? undefined : takeSpare(media, port);
  const refused = media.legs.has(id) || media.legs.size >= LEGS_MAX;
  if (refused && spare) release(media, spare.wire);
  if (media.legs.has(id)) return;
  if (refused) {
    media.report({ report: 'openFailed', leg: id, why: `more than ${LEGS_MAX} legs` });
    return;
  }
  const leg = createLeg(id, media.nowMs());
  media.legs.set(id, leg);
  const bound = port === undefined ? await bindPorts(media) : spare;
  if (leg.closed) {
    if (bound) release(media, bound.wire);
    return;
  }
  if (bound) {
    bound.leg = leg;
    leg.wire = bound.wire;
    media.report({ report: 'opened', leg: id, port: bound.wire.port });
    return;
  }
  await dismantle(media, leg);
  media.report({ report: 'openFailed', leg: id, why: 'no free RTP port' });
}

function connect(media: Media, leg: Leg, remote: Remote): void {
  const nowMs = media.nowMs();
  const owedAnew = !leg.remote || isHeld(leg);
  leg.remote = remote;
  leg.lock = openLock({ ...remote, payloadTypes: payloadTypesOf(remote) }, nowMs);
  if (leg.wire) unbindFromSource(leg.wire);
  if (!owedAnew) return;
  leg.heardAtMs = nowMs;
  leg.silencesTold = 0;
}

function tick(media: Media, n: number): void {
  const nowMs = n * FRAME_MS;
  const nowSample = sampleAt(nowMs);
  for (const leg of media.legs.values()) {
    tickEar(media, leg, nowSample);
    tickRecordings(media, leg, n, nowSample);
    tickRtcp(media, leg, nowMs);
    tellDigits(media, leg, overdueDigits(leg.digitsIn, nowMs));
    tellSilence(media, leg, nowMs);
  }
}

function tellSilence(media: Media, leg: Leg, nowMs: number): void {
  if (!leg.remote || isHeld(leg)) return;
  const sinceMs = nowMs - leg.heardAtMs;
  if (sinceMs < (media.options.silenceMs ?? SILENCE_MS) * (leg.silencesTold + 1)) return;
  leg.silencesTold += 1;
  media.report({ report: 'silent', leg: leg.id, sinceMs: Math.round(sinceMs) });
}

async function closeLeg(media: Media, leg: Leg): Promise<void> {
  await dismantle(media, leg);
  const stats = statsOf(leg, lostPackets(leg.reception), jitterMs(leg.reception));
  media.report({ report: 'closed', leg: leg.id, stats });
}

/** The leg is gone at once; its files may take a moment. */
async function dismantle(media: Media, leg: Leg): Promise<void> {
  leg.closed = true;
  media.legs.delete(leg.id);
  tellDigits(media, leg, endPressed(leg.digitsIn));
  part(media, leg);
  letGo(leg);
  cutPlay(media, leg);
  if (leg.wire) {
    sayBye(media, leg);
    release(media, leg.wire);
    leg.wire = undefined;
  }
  const files = Promise.all([...leg.recordings.values()].map((recording) => endRecording(media, leg, recording)));
  await Promise.race([files, wait(FILES_WAIT_MS, undefined, { ref: false })]);
}

function release(media: Media, wire: Wire): void {
  closeWire(wire);
  restPort(media.ports, wire.port, media.nowMs());
}

async function closeAll(media: Media): Promise<void> {
  media.closing = true;
  closeSpares(media);
  await Promise.all([...media.legs.values()].map((leg) => closeLeg(media, leg)));
}
