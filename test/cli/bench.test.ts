import { afterEach, expect, test, vi } from 'vitest';
import { command } from '../../src/cli/bench.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([['--sizes'], ['core'], ['--json', '--sort']])('minhu bench %j is not begun at all', async (...args) => {
  let err = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
  expect(await command.run(args)).toBe(2);
  expect(err).toMatch(/^BENCH_USAGE: .*\n\nminhu bench \[--json\]/s);
});
