import { expect, test } from 'vitest';
import { callingNumber, nationalNumber, numberForms, ownNumber, serviceNumber } from '../../src/lib/phone-number.ts';

test('one number has one form, whatever a carrier or a platform tells of it', () => {
  const same: Readonly<Record<string, readonly string[]>> = {
    '13800138000': [
      '13800138000',
      '+8613800138000',
      '008613800138000',
      '8613800138000',
      '013800138000',
      '138 0013-8000',
      '86013800138000',
      '+86013800138000',
      '0086013800138000',
      '+86 (0)138-0013-8000',
    ],
    '037165588888': ['037165588888', '+8637165588888', '008637165588888', '37165588888', '+86 (0)371 6558 8888'],
    '01065588888': ['01065588888', '+861065588888', '1065588888', '8601065588888', '+8601065588888', '008601065588888'],
    '0106558888': ['0106558888', '860106558888'],
    '037165588889': ['86037165588889', '+86037165588889'],
    '02886543210': ['028-8654 3210', '+862886543210', '862886543210', '00862886543210'],
    '08716543210': ['868716543210', '08716543210'],
  };
  for (const [form, written] of Object.entries(same))
    for (const number of written)
      expect([number, ownNumber(number), nationalNumber(number)]).toEqual([number, form, form]);
});

test('whoever looks a number up finds it however it was told, with the 0 of long distance before it or not', () => {
  for (const written of ['86013800138000', '013800138000', '+86013800138000', '13800138000'])
    expect(numberForms(written)).toEqual(
      expect.arrayContaining(['13800138000', '013800138000', '+8613800138000', '+86013800138000', '008613800138000']),
    );
  expect(numberForms('8601065588888')).toContain('01065588888');
});

test('no code, 0 or extension makes a number of the country of what is none', () => {
  const others = [
    '0013800138000', // Another country's, as it is dialled.
    '+013800138000',
    '00013800138000',
    '012800138000',
    '0138001380001', // With an extension.
    '86013800138',
    '860138001380001',
    '86860138001380',
    '8601012345678',
    '860165588888',
    '+8601012345',
    '0110',
    '012345',
    '86110',
    '8612345',
    '860110',
    '86012345',
    '864006001234',
    '8604006001234',
    '0085225588888',
  ];
  for (const number of others) {
    const own = ownNumber(number) ?? '';
    expect([number, own]).toEqual([
      number,
      expect.not.stringMatching(/^(1[3-9]\d{9}|0(10|2\d|[3-9]\d\d)[2-9]\d{6,7})$/),
    ]);
  }
});

test('what is no number of the country stays as it is told; services and whoever withholds theirs are nobody', () => {
  for (const number of ['+12125588888', '0085225588888', '4006001234', '8008101234', '95040123456', '65588888'])
    expect(ownNumber(number)).toBe(number);
  for (const nobody of ['anonymous', '110', '12345', '95588', '']) expect(ownNumber(nobody)).toBeUndefined();
});

test('a calling number is written as it is dialled in the country: who is called back is reached', () => {
  const same = {
    '+8613800138000': '13800138000',
    '013800138000': '13800138000',
    '37165588888': '037165588888',
    '+864006001234': '4006001234',
  };
  for (const [told, dialled] of Object.entries(same)) expect(nationalNumber(told)).toBe(dialled);
  for (const kept of ['65588888', '+12125588888', '110', 'anonymous', '']) expect(nationalNumber(kept)).toBe(kept);
});

test('a service behind codes of area and country is that service; what may be somebody’s number is left alone', () => {
  const written = [
    '02812315',
    '+862812315',
    '+86-28-12315',
    '00862812315',
    '862812315',
    '010 12315',
    '+8637112315',
    '+86 028 12315',
    '+8612315',
    '008612315',
    '+86-12315',
  ];
  for (const number of written) expect([number, serviceNumber(number)]).toEqual([number, '12315']);
  for (const other of [
    '12315',
    '2812315',
    '8612315',
    '012315',
    '+86112315',
    '65512315',
    '02865512315',
    '13800012315',
    '+12812315',
    'anonymous',
    '',
  ])
    expect(serviceNumber(other)).toBe(other);
});

test('who calls from a landline has the area that the address says; nobody else has one put before the number', () => {
  const told: Readonly<Record<string, string>> = {
    '87654321;phone-context=+8628': '02887654321',
    '87654321;isub=1;phone-context=+8610;x=y': '01087654321',
    '6543210;phone-context=+86871': '08716543210',
    '13800138000;phone-context=+8628': '13800138000',
    '110;phone-context=+8628': '110',
    '87654321;phone-context=example.com': '87654321',
    '87654321;phone-context=+1212': '87654321',
    '+862887654321': '+862887654321',
    '87654321': '87654321',
  };
  for (const [user, number] of Object.entries(told)) expect([user, callingNumber(user)]).toEqual([user, number]);
});
