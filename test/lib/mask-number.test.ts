import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { maskFrom, maskKey, maskNumber } from '../../src/lib/mask-number.ts';

const { mask } = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/misc.json'), 'utf8')) as {
  mask: Readonly<Record<string, string>>;
};

test.each(Object.entries(mask))('of %s no more than %s is shown', (number, shown) => {
  expect(maskNumber(number)).toBe(shown);
});

test.each([
  ['138-0013-8000', '138****8000'],
  ['(028) 8654 3210', '028****3210'],
  ['8765432', '***5432'],
  ['8008', '***'],
  ['13800138', '***'],
  ['+8613800', '***'],
  ['+86 028 86543210', '+86 028****3210'],
  ['+44770090', '***'],
  ['013800138000', '0138****8000'],
  ['0138-0013-8000', '0138****8000'],
  ['86013800138000', '860138****8000'],
  ['+86013800138000', '+860138****8000'],
  ['008613800138000', '0086138****8000'],
  ['0086013800138000', '00860138****8000'],
  ['8601065588888', '86 010****8888'],
  ['00862886543210', '0086 028****3210'],
  ['010623456789', '***'],
  ['0013800138000', '***'],
  ['00447700900123', '***'],
  ['0138001380001', '***'],
  ['86860138001380', '***'],
])('written otherwise, of %s no more than %s', (number, shown) => {
  expect(maskNumber(number)).toBe(shown);
});

test('public short codes are nobody’s number', () => {
  for (const whole of ['110', '119', '120', '12345', '10086', '95598', '961234']) expect(maskNumber(whole)).toBe(whole);
});

test('of an openid or an address the ends are shown, of a short one nothing; a number in its place is masked as one', () => {
  expect(maskKey('oPenId1234567890abcdefghijkl')).toBe('oPe****kl');
  expect(maskKey('wang@a.cn')).toBe('****');
  expect(maskKey('s_0123456789-_abcdefx4Ba')).toBe('visitor-x4Ba');
  expect(maskKey('+8613800138000')).toBe('+86138****8000');
});

test('a call that is from no number says so', () => {
  expect(['', 'anonymous', 'web', '13800138000'].map((from) => maskFrom(from, false))).toEqual([
    '',
    'anonymous',
    'web',
    '138****8000',
  ]);
  expect(maskFrom('li', true)).toBe('****');
});
