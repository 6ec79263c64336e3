import fc from 'fast-check';

/** With `MINHU_SEED` what is drawn at random is the same each time, so that a run tells of the change that it is for; without it each run looks somewhere else. */
const seed = process.env['MINHU_SEED'];
if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
