import { nextEventFrame } from '../rtp/digits-out.ts';
import { isHeld, type Leg, type Media } from './leg.ts';
import type { Remote } from './messages.ts';
import { lonely, nextMixed } from './mix.ts';
import { intruder, nextOverheard } from './overhear.ts';
import { nextPlayed } from './play.ts';
import { sendEventFrame, sendFrame } from './send.ts';
import { endless, nextFrame, silentFrame } from './sounds.ts';

/** What a leg hears at this moment, first match first. */
type Ear = 'digits' | 'play' | 'music' | 'partner' | 'room' | 'pair' | 'silence';

/** Whether packets of the partner go straight to this leg. */
export function hearsPartner(leg: Leg): boolean {
  return ear(leg) === 'partner';
}

/** One 20 ms turn of one leg: sends what is made here; a partner's packets pass without a turn. */
export function tickEar(media: Media, leg: Leg, nowSample: number): void {
  const { remote } = leg;
  if (!remote) return;
  const hears = ear(leg);
  if (hears !== 'music') leg.music = undefined;
  if (hears === 'partner') return;
  if (hears === 'digits') {
    const frame = nextEventFrame(leg.digitsOut);
    if (frame && remote.sends) sendEventFrame(leg, remote, frame, nowSample);
    return;
  }
  const frame = hears === 'play' ? nextPlayed(media, leg, remote.codec) : undefined;
  if (hears === 'play' && !frame && hearsPartner(leg)) return;
  if (remote.sends) sendFrame(leg, remote, frame ?? frameWithoutPlay(media, leg, remote, nowSample), nowSample);
}

function ear(leg: Leg): Ear {
  if (leg.digitsOut.waiting !== '') return 'digits';
  if (leg.play) return 'play';
  switch (leg.joined.to) {
    case 'nobody':
      return 'silence';
    case 'leg':
      if (isHeld(leg.joined.other)) return 'music';
      return intruder(leg) ? 'pair' : 'partner';
    case 'pair':
      return 'pair';
    case 'room':
      return lonely(leg, leg.joined.room) ? 'music' : 'room';
  }
}

function frameWithoutPlay(media: Media, leg: Leg, remote: Remote, nowSample: number): Uint8Array {
  const hears = ear(leg);
  if (hears === 'room') return nextMixed(leg, remote.codec, nowSample) ?? silentFrame(remote.codec);
  if (hears === 'pair') return nextOverheard(leg, remote.codec, nowSample) ?? silentFrame(remote.codec);
  if (hears !== 'music' || !media.music) return silentFrame(remote.codec);
  leg.music ??= endless(media.music);
  return nextFrame(leg.music, remote.codec) ?? silentFrame(remote.codec);
}
