// The phones and callers of a benchmark, in a process of their own.
import { fork } from 'node:child_process';
import { join } from 'node:path';

/**
 * @param told `{server, seats, number, register, audio?}`: the switch under test, and who is at it.
 * @returns what runs a scenario of `wire-scenarios.mjs`, one at a time, and resolves with what it found. It throws what the scenario threw, or
 * that the process ended.
 */
export async function startLoad(told) {
  const child = fork(join(import.meta.dirname, 'wire-scenarios.mjs'), [JSON.stringify(told)], {
    serialization: 'advanced',
  });
  const heard = () =>
    new Promise((resolve, reject) => {
      const over = () => {
        child.off('message', hear);
        child.off('exit', gone);
      };
      const hear = (message) => {
        over();
        if (message.failed) reject(new Error(message.failed));
        else resolve(message);
      };
      const gone = () => {
        over();
        reject(new Error('the load generator ended'));
      };
      child.on('message', hear);
      child.on('exit', gone);
    });
  const { ready: seatPort } = await heard();
  return {
    seatPort,
    async run(name, options = {}) {
      child.send({ run: name, ...options });
      return (await heard()).done;
    },
    stop: () => child.kill('SIGTERM'),
  };
}
