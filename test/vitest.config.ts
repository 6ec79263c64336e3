import { defineConfig } from 'vitest/config';
import { LongFirst } from './long-first.ts';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    ...(process.env['MINHU_SEED'] === undefined ? {} : { setupFiles: ['test/seed.ts'] }),
    globalSetup: ['test/template-folder.ts'],
    sequence: { sequencer: LongFirst },
    pool: 'forks',
    // Loading the same modules anew for each file takes as long as many of the tests: whoever changes something for all puts it back.
    isolate: false,
    maxWorkers: 2,
  },
});
