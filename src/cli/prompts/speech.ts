import { spawnSync } from 'node:child_process';
import { finishSpeech } from './sound.ts';

const VOICE = 'cmn-latn-pinyin';
const WORDS_PER_MINUTE = 205;
/** Bytes of sound of one prompt: about six minutes. */
const OUTPUT_BYTES_MAX = 16_777_216;
const HEADER_BYTES = 44;

export type SpeechResult =
  | { readonly ok: true; readonly samples: Int16Array }
  | { readonly ok: false; readonly message: string };

/** Speaks pinyin with espeak-ng. */
export function speak(reading: string): SpeechResult {
  const args = ['-v', VOICE, '-s', String(WORDS_PER_MINUTE), '--stdout', '--', reading];
  const run = spawnSync('espeak-ng', args, { maxBuffer: OUTPUT_BYTES_MAX, timeout: 60_000 });
  if (run.error !== undefined) {
    return {
      ok: false,
      message: `无法运行 espeak-ng，请安装：apt-get install espeak-ng。 espeak-ng cannot be run (${run.error.message}): install it by apt-get install espeak-ng.`,
    };
  }
  const sound = run.stdout;
  if (run.status !== 0 || sound.length <= HEADER_BYTES) {
    return {
      ok: false,
      message: `espeak-ng: ${run.stderr.toString('utf8').trim().slice(0, 200) || `status ${run.status}`}`,
    };
  }
  // Written to a pipe, the header's lengths are not true: the sound is what follows it.
  const view = new DataView(sound.buffer, sound.byteOffset, sound.length);
  const count = Math.floor((sound.length - HEADER_BYTES) / 2);
  const samples = Float64Array.from(
    { length: count },
    (_, index) => view.getInt16(HEADER_BYTES + 2 * index, true) / 32_768,
  );
  return { ok: true, samples: finishSpeech(samples, view.getUint32(24, true)) };
}
