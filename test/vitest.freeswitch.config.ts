import { mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** Besides the ordinary tests, those that only a real FreeSWITCH can pass. */
export default mergeConfig(base, { test: { include: ['test/**/*.freeswitch.ts'] } });
