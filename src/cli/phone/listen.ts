import { type Change, changesIn } from './commentary.ts';
import { openEar } from './ear.ts';
import type { Print } from './print.ts';
import { FRAMES_PER_SECOND, findVoice, type Voice } from './tone.ts';

export interface HeardVoice extends Voice {
  /** From the answer on. */
  readonly startMs: number;
}

export interface Listener {
  /** Tells what is new, and the voice if it was ever heard. The recording is up to 1.5 s behind. */
  listen(): HeardVoice | undefined;
}

const WORDS: Readonly<Record<Change['heard'], string>> = {
  silence: '静音 / silence',
  tone: '对方的声音 / the voice of the other phone',
  sound: '语音或音乐 / speech or music',
};

/** Follows a recording that begins at the answer. */
export function listenTo(file: string, hz: number, print: Print): Listener {
  const ear = openEar(file, hz);
  let told = 0;
  return {
    listen() {
      const frames = ear.listen();
      const changes = changesIn(frames);
      for (const change of changes.slice(told)) tell(change, print);
      told = changes.length;
      const voice = findVoice(frames);
      return voice === undefined ? undefined : { ...voice, startMs: (voice.first * 1_000) / FRAMES_PER_SECOND };
    },
  };
}

function tell({ heard, at, levelDb }: Change, print: Print): void {
  const atMs = (at * 1_000) / FRAMES_PER_SECOND;
  const level = heard === 'silence' ? '' : `, ${levelDb} dB`;
  print(
    'heard',
    { what: heard, atMs, ...(heard === 'silence' ? {} : { levelDb }) },
    `听到 / heard at ${(atMs / 1_000).toFixed(1)} s: ${WORDS[heard]}${level}`,
  );
}
