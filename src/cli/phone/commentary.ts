import { type Frame, levelDb, SILENCE_RMS, TONE_SHARE, VOICE_FRAMES } from './tone.ts';

export type Heard = 'silence' | 'tone' | 'sound';

export interface Change {
  readonly heard: Heard;
  /** Index of its first frame. */
  readonly at: number;
  /** Of its first half second, dB below full scale. */
  readonly levelDb: number;
}

/** A pause between two words is no news, a silent line is. */
const SILENCE_FRAMES = 20;

/** What is heard and from when on; passing moments are left out. */
export function changesIn(frames: readonly Frame[]): readonly Change[] {
  const changes: Change[] = [];
  let run: { heard: Heard; at: number } = { heard: 'silence', at: 0 };
  for (const [index, frame] of frames.entries()) {
    const heard = kindOf(frame);
    if (heard !== run.heard) run = { heard, at: index };
    const enough = heard === 'silence' ? SILENCE_FRAMES : VOICE_FRAMES;
    const last = changes.at(-1)?.heard ?? 'silence';
    if (heard === last || index - run.at + 1 < enough) continue;
    changes.push({ heard, at: run.at, levelDb: meanLevelDb(frames.slice(run.at, index + 1)) });
  }
  return changes;
}

function kindOf({ share, rms }: Frame): Heard {
  if (rms < SILENCE_RMS) return 'silence';
  return share > TONE_SHARE ? 'tone' : 'sound';
}

function meanLevelDb(frames: readonly Frame[]): number {
  return levelDb(Math.sqrt(frames.reduce((sum, { rms }) => sum + rms ** 2, 0) / frames.length));
}
