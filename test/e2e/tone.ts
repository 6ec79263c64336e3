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

function frameShare(frame: Int16Array, hz: number, rate: number): { share: number; loudness: number } {
  let inPhase = 0;
  let quadrature = 0;
  let energy = 0;
  for (const [n, sample] of frame.entries()) {
    const angle = (2 * Math.PI * hz * n) / rate;
    inPhase += sample * Math.sin(angle);
    quadrature += sample * Math.cos(angle);
    energy += sample * sample;
  }
  const loudness = Math.sqrt(energy / frame.length);
  const share = energy === 0 ? 0 : Math.sqrt((2 * (inPhase ** 2 + quadrature ** 2)) / frame.length / energy);
  return { share: Math.min(1, share), loudness };
}

/** One channel of a two-channel 16-bit WAV file. */
export function channelOf(wav: Buffer, channel: 'left' | 'right'): Int16Array {
  const frames = Math.floor((wav.length - 44) / 4);
  return Int16Array.from({ length: frames }, (_, n) => wav.readInt16LE(44 + 4 * n + (channel === 'left' ? 0 : 2)));
}
