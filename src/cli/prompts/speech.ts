import { spawnSync } from 'node:child_process';
import { finishSpeech } from './sound.ts';

const CHINESE = { voice: 'cmn-latn-pinyin', wordsPerMinute: 205 };
const ENGLISH = { voice: 'en-us', wordsPerMinute: 195 };
/** Bytes of sound of one prompt: about six minutes. */
const OUTPUT_BYTES_MAX = 16_777_216;
const HEADER_BYTES = 44;

export type SpeechResult =
  | { readonly ok: true; readonly samples: Int16Array }
  | { readonly ok: false; readonly message: string };

/** Speaks pinyin, and English where it stands in brackets, one after another. */
export function speak(reading: string): SpeechResult {
  const parts: Float64Array[] = [];
  let rateHz = 0;
  for (const [part, english] of reading.matchAll(/\[([^\]]+)\]|[^[]+/g)) {
    const said = runEspeak(english === undefined ? { ...CHINESE, words: part } : { ...ENGLISH, words: english });
    if (!said.ok) return said;
    parts.push(said.samples);
    rateHz = said.rateHz;
  }
  return { ok: true, samples: finishSpeech(parts, rateHz) };
}

interface Saying {
  readonly voice: string;
  readonly wordsPerMinute: number;
  readonly words: string;
}

type Said =
  | { readonly ok: true; readonly samples: Float64Array; readonly rateHz: number }
  | { readonly ok: false; readonly message: string };

function runEspeak({ voice, wordsPerMinute, words }: Saying): Said {
  const args = ['-v', voice, '-s', String(wordsPerMinute), '--stdout', '--', words];
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
  return { ok: true, samples, rateHz: view.getUint32(24, true) };
}
