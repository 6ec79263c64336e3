import { afterAll, expect, test, vi } from 'vitest';
import { browserStore, pageModule } from './browser-store.ts';

interface Words {
  callerWord(from: string | null | undefined): string;
  toggleLanguage(): void;
}

afterAll(() => vi.unstubAllGlobals());

test('a caller from the web page and one without a number are told apart in words, in both languages', async () => {
  // Vue looks for a whole document when it is loaded; the words need the element alone.
  await import('vue');
  vi.stubGlobal('localStorage', browserStore());
  vi.stubGlobal('document', { documentElement: {} });
  const { callerWord, toggleLanguage } = await pageModule<Words>('language/words.ts');
  const said = () => ['138****8000', 'web', '', null].map(callerWord);
  expect(said()).toEqual(['138****8000', '网页来电', '未显示号码', '未显示号码']);
  toggleLanguage();
  expect(said()).toEqual(['138****8000', 'Call from the web page', 'Number withheld', 'Number withheld']);
  toggleLanguage();
});
