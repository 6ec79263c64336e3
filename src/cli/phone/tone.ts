/** Samples of one frame: a tenth of a second at 8 kHz, a whole number of periods of every tone that is a multiple of 10 Hz. */
export const FRAME_SAMPLES = 800;
export const FRAMES_PER_SECOND = 10;
/** Root mean square of a 16-bit sample below which a frame counts as silence. */
export const SILENCE_RMS = 200;
/** What the caller's phone says, and what the seat's says. Hz. */
export const CALLER_HZ = 440;
export const SEAT_HZ = 700;

export interface Frame {
  /** Correlation with the best-fitting sine of the tone, 0..1; 0 in silence. */
  readonly share: number;
  /** 0..32767. */
  readonly rms: number;
}

/** How much of a piece of sound is the tone. */
export function measureFrame(samples: Int16Array, hz: number): Frame {
  let inPhase = 0;
  let quadrature = 0;
  let energy = 0;
  for (let n = 0; n < samples.length; n++) {
    const sample = samples[n]!;
    const angle = (2 * Math.PI * hz * n) / 8_000;
    inPhase += sample * Math.sin(angle);
    quadrature += sample * Math.cos(angle);
    energy += sample * sample;
  }
  const rms = Math.sqrt(energy / samples.length);
  if (rms < SILENCE_RMS) return { share: 0, rms };
  const share = Math.sqrt((2 * (inPhase ** 2 + quadrature ** 2)) / samples.length / energy);
  return { share: Math.min(1, share), rms };
}

/** Correlation from which on a frame is the tone and nothing else. */
export const TONE_SHARE = 0.95;
/** Frames in a row that make a voice: a prompt may strike the tone's pitch for a moment. */
export const VOICE_FRAMES = 5;

/** The other side's voice, once it was heard. */
export interface Voice {
  /** Index of its first frame. */
  readonly first: number;
  /** Frames that are the tone. */
  readonly frames: number;
  /** Mean share from its first frame to its last, silence left out. */
  readonly correlation: number;
}

/** @returns undefined while no half second of the tone was heard. */
export function findVoice(frames: readonly Frame[]): Voice | undefined {
  const isTone = (frame: Frame): boolean => frame.share > TONE_SHARE;
  let run = 0;
  const end = frames.findIndex((frame) => {
    run = isTone(frame) ? run + 1 : 0;
    return run === VOICE_FRAMES;
  });
  if (end === -1) return undefined;
  const first = end - VOICE_FRAMES + 1;
  const spoken = frames.slice(first, frames.findLastIndex(isTone) + 1).filter(({ rms }) => rms >= SILENCE_RMS);
  const sum = spoken.reduce((total, { share }) => total + share, 0);
  return { first, frames: spoken.filter(isTone).length, correlation: sum / spoken.length };
}

/** dB below the loudest 16-bit sine there is; -Infinity for nothing. */
export function levelDb(rms: number): number {
  return Math.round(20 * Math.log10(rms / (32_768 / Math.SQRT2)));
}
