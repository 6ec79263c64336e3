import { samplesOf } from './peers.ts';

const STEP = 4;
/** Samples, after decimation, of the stretch of a prompt that is looked for: 0.4 s, less of a shorter one. */
const STRETCH_MAX = 800;
const STRETCH_SHARE = 0.6;

export interface Heard {
  /** Normalised correlation with the loudest stretch of the prompt, 0..1. */
  readonly likeness: number;
  /** Seconds from the beginning to where that stretch is most alike. */
  readonly atS: number;
}

/** Where a prompt (a WAV of 8 kHz, mono, 16 bits) is heard, as its loudest stretch tells. */
export function hearingOf(heard: Int16Array, prompt: Buffer): Heard {
  const all = decimated(heard);
  const whole = decimated(samplesOf(prompt));
  const sought = loudest(whole);
  const energySought = energy(sought, 0, sought.length);
  let best: Heard = { likeness: 0, atS: 0 };
  let around = energy(all, 0, sought.length);
  for (let at = 0; at + sought.length < all.length; at += 1) {
    if (around > 0) {
      let product = 0;
      for (let n = 0; n < sought.length; n += 1) product += sought[n]! * all[at + n]!;
      const likeness = product / Math.sqrt(energySought * around);
      if (likeness > best.likeness) best = { likeness, atS: (at * STEP) / 8_000 };
    }
    around += all[at + sought.length]! ** 2 - all[at]! ** 2;
  }
  return exactly(heard, samplesOf(prompt), (sought.byteOffset / sought.BYTES_PER_ELEMENT) * STEP, sought.length, best);
}

/** Where one prompt follows another without a gap it may begin at any sample, between those that `decimated` looks at. */
function exactly(heard: Int16Array, prompt: Int16Array, from: number, length: number, coarse: Heard): Heard {
  let best = coarse;
  const sought = decimated(prompt.subarray(from, from + length * STEP));
  const energySought = energy(sought, 0, length);
  const start = Math.round(coarse.atS * 8_000);
  for (let at = Math.max(0, start - STEP + 1); at < start + STEP; at += 1) {
    const here = decimated(heard.subarray(at, at + length * STEP));
    if (here.length < length) break;
    const likeness = dot(sought, here) / Math.sqrt(energySought * energy(here, 0, length));
    if (likeness > best.likeness) best = { likeness, atS: at / 8_000 };
  }
  return best;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let n = 0; n < a.length; n += 1) sum += a[n]! * b[n]!;
  return sum;
}

/** 2 kHz: enough of a voice to know it again. */
function decimated(samples: Int16Array): Float64Array {
  return Float64Array.from({ length: Math.floor(samples.length / STEP) }, (_, n) => {
    let sum = 0;
    for (let k = 0; k < STEP; k += 1) sum += samples[n * STEP + k]!;
    return sum / STEP;
  });
}

function loudest(samples: Float64Array): Float64Array {
  const length = Math.min(STRETCH_MAX, Math.floor(samples.length * STRETCH_SHARE));
  let best = 0;
  let bestEnergy = 0;
  for (let at = 0; at + length <= samples.length; at += 50) {
    const here = energy(samples, at, length);
    if (here > bestEnergy) [best, bestEnergy] = [at, here];
  }
  return samples.subarray(best, best + length);
}

function energy(samples: Float64Array, from: number, length: number): number {
  let sum = 0;
  for (let n = from; n < Math.min(samples.length, from + length); n += 1) sum += samples[n]! ** 2;
  return sum;
}
