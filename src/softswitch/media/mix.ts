import { type Codec, encode } from '../rtp/g711.ts';
import { addVoice, withoutOwn } from '../rtp/mixer.ts';
import { FRAME_SAMPLES } from '../rtp/packet.ts';
import { forget, READ_BEHIND_SAMPLES, readAt } from '../rtp/timeline.ts';
import { isHeld, type Leg, type Media, NOBODY, type Room } from './leg.ts';
import { cutPlay } from './play.ts';

/** Joins a room, or changes what a member hears and says there. */
export function joinRoom(media: Media, leg: Leg, name: string, hears: boolean, speaks: boolean): void {
  const stays = leg.joined.to === 'room' && leg.joined.room.name === name;
  if (!stays) {
    part(media, leg);
    cutPlay(media, leg);
    if (leg.recordings.size === 0) forget(leg.says);
  }
  const room = media.rooms.get(name) ?? {
    name,
    members: new Set(),
    sum: new Int32Array(FRAME_SAMPLES),
    mixedAt: -1,
    voices: new Map(),
  };
  media.rooms.set(name, room);
  room.members.add(leg);
  leg.joined = { to: 'room', room, hears, speaks };
}

/** Two legs hear each other; each leaves what it was in. A leg joined with itself hears its own echo. */
export function joinLegs(media: Media, leg: Leg, other: Leg): void {
  const already = leg.joined.to === 'leg' && leg.joined.other === other;
  if (!already) {
    part(media, leg);
    part(media, other);
  }
  cutPlay(media, leg);
  cutPlay(media, other);
  leg.joined = { to: 'leg', other };
  other.joined = { to: 'leg', other: leg };
}

/** Leaves relay, room or the pair that it overhears; a partner of a relay stays behind alone. */
export function part(media: Media, leg: Leg): void {
  const { joined } = leg;
  leg.joined = NOBODY;
  if (joined.to === 'leg') joined.other.joined = NOBODY;
  if (joined.to === 'pair') joined.of.overheardBy = undefined;
  if (joined.to !== 'room') return;
  joined.room.members.delete(leg);
  if (joined.room.members.size === 0) media.rooms.delete(joined.room.name);
}

/** Nobody else is there; members whose phone is on hold are not. */
export function lonely(leg: Leg, room: Room): boolean {
  for (const member of room.members) if (member !== leg && !isHeld(member)) return false;
  return true;
}

/** What this member hears of the others. @returns undefined for silence. */
export function nextMixed(leg: Leg, codec: Codec, nowSample: number): Uint8Array | undefined {
  if (leg.joined.to !== 'room' || !leg.joined.hears) return undefined;
  const { room } = leg.joined;
  if (room.mixedAt !== nowSample) mix(room, nowSample);
  const own = room.voices.get(leg);
  if (room.voices.size === (own ? 1 : 0)) return undefined;
  withoutOwn(room.sum, own, mixed);
  return encode(codec, mixed);
}

const mixed = new Int16Array(FRAME_SAMPLES);

/** Sums the voices of this 20 ms, once for all members. */
function mix(room: Room, nowSample: number): void {
  room.mixedAt = nowSample;
  room.sum.fill(0);
  for (const member of room.members) {
    const voice = voiceOf(room, member, nowSample);
    if (voice) addVoice(room.sum, voice);
  }
  for (const leg of room.voices.keys()) if (!room.members.has(leg)) room.voices.delete(leg);
}

function voiceOf(room: Room, member: Leg, nowSample: number): Int16Array | undefined {
  const speaks = member.joined.to === 'room' && member.joined.speaks && !isHeld(member);
  const voice = room.voices.get(member) ?? new Int16Array(FRAME_SAMPLES);
  if (speaks && readAt(member.says, nowSample - READ_BEHIND_SAMPLES, voice)) {
    room.voices.set(member, voice);
    return voice;
  }
  room.voices.delete(member);
  return undefined;
}
