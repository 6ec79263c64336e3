import { microphoneWish } from './choices.ts';

const LOOK_MS = 80;
/** Quieter than this is silence, dBFS. */
const FLOOR_DB = -60;

/** Opens the microphone and tells how loud it is, 0..1. @returns what closes it. @throws when there is none, or it is not allowed. */
export async function watchLevel(onLevel: (level: number) => void): Promise<() => void> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: microphoneWish() });
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1_024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
    onLevel(Math.max(0, 1 - (10 * Math.log10(power + 1e-12)) / FLOOR_DB));
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
    void context.close();
  };
}
