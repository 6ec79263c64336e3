import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { command } from '../../src/cli/due.ts';

const SHIPPED = join(import.meta.dirname, '../../dialplans');
let out: string;
let err: string;

beforeEach(() => {
  out = '';
  err = '';
  vi.stubEnv('MINHU_CITY', SHIPPED);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test('the due instant is printed alone, in the zone of the city', async () => {
  expect(await command.run(['2026-02-13T02:00Z', '5wd'])).toBe(0);
  expect(out).toBe('2026-02-28T00:00:00+08:00\n');
  expect(err).toBe('');
});

test('a program reads what was asked and answered as JSON', async () => {
  expect(await command.run(['2025-09-30T16:30', '2wh', '--json'])).toBe(0);
  expect(JSON.parse(out)).toEqual({
    from: '2025-09-30T16:30:00+08:00',
    limit: '2wh',
    due: '2025-10-09T10:30:00+08:00',
    zone: 'Asia/Shanghai',
    missingYears: [],
  });
});

test('a limit that runs into a year without a table says so beside its answer', async () => {
  expect(await command.run(['2026-12-30T10:00', '5wd'])).toBe(0);
  expect(out).toBe('2027-01-07T00:00:00+08:00\n');
  expect(err).toMatch(/lacks 2027/);
});

test.each([
  [['2026-02-30', '5wd'], 'DUE_INSTANT_INVALID'],
  [['2026-02-13', '5x'], 'DUE_LIMIT_INVALID'],
  [['2026-02-13'], 'DUE_USAGE'],
  [['2026-02-13', '5wd', '--loud'], 'DUE_USAGE'],
])('%j is refused with the code %s', async (args, code) => {
  expect(await command.run(args)).toBe(2);
  expect(err).toMatch(new RegExp(`^${code}: `));
  expect(out).toBe('');
});

test('a city folder with mistakes is named with each of them', async () => {
  expect(await command.run(['2026-02-13', '5wd', '--city', '/nowhere'])).toBe(1);
  expect(err).toMatch(/^CITY_INVALID: prompts\.yaml:1/);
});

test('without a table of holidays every weekday counts', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-due-'));
  try {
    cpSync(SHIPPED, folder, { recursive: true });
    rmSync(join(folder, 'workdays.yaml'));
    expect(await command.run(['2026-02-13T10:00', '5wd', '--city', folder])).toBe(0);
    expect(out).toBe('2026-02-21T00:00:00+08:00\n');
    expect(err).toMatch(/lacks 2026/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
