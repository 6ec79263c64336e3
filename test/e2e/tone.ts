/** Share of a recording's loudness that is this tone, 0..1: the correlation with the best-fitting sine, the silence around it left out. */
export function toneShare(samples: Int16Array, hz: number, rate = 8_000): number {
  const frame = rate / 10;
  let best = 0;
  let kept = 0;
  for (let at = 0; at + frame <= samples.length; at += frame) {
    const { share, loudness } = frameShare(samples.subarray(at, at + frame), hz, rate);
    if (loudness < 200) continue;
    best += share;
    kept += 1;
  }
  return kept === 0 ? 0 : best / kept;
}

/**
 * The correlation of the whole stretch with the tone, at the lag that fits best, 0..1: other than `toneShare` nothing is left out, so that a gap, a slip
 * or a distortion anywhere lowers it.
 */
export function toneCorrelation(samples: Int16Array, hz: number, rate = 8_000): number {
  return samples.length === 0 ? 0 : frameShare(samples, hz, rate).share;
}

/** The tone's share in each tenth of a second; silence is 0. */
export function toneTimeline(samples: Int16Array, hz: number, rate = 8_000): number[] {
  const frame = rate / 10;
  const line: number[] = [];
  for (let at = 0; at + frame <= samples.length; at += frame) {
    const { share, loudness } = frameShare(samples.subarray(at, at + frame), hz, rate);
    line.push(loudness < 200 ? 0 : share);
  }
  return line;
}

/** The longest stretch, in seconds, in which the tone is what is heard (share above 0.95). */
export function toneSeconds(samples: Int16Array, hz: number, rate = 8_000): number {
  let longest = 0;
  let run = 0;
  for (const share of toneTimeline(samples, hz, rate)) {
    run = share > 0.95 ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest / 10;
}

/** Listens while the sound grows: only what is new is measured. `listen` takes all that was heard so far. */
export function toneMeter(hz: number, rate = 8_000): { listen(heard: Int16Array): number; line: readonly number[] } {
  const frame = rate / 10;
  const line: number[] = [];
  let run = 0;
  let longest = 0;
  return {
    line,
    listen(heard) {
      for (let at = line.length * frame; at + frame <= heard.length; at += frame) {
        const { share, loudness } = frameShare(heard.subarray(at, at + frame), hz, rate);
        line.push(loudness < 200 ? 0 : share);
        run = loudness >= 200 && share > 0.95 ? run + 1 : 0;
        longest = Math.max(longest, run);
      }
      return longest / 10;
    },
  };
}

const waves = new Map<string, { sin: Float64Array; cos: Float64Array }>();

function waveOf(hz: number, rate: number, length: number): { sin: Float64Array; cos: Float64Array } {
  const key = `${hz}/${rate}/${length}`;
  const angle = (n: number): number => (2 * Math.PI * hz * n) / rate;
  const made = waves.get(key) ?? {
    sin: Float64Array.from({ length }, (_, n) => Math.sin(angle(n))),
    cos: Float64Array.from({ length }, (_, n) => Math.cos(angle(n))),
  };
  waves.set(key, made);
  return made;
}

function frameShare(frame: Int16Array, hz: number, rate: number): { share: number; loudness: number } {
  const { sin, cos } = waveOf(hz, rate, frame.length);
  let inPhase = 0;
  let quadrature = 0;
  let energy = 0;
  for (let n = 0; n < frame.length; n++) {
    const sample = frame[n]!;
    inPhase += sample * sin[n]!;
    quadrature += sample * cos[n]!;
    energy += sample * sample;
  }
  const loudness = Math.sqrt(energy / frame.length);
  const share = energy === 0 ? 0 : Math.sqrt((2 * (inPhase ** 2 + quadrature ** 2)) / frame.length / energy);
  return { share: Math.min(1, share), loudness };
}

/** One channel of a two-channel 16-bit WAV file. */
export function channelOf(wav: Buffer, channel: 'left' | 'right'): Int16Array {
  const frames = Math.floor((wav.length - 44) / 4);
  const heard = new Int16Array(frames);
  const first = 44 + (channel === 'left' ? 0 : 2);
  for (let n = 0; n < frames; n++) heard[n] = wav.readInt16LE(first + 4 * n);
  return heard;
}
