import { writeFileSync } from 'node:fs';

/** Errors outside any test, which the JSON report leaves out: `[{ file, message }]` into the file that `MINHU_UNHANDLED` names. `file`: whose test ran. */
export default class Unhandled {
  onTestRunEnd(_modules, errors) {
    const told = errors.map(({ VITEST_TEST_PATH: file = '', stack, message }) => ({ file, message: stack ?? message }));
    writeFileSync(process.env.MINHU_UNHANDLED, JSON.stringify(told));
  }
}
