import { RATE_HZ } from '../../city/wav.ts';
import { scaleToRms, toPcm } from './sound.ts';

/** Well below speech: it is listened to for minutes. */
const MUSIC_RMS = 0.04; // −28 dBFS
const TONE_RMS = 0.08;
const BEAT_S = 1;
const BEATS = 48;
/** Semitones from middle C. Four beats to a chord, the row of chords three times. */
const CHORDS = [
  [0, 4, 7],
  [-3, 0, 4],
  [-7, -3, 0],
  [-5, -1, 2],
] as const;
/** One note or rest a beat, in the pentatonic scale, so that nothing clashes with any chord's tail. */
const MELODY: readonly (number | null)[] = [
  ...[16, null, 14, 12, 9, null, 12, null, 7, 9, 12, null, 14, null, 7, null],
  ...[12, 14, 16, null, 19, null, 16, 14, 12, null, 9, 12, 14, null, null, null],
  ...[19, null, 16, null, 14, 12, 9, null, 12, null, 7, 9, 7, null, null, null],
];

interface Note {
  readonly fromS: number;
  readonly semitone: number;
  readonly gain: number;
  readonly attackS: number;
  readonly decayS: number;
}

/**
 * 48 s of music on hold, made by rule: three voices of chords and a sparse melody. Tails run round the end into the beginning,
 * so the loop has no seam.
 */
export function composeMusic(): Int16Array {
  const loop = new Float64Array(BEATS * BEAT_S * RATE_HZ);
  for (const note of score()) addNote(loop, note);
  return toPcm(scaleToRms(loop, MUSIC_RMS));
}

/** Two soft falling tones: something happened, stay on the line. */
export function composeFaultTone(): Int16Array {
  const samples = new Float64Array(0.9 * RATE_HZ);
  for (const [fromS, hz] of [
    [0, 660],
    [0.35, 495],
  ] as const) {
    for (let index = 0; index < 0.3 * RATE_HZ; index++) {
      const envelope = Math.sin((Math.PI * index) / (0.3 * RATE_HZ));
      samples[Math.round(fromS * RATE_HZ) + index] = envelope * Math.sin((2 * Math.PI * hz * index) / RATE_HZ);
    }
  }
  return toPcm(scaleToRms(samples, TONE_RMS));
}

function score(): readonly Note[] {
  const chords = Array.from({ length: BEATS / 4 }, (_, bar) =>
    (CHORDS[bar % CHORDS.length] ?? CHORDS[0]).map((semitone, voice) => ({
      fromS: (bar * 4 + voice * 0.5) * BEAT_S,
      semitone,
      gain: 0.5,
      attackS: 0.4,
      decayS: 1.6,
    })),
  );
  const melody = MELODY.flatMap((semitone, beat) =>
    semitone === null ? [] : [{ fromS: beat * BEAT_S, semitone, gain: 0.8, attackS: 0.02, decayS: 0.7 }],
  );
  return [...chords.flat(), ...melody];
}

function addNote(loop: Float64Array, note: Note): void {
  const hz = 261.63 * 2 ** (note.semitone / 12);
  const start = Math.round(note.fromS * RATE_HZ);
  const length = Math.round((note.attackS + 6 * note.decayS) * RATE_HZ);
  for (let index = 0; index < length; index++) {
    const atS = index / RATE_HZ;
    const envelope = atS < note.attackS ? atS / note.attackS : Math.exp((note.attackS - atS) / note.decayS);
    const phase = 2 * Math.PI * hz * atS;
    const wave = Math.sin(phase) + 0.25 * Math.sin(2 * phase) + 0.08 * Math.sin(3 * phase);
    const at = (start + index) % loop.length;
    loop[at] = (loop[at] as number) + note.gain * envelope * wave;
  }
}
