import { randomBytes } from 'node:crypto';
import { createDigitReader, type DigitReader } from '../rtp/digits-in.ts';
import { createDigitSender, type DigitSender } from '../rtp/digits-out.ts';
import { createReception, type Reception } from '../rtp/reception.ts';
import { createSender, type Sender } from '../rtp/sender.ts';
import type { SourceLock } from '../rtp/source-lock.ts';
import { createTimeline, type Timeline } from '../rtp/timeline.ts';
import type { MediaOptions, MediaReport, MediaStats, Remote } from './messages.ts';
import type { Play } from './play.ts';
import type { PortPool } from './ports.ts';
import type { Recording } from './recording.ts';
import type { RtcpState } from './rtcp-exchange.ts';
import type { Sound, SoundShelf, Source } from './sounds.ts';
import type { Bound } from './spares.ts';
import type { Wire } from './wire.ts';

/** Everything the engine knows. One thread, plain data; the folder's functions change it. */
export interface Media {
  readonly options: MediaOptions;
  readonly report: (report: MediaReport) => void;
  readonly legs: Map<string, Leg>;
  readonly rooms: Map<string, Room>;
  readonly ports: PortPool;
  /** Wires of nobody yet, by their port. */
  readonly spares: Map<number, Bound>;
  readonly shelf: SoundShelf;
  /** Music on hold, once it is read; undefined: silence. */
  music: Sound | undefined;
  /** Milliseconds of a clock that never steps, 0 at the start of the engine. */
  readonly nowMs: () => number;
  closing: boolean;
}

export interface Leg {
  readonly id: string;
  /** undefined until bound. */
  wire: Wire | undefined;
  closed: boolean;
  remote: Remote | undefined;
  lock: SourceLock | undefined;
  refused: number;
  readonly reception: Reception;
  readonly sender: Sender;
  readonly digitsIn: DigitReader;
  readonly digitsOut: DigitSender;
  joined: Joined;
  /** Overhears this leg and its partner. */
  overheardBy: Leg | undefined;
  play: Play | undefined;
  /** Where the music stands that this leg hears while its partner is on hold, or alone in a room. */
  music: Source | undefined;
  /** What it says and what it is sent, kept while somebody reads it: a room or a recording. */
  readonly says: Timeline;
  readonly hears: Timeline;
  readonly recordings: Map<string, Recording>;
  readonly rtcp: RtcpState;
  /** Last accepted RTP, or the moment from which it is owed. */
  heardAtMs: number;
  silencesTold: number;
}

export type Joined =
  | { readonly to: 'nobody' }
  | { readonly to: 'leg'; readonly other: Leg }
  | { readonly to: 'room'; readonly room: Room; readonly hears: boolean; readonly speaks: boolean }
  | {
      readonly to: 'pair';
      /** Overheard; the other of the pair is whoever it is joined with. */
      readonly of: Leg;
      readonly toLeg: boolean;
      readonly toPartner: boolean;
      /** From this sample on its voice can be mixed in: by then the others' are laid out as well, so that nobody hears a gap. */
      readonly fromSample: number;
    };

export interface Room {
  readonly name: string;
  readonly members: Set<Leg>;
  /** The voices of the 20 ms that ended at the clock's sample `mixedAt`, and their sum. */
  mixedAt: number;
  readonly voices: Map<Leg, Int16Array>;
  readonly sum: Int32Array;
}

/** Legs of one engine; an `open` beyond is refused. More than one processor carries with audio, for most legs wait or listen. */
export const LEGS_MAX = 2_000;
/** 8 kHz. */
export const SAMPLES_PER_MS = 8;
export const NOBODY: Joined = { to: 'nobody' };

export function createLeg(id: string, nowMs: number): Leg {
  const chance = randomBytes(10);
  return {
    id,
    wire: undefined,
    closed: false,
    remote: undefined,
    lock: undefined,
    refused: 0,
    reception: createReception(),
    // The lower half: who misses the first packets of an SRTP stream guesses wrong how often the number has gone round (RFC 3711 §3.3.1).
    sender: createSender(chance.readUInt32BE(0), chance.readUInt16BE(4) >> 1, chance.readUInt32BE(6), sampleAt(nowMs)),
    digitsIn: createDigitReader(),
    digitsOut: createDigitSender(),
    joined: NOBODY,
    overheardBy: undefined,
    play: undefined,
    music: undefined,
    says: createTimeline(),
    hears: createTimeline(),
    recordings: new Map(),
    rtcp: { nextMs: nowMs, packetsTold: 0, heard: 0, lastReport: 0, lastReportAtMs: 0 },
    heardAtMs: nowMs,
    silencesTold: 0,
  };
}

/** Held by the far end: it is not to be sent anything, or not to be listened to. */
export function isHeld(leg: Leg): boolean {
  return leg.remote !== undefined && !(leg.remote.sends && leg.remote.receives);
}

export function sampleAt(ms: number): number {
  return Math.floor(ms * SAMPLES_PER_MS);
}

export function statsOf(leg: Leg, lost: number, jitterMs: number): MediaStats {
  return {
    packetsIn: leg.reception.packets,
    packetsOut: leg.sender.packets,
    packetsRefused: leg.refused,
    packetsLost: lost,
    jitterMs: Math.round(jitterMs * 10) / 10,
  };
}
