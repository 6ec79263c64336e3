import { expect, test } from 'vitest';
import { mayCallBack } from '../../src/core/dialable.ts';

test.each([
  '13800138000',
  '19912345678',
  '+8613800138000',
  '008613800138000',
  '037167170000',
  '01012345678',
  '67170000',
])('[K3] %s may be called back', (number) => expect(mayCallBack(number)).toBe(true));

test.each([
  ...['110', '119', '120', '122', '999', '12345', '12110', '95588', '10086', '114', '96110'],
  ...['4008001234', '8008001234', '16801234', '16012345', '1680123456', '02', '00441632960000', '+441632960000'],
  ...['', 'anonymous', '1380013800', '138001380001', '*110', '110#'],
])('[K3] %s is never dialled', (number) => expect(mayCallBack(number)).toBe(false));
