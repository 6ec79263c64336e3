import { expect, test } from 'vitest';
import { maskName, maskText } from '../../src/lib/mask-text.ts';

test.each([
  ['请打13800138000', '请打138****8000'],
  ['请打 138 0013 8000，谢谢', '请打 138****8000，谢谢'],
  ['+8613800138000找我', '+86138****8000找我'],
  ['座机028-86543210', '座机028****3210'],
  ['身份证11010519491231002X', '身份证***'],
  ['身份证 110105 19491231 0021。', '身份证 ***。'],
  ['卡号6222021234567890123', '卡号***'],
  ['全角１３８００１３８０００', '全角***'],
  ['邮箱wang.fang@mail.example.cn。', '邮箱wan****cn。'],
  ['微信wx13800138000', '微信wx138****8000'],
  ['请打138.0013.8000或者138  0013  8000', '请打138****8000或者138****8000'],
  ['138/0013/8000', '138****8000'],
  ['138–0013–8000或138　0013　8000', '138****8000或138****8000'],
])('%s → %s', (text, masked) => expect(maskText(text)).toBe(masked));

test.each([
  '拨打110、12345、10086、95598都没有用',
  '编号C0000000042-9f86d0',
  '2026-01-01停水3天，共120000元',
  '三号楼2单元1801室',
])('%s stays', (text) => expect(maskText(text)).toBe(text));

test.each(['1', '1 ', '1-', 'a@', 'a@b.', '+'])(
  'half a million times “%s” are masked at all: what is quadratic would take hours',
  (part) => {
    expect(maskText(part.repeat(500_000)).length).toBeGreaterThan(0);
  },
);

test('names are told apart by their first character alone', () => {
  expect(['李强', '欧阳娜娜', 'Wang Fang', ' ', ''].map(maskName)).toEqual(['李*', '欧***', 'W****', '', '']);
});
