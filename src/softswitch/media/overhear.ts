import { type Codec, encode } from '../rtp/g711.ts';
import { addVoice, withoutOwn } from '../rtp/mixer.ts';
import { FRAME_SAMPLES } from '../rtp/packet.ts';
import { forget, READ_BEHIND_SAMPLES, readAt } from '../rtp/timeline.ts';
import { isHeld, type Joined, type Leg, type Media, NOBODY, sampleAt } from './leg.ts';
import { part } from './mix.ts';
import { cutPlay } from './play.ts';

type Pair = Extract<Joined, { to: 'pair' }>;

/** A leg hears a pair, or changes who of the pair hears it. One leg at a time: whoever overheard before hears nothing more. */
export function overhear(media: Media, leg: Leg, of: Leg, toLeg: boolean, toPartner: boolean): void {
  if (leg === of) return;
  const { joined } = leg;
  if (joined.to === 'pair' && joined.of === of) {
    leg.joined = { ...joined, toLeg, toPartner };
    return;
  }
  part(media, leg);
  cutPlay(media, leg);
  if (of.overheardBy) part(media, of.overheardBy);
  for (const each of [leg, of, partnerOf(of)])
    if (each && each.recordings.size === 0 && each.joined.to !== 'room') forget(each.says);
  const fromSample = sampleAt(media.nowMs()) + READ_BEHIND_SAMPLES + FRAME_SAMPLES;
  leg.joined = { to: 'pair', of, toLeg, toPartner, fromSample };
  of.overheardBy = leg;
}

/** The leg that is overheard is over. */
export function letGo(leg: Leg): void {
  if (leg.overheardBy) leg.overheardBy.joined = NOBODY;
  leg.overheardBy = undefined;
}

/** Whether somebody reads what this leg says because a pair is overheard. The overhearing leg's own words are not even laid out until they are for somebody. */
export function isRead(leg: Leg): boolean {
  if (leg.joined.to === 'pair') return leg.joined.toLeg || leg.joined.toPartner;
  return leg.overheardBy !== undefined || partnerOf(leg)?.overheardBy !== undefined;
}

/** Who speaks into this leg's talk besides its partner. */
export function intruder(leg: Leg): Leg | undefined {
  const { overheardBy } = leg;
  if (overheardBy) return speaksTo(overheardBy, 'toLeg') ? overheardBy : undefined;
  const other = partnerOf(leg)?.overheardBy;
  return other && speaksTo(other, 'toPartner') ? other : undefined;
}

/** What the overhearing leg hears, or one of the pair who hears it besides the other. @returns undefined for silence. */
export function nextOverheard(leg: Leg, codec: Codec, nowSample: number): Uint8Array | undefined {
  sum.fill(0);
  let voices = 0;
  for (const each of heardBy(leg)) {
    if (!each || isHeld(each) || !readAt(each.says, nowSample - READ_BEHIND_SAMPLES, voice)) continue;
    addVoice(sum, voice);
    voices += 1;
  }
  if (voices === 0) return undefined;
  withoutOwn(sum, undefined, voice);
  return encode(codec, voice);
}

const sum = new Int32Array(FRAME_SAMPLES);
const voice = new Int16Array(FRAME_SAMPLES);

function heardBy(leg: Leg): readonly (Leg | undefined)[] {
  if (leg.joined.to === 'pair') return [leg.joined.of, partnerOf(leg.joined.of)];
  return [partnerOf(leg), intruder(leg)];
}

function speaksTo(leg: Leg, whom: 'toLeg' | 'toPartner'): boolean {
  const { joined } = leg;
  return joined.to === 'pair' && joined[whom] && isLaidOut(leg, joined);
}

/** Its own voice is laid out from the moment it speaks to somebody; before the first of it the pair stays as it is. */
function isLaidOut(leg: Leg, { fromSample }: Pair): boolean {
  return leg.says.end > fromSample;
}

function partnerOf({ joined }: Leg): Leg | undefined {
  return joined.to === 'leg' ? joined.other : undefined;
}
