import { afterAll, expect, test, vi } from 'vitest';
import { browserStore, pageModule } from './browser-store.ts';

interface Words {
  callerWord(from: string | null | undefined): string;
  reasonWord(reason: string): string;
  toggleLanguage(): void;
}

/** Of who writes, masked: no words. */
const KEYS = ['****', 'oDk****4x'];

afterAll(() => vi.unstubAllGlobals());

test('a caller from the web page and one without a number are told apart in words, in both languages', async () => {
  // Vue looks for a whole document when it is loaded; the words need the element alone.
  await import('vue');
  vi.stubGlobal('localStorage', browserStore());
  vi.stubGlobal('document', { documentElement: {} });
  const { callerWord, toggleLanguage } = await pageModule<Words>('language/words.ts');
  const said = () =>
    ['138****8000', 'web', '', null, 'anonymous', 'Restricted', '****', 'oDk****4x', 'visitor-x4Ba'].map(callerWord);
  expect(said()).toEqual(['138****8000', '网页来电', ...Array(4).fill('未显示号码'), ...KEYS, '网页市民 x4Ba']);
  toggleLanguage();
  expect(said()).toEqual([
    '138****8000',
    'Call from the web page',
    ...Array(4).fill('Number withheld'),
    ...KEYS,
    'Web visitor x4Ba',
  ]);
  toggleLanguage();
});

test('why an agent is not ready is told in words, also when the core has set it', async () => {
  await import('vue');
  vi.stubGlobal('localStorage', browserStore());
  vi.stubGlobal('document', { documentElement: {} });
  const { reasonWord, toggleLanguage } = await pageModule<Words>('language/words.ts');
  const said = () => ['phoneLost', 'missedOffers', '小休', 'toString'].map(reasonWord);
  expect(said()).toEqual(['话机断线', '连续未接', '小休', 'toString']);
  toggleLanguage();
  expect(said()).toEqual(['Phone lost', 'Missed offers', 'Break', 'toString']);
  toggleLanguage();
});
