import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONNECT_LIMITS, tooFewConnected } from '../../src/lib/measure-alarm.ts';
import { type Counts, noCounts, sumOfCounts } from '../../src/lib/measure-counts.ts';
import { MEASURES, type MeasureName, measureOf, measuresOf, percentOf } from '../../src/lib/measures.ts';

const counts = (some: Partial<Counts>): Counts => ({ ...noCounts(), ...some });
const value = (name: MeasureName, some: Partial<Counts>) => measureOf(name, counts(some)).value;

/** 1,000 inbound: 30 left in the menu, 970 queued, 940 answered (900 within 15 s), 30 abandoned, 10 of them within 5 s. */
const THOUSAND = counts({
  inbound: 1_000,
  queued: 970,
  answered: 940,
  answeredWithin15: 900,
  abandoned: 30,
  abandonedShort: 10,
  waitedMs: 7_520_000,
  handled: 940,
  handlingMs: 197_400_000,
});

test.each<[MeasureName, number, number, number]>([
  ['connectRate', 940, 1_000, 94],
  ['connectRateStrict', 940, 1_000, 94],
  ['humanConnectRate', 940, 970, 96.91],
  ['humanConnectRateWithoutShortAbandons', 940, 960, 97.92],
  ['answeredWithin15Rate', 900, 940, 95.74],
  ['serviceLevel15', 900, 970, 92.78],
  ['averageSpeedOfAnswer', 7_520, 940, 8],
  ['abandonRate', 30, 970, 3.09],
  ['averageHandlingTime', 197_400, 940, 210],
])('of the thousand calls of the guide, %s is %d / %d = %d', (name, numerator, denominator, expected) => {
  expect(measureOf(name, THOUSAND)).toMatchObject({ numerator, denominator, value: expected });
});

test('the thousand calls of the guide are an alarm, because 94 % is below 95 %', () => {
  expect(tooFewConnected(THOUSAND, CONNECT_LIMITS)).toEqual({ numerator: 940, denominator: 1_000 });
});

test('Jiayuguan answered 77,794 of 77,911 calls: 99.85 %', () => {
  expect(value('connectRate', { inbound: 77_911, answered: 77_794 })).toBe(99.85);
});

test('Zhengzhou answers 9,800 of 10,000 calls: 98.00 %, its target', () => {
  const zhengzhou = counts({ inbound: 10_000, answered: 9_800 });
  expect(measureOf('connectRate', zhengzhou).value).toBe(CONNECT_LIMITS.targetPercent);
  expect(tooFewConnected(zhengzhou, { ...CONNECT_LIMITS, alarmPercent: 98 })).toBeUndefined();
});

test('Hangzhou reports 88.94 % connected beside 94.84 % within 15 s: the second is of those answered', () => {
  const hangzhou = { inbound: 10_000, queued: 10_000, answered: 8_894, answeredWithin15: 8_435 };
  expect(value('connectRate', hangzhou)).toBe(88.94);
  expect(value('answeredWithin15Rate', hangzhou)).toBe(94.84);
  expect(value('serviceLevel15', hangzhou)).toBe(84.35);
});

test('calls served by the menu alone and calls that took a call-back leave the connect rate; the strict one keeps the latter', () => {
  const some = { inbound: 1_000, selfServed: 100, callbacks: 50, answered: 810 };
  expect(measureOf('connectRate', counts(some))).toMatchObject({ numerator: 810, denominator: 850, value: 95.29 });
  expect(measureOf('connectRateStrict', counts(some))).toMatchObject({ numerator: 810, denominator: 900, value: 90 });
});

test('a measure of nothing is null, not zero and not a hundred', () => {
  for (const measure of Object.values(measuresOf(noCounts()))) {
    expect(measure).toMatchObject({ denominator: 0, value: null });
  }
});

test('figures are rounded half up to two decimals, in whole numbers', () => {
  expect(percentOf(1, 20_000)).toBe(0.01);
  expect(percentOf(3, 20_000)).toBe(0.02);
  expect(percentOf(1, 20_001)).toBe(0);
  // 1.005 as a binary fraction is below 1.005 and would be rounded down.
  expect(percentOf(201, 20_000)).toBe(1.01);
  expect(value('averageSpeedOfAnswer', { waitedMs: 5, answered: 1 })).toBe(0.01);
  expect(value('averageHandlingTime', { handlingMs: 4, handled: 1 })).toBe(0);
});

test('an alarm compares before it rounds, and says nothing about too few calls', () => {
  const limits = { ...CONNECT_LIMITS, callsMin: 20 };
  expect(tooFewConnected(counts({ inbound: 1_000, answered: 949 }), limits)).toBeDefined();
  expect(tooFewConnected(counts({ inbound: 1_000, answered: 950 }), limits)).toBeUndefined();
  // 94.9999 % is shown as 95.00 % and is below it all the same.
  expect(tooFewConnected(counts({ inbound: 1_000_000, answered: 949_999 }), limits)).toBeDefined();
  expect(tooFewConnected(counts({ inbound: 19, answered: 0 }), limits)).toBeUndefined();
  expect(tooFewConnected(counts({ inbound: 20, answered: 0 }), limits)).toBeDefined();
});

test('every measure says in both languages what it is and what it is made of', () => {
  for (const { zh, en, numerator, denominator } of Object.values(MEASURES)) {
    expect(zh).toMatch(/\p{Script=Han}/u);
    for (const text of [en, numerator, denominator]) expect(text).not.toBe('');
  }
});

test('the page of definitions names every measure as the code does', () => {
  const page = readFileSync(new URL('../../src/api/README.md', import.meta.url), 'utf8');
  for (const [name, { zh }] of Object.entries(MEASURES)) expect(page).toContain(`| ${zh} | \`${name}\` |`);
});

test('groups that share no call add up field by field', () => {
  expect(sumOfCounts([THOUSAND, THOUSAND])).toMatchObject({ inbound: 2_000, answered: 1_880, waitedMs: 15_040_000 });
});
