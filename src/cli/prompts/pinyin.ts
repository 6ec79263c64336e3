import type { PromptEntry } from '../../city/prompts.ts';

/** How a digit is read in a telephone number: one is yāo. */
const NUMBER_STYLE: readonly string[] = ['ling2', 'yao1', 'er4', 'san1', 'si4', 'wu3', 'liu4', 'qi1', 'ba1', 'jiu3'];
/** From this many digits on, a row of digits is read as a telephone number. */
const NUMBER_DIGITS_MIN = 3;

/** Syllables with tone numbers and commas, as espeak-ng's `cmn-latn-pinyin` reads them; English words stay as they are, in brackets. */
export async function readingOf(entry: Pick<PromptEntry, 'text' | 'pinyin'>): Promise<string> {
  if (entry.pinyin !== undefined) return entry.pinyin;
  // What has no Chinese in it is English as a whole, its numbers, too.
  if (/[A-Za-z]/.test(entry.text) && !/\p{Script=Han}/u.test(entry.text))
    return `[${entry.text.replace(/[[\]]/g, ' ')}]`;
  // A development dependency: only who renders prompts needs the dictionary.
  const { pinyin } = await import('pinyin-pro');
  const parts = entry.text
    .split(/([A-Za-z][A-Za-z0-9,.'’?! -]*|[0-9]+|[，。、；：！？,.;:!?\s]+)/)
    .filter((part) => part !== '');
  const read = parts.map((part) => {
    if (/^[A-Za-z]/.test(part)) return `[${part.trim()}]`;
    if (/^[0-9]/.test(part)) return readDigits(part);
    if (/^[，。、；：！？,.;:!?\s]/.test(part)) return ',';
    return pinyin(part, { toneType: 'num', type: 'array', v: true }).map(plainSyllable).join(' ');
  });
  return read
    .join(' ')
    .replace(/\s*,\s*/g, ', ')
    .replace(/[,\s]+$/, '');
}

function readDigits(digits: string): string {
  const style = digits.length >= NUMBER_DIGITS_MIN ? NUMBER_STYLE : NUMBER_STYLE.with(1, 'yi1');
  return [...digits].map((digit) => style[Number(digit)]).join(' ');
}

/** espeak-ng knows the light tone as 5 only: without it `de` gets the first tone. */
function plainSyllable(syllable: string): string {
  return syllable.replace('ü', 'v').replace(/0$/, '5');
}
