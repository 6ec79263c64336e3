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

test('what a conversation’s time went into is told without phones', async () => {
  await import('vue');
  vi.stubGlobal('localStorage', browserStore());
  vi.stubGlobal('document', { documentElement: {} });
  const { toggleLanguage } = await pageModule<Words>('language/words.ts');
  const { phaseWord } = await pageModule<{ phaseWord(phase: object, contact: object): string }>('work/contacts.ts');
  const said = () =>
    ['phone', 'callback', 'chat', 'mail'].map((channel) =>
      ['ring', 'talk'].map((name) => phaseWord({ name }, { channel })).join(' '),
    );
  expect(said()).toEqual(['振铃 通话', '振铃 通话', '待接 会话', '待接 会话']);
  toggleLanguage();
  expect(said().slice(1, 3)).toEqual(['Ringing Talk', 'Offered Conversation']);
  toggleLanguage();
});

test('whom an agent may dial back has a number: no visitor of the page, and nobody known by an openid or an address', async () => {
  const { hasNumber } = await pageModule<{ hasNumber(from?: string): boolean }>('work/has-number.ts');
  const dialable = [
    '138****8000',
    '028****3210',
    '86138****8000',
    '+86 028****3210',
    '0086 028****3210',
    '0138****8000',
    '+4477****0123',
    '12345',
  ];
  const others = ['visitor-x4B1', 'oDk****42', '138****om', 'web', 'anonymous', '****', '***', '', undefined];
  expect([...dialable, ...others].filter(hasNumber)).toEqual(dialable);
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
