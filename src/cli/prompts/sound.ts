import { RATE_HZ } from '../../city/wav.ts';

/** Loudness of speech that is not silence, and the highest peak, of full scale. */
const SPEECH_RMS = 0.1; // −20 dBFS
const PEAK_MAX = 0.7; // −3 dBFS
/** Below this share of the loudest sample it is silence. */
const SILENCE_SHARE = 0.015;
const PAD_MS = 40;
const PAUSE_MS = 80;
const FADE_MS = 5;
/** Telephone band: what lies above would come back as noise. */
const CUTOFF_HZ = 3_600;
const TAPS_HALF = 32;

/** Speech as the switch plays it: 8 kHz, silence trimmed, level even from prompt to prompt, its parts a short pause apart. */
export function finishSpeech(parts: readonly Float64Array[], rateHz: number): Int16Array {
  return toPcm(level(fade(joined(parts.map((samples) => trim(resample(samples, rateHz)))))));
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const pause = Array<number>((PAUSE_MS * RATE_HZ) / 1_000).fill(0);
  return Float64Array.from(parts.flatMap((part, index) => (index === 0 ? [...part] : [...pause, ...part])));
}

/** Windowed-sinc low pass and resampling in one. */
export function resample(samples: Float64Array, rateHz: number): Float64Array {
  const step = rateHz / RATE_HZ;
  const cutoff = Math.min(CUTOFF_HZ, rateHz / 2) / rateHz;
  const reach = TAPS_HALF / (2 * cutoff);
  const out = new Float64Array(Math.floor(samples.length / step));
  for (let index = 0; index < out.length; index++) {
    const centre = index * step;
    let sum = 0;
    for (let at = Math.max(0, Math.ceil(centre - reach)); at <= Math.min(samples.length - 1, centre + reach); at++) {
      const distance = at - centre;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / reach);
      sum += (samples[at] as number) * 2 * cutoff * sinc(2 * cutoff * distance) * window;
    }
    out[index] = sum;
  }
  return out;
}

/** Float samples in −1..1 as 16-bit PCM. */
export function toPcm(samples: Float64Array): Int16Array {
  return Int16Array.from(samples, (value) => Math.round(Math.max(-1, Math.min(1, value)) * 32_767));
}

/** Scaled so that the whole has this RMS (of full scale). */
export function scaleToRms(samples: Float64Array, rms: number): Float64Array {
  const now = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / Math.max(1, samples.length));
  return now === 0 ? samples : samples.map((value) => (value * rms) / now);
}

function trim(samples: Float64Array): Float64Array {
  const threshold = peakOf(samples) * SILENCE_SHARE;
  const loud = (value: number) => Math.abs(value) > threshold;
  const pad = (PAD_MS * RATE_HZ) / 1_000;
  const from = Math.max(0, samples.findIndex(loud) - pad);
  const to = Math.min(samples.length, samples.findLastIndex(loud) + 1 + pad);
  return samples.slice(from, to);
}

function fade(samples: Float64Array): Float64Array {
  const length = (FADE_MS * RATE_HZ) / 1_000;
  return samples.map((value, index) => value * Math.min(1, index / length, (samples.length - 1 - index) / length));
}

function level(samples: Float64Array): Float64Array {
  const threshold = peakOf(samples) * SILENCE_SHARE;
  const active = samples.filter((value) => Math.abs(value) > threshold);
  const rms = Math.sqrt(active.reduce((sum, value) => sum + value * value, 0) / Math.max(1, active.length));
  const gain = Math.min(SPEECH_RMS / rms, PEAK_MAX / peakOf(samples));
  return samples.map((value) => value * gain);
}

function peakOf(samples: Float64Array): number {
  return samples.reduce((peak, value) => Math.max(peak, Math.abs(value)), 1e-9);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}
