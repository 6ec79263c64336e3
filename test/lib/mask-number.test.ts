import { expect, test } from 'vitest';
import { maskNumber } from '../../src/lib/mask-number.ts';

test.each([
  ['13800138000', '138****00'],
  ['+8613800138000', '+86****00'],
  ['01087654321', '010****21'],
  ['87654321', '****21'],
  ['8765432', '****32'],
  ['8001', '****01'],
  ['138-0013-8000', '138****00'],
  ['1-3-8-0-0-1-3-8', '1-3****-8'],
])('of %s no more than %s is shown', (number, shown) => {
  expect(maskNumber(number)).toBe(shown);
});

test('public short codes and words are nobody’s number', () => {
  for (const whole of ['110', '119', '120', '12345', '10086', '95598', '961234', 'anonymous', '', '12'])
    expect(maskNumber(whole)).toBe(whole);
});
