import { choices } from './choices.ts';

/** GB/T 3380: ringing tone of 450 Hz, one second in five. */
const HZ = 450;
const ON_S = 1;
const EVERY_MS = 5_000;

let stopRinging: (() => void) | undefined;

/** Rings until it is told to stop. A browser that has not been touched yet may stay silent: the notification remains. */
export function ring(): void {
  if (stopRinging !== undefined) return;
  const context = new AudioContext(choices.ringer === '' ? {} : ({ sinkId: choices.ringer } as AudioContextOptions));
  const once = (): void => beep(context);
  once();
  const timer = setInterval(once, EVERY_MS);
  stopRinging = () => {
    clearInterval(timer);
    void context.close();
    stopRinging = undefined;
  };
}

export function stopRing(): void {
  stopRinging?.();
}

/** The tone once. */
export function ringOnce(): void {
  ring();
  setTimeout(stopRing, ON_S * 1_000 + 200);
}

function beep(context: AudioContext): void {
  const gain = context.createGain();
  gain.connect(context.destination);
  const at = context.currentTime;
  const volume = choices.ringVolume * 0.5;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(volume, at + 0.02);
  gain.gain.setValueAtTime(volume, at + ON_S - 0.03);
  gain.gain.linearRampToValueAtTime(0, at + ON_S);
  for (const hz of [HZ, HZ * 2]) {
    const tone = context.createOscillator();
    tone.frequency.value = hz;
    const share = context.createGain();
    share.gain.value = hz === HZ ? 0.8 : 0.2;
    tone.connect(share).connect(gain);
    tone.start(at);
    tone.stop(at + ON_S);
  }
}
