// The whole program for a benchmark: a city with one number, one queue and no menu, so that whoever calls waits at once.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const READY_MS_MAX = 180_000;
const root = join(import.meta.dirname, '../..');

/**
 * @param folder a new one of the caller's, who removes it.
 * @param seats how many agents may sign in; their phones prove themselves by MD5.
 * @param callsMax calls at once.
 */
export async function startHotline(folder, { seats, callsMax = 2 * seats }) {
  const data = join(folder, 'data');
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: root,
    env: {
      ...process.env,
      MINHU_DATA: data,
      MINHU_CITY: writeCity(join(folder, 'city'), seats),
      MINHU_HTTP: '127.0.0.1:0',
      MINHU_SIP: '127.0.0.1:0',
      MINHU_RTP: '30000-39999',
      MINHU_CALLS_MAX: `${callsMax}`,
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  await ready(child);
  const run = () => JSON.parse(readFileSync(join(data, 'run.json'), 'utf8'));
  const firstRun = () => JSON.parse(readFileSync(join(data, 'first-run.json'), 'utf8'));
  /** Wherever it listens now. */
  const ask = (path, { method = 'GET', cookie = '', body } = {}) => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    return fetch(`http://${run().http}${path}`, {
      method,
      headers: { cookie, ...json },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
  return {
    run,
    firstRun,
    sip: () => address(run().sip),
    /** Of every seat, as `openPeers` takes them. */
    phones: () =>
      firstRun().seats.map(({ sipUser, sipPassword }) => ({
        user: sipUser,
        ha1: md5(`${sipUser}:minhu:${sipPassword}`),
      })),
    /** @returns the session's cookie. */
    async login(user, password) {
      const answer = await ask('/api/v1/login', { method: 'POST', body: { user, password } });
      if (!answer.ok) throw new Error(`${user} cannot log in: ${answer.status}`);
      return answer.headers.getSetCookie()[0].split(';')[0];
    },
    ask,
    stop() {
      child.kill('SIGTERM');
      return gone;
    },
  };
}

function ready(child) {
  let printed = '';
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`not ready within ${READY_MS_MAX} ms:\n${printed}`)), READY_MS_MAX);
    child.stdout.on('data', (text) => {
      printed = `${printed}${text}`.slice(-10_000);
      if (!printed.includes('Minhu is ready')) return;
      clearTimeout(late);
      resolve();
    });
    child.once('exit', () => reject(new Error(`the hotline did not start:\n${printed}`)));
  });
}

/** @returns the folder. */
export function writeCity(city, seats) {
  cpSync(join(root, 'dialplans'), city, { recursive: true, dereference: true });
  const seat = (n) => `  - { user: s${n}, number: "${n}", sipUser: "${n}", digest: md5, skills: { personal: 3 } }`;
  const queue =
    '{ skill: personal, ring: 20s, wrapUp: 0s, positionFirst: 600s, positionEvery: 600s, waitingMax: 5000 }';
  const files = {
    'seats.yaml': `seats:\n${Array.from({ length: seats }, (_, n) => seat(1_000 + n)).join('\n')}\n`,
    'queues.yaml': `queues:\n  personal: ${queue}\n`,
    'plans.yaml': 'plans:\n  anybody:\n    - { needs: anybody }\n',
    'flows/hotline.yaml': 'numbers: ["12345"]\nstart: in\nsteps:\n  in:\n    queue: personal\n',
    'trunks.yaml': 'trunks:\n  - { name: callers, from: ["127.0.0.0/8"], numbers: ["12345"] }\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(city, name), text);
  for (const name of ['modes.yaml', 'hotlines.yaml', 'grades.yaml', 'flows/emergency.yaml'])
    rmSync(join(city, name), { force: true });
  return city;
}

function address(text) {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
}

function md5(text) {
  return createHash('md5').update(text).digest('hex');
}
