// What a process of Node's on this machine spends its time on: asked over its inspector, which SIGUSR1 opens.
import { writeFileSync } from 'node:fs';
import WebSocket from 'ws';

const INSPECTOR = 'http://127.0.0.1:9229/json/list';
const OPEN_MS_MAX = 10_000;

/** @returns what ends it and writes a `.cpuprofile` for Chromium's developer tools; its hottest functions, in ms of their own. */
export async function startProfile(pid) {
  process.kill(pid, 'SIGUSR1');
  const socket = new WebSocket(await addressOf());
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  let number = 0;
  const ask = (method, params = {}) =>
    new Promise((resolve) => {
      const id = ++number;
      const hear = (data) => {
        const { id: of, result } = JSON.parse(data);
        if (of !== id) return;
        socket.off('message', hear);
        resolve(result);
      };
      socket.on('message', hear);
      socket.send(JSON.stringify({ id, method, params }));
    });
  await ask('Profiler.enable');
  await ask('Profiler.setSamplingInterval', { interval: 500 });
  await ask('Profiler.start');
  return async (file, most = 40) => {
    const { profile } = await ask('Profiler.stop');
    socket.close();
    writeFileSync(file, JSON.stringify(profile));
    return hottest(profile, most);
  };
}

async function addressOf() {
  const untilMs = performance.now() + OPEN_MS_MAX;
  for (;;) {
    try {
      const [target] = await (await fetch(INSPECTOR)).json();
      return target.webSocketDebuggerUrl;
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function hottest({ nodes, samples, timeDeltas }, most) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const own = new Map();
  for (const [at, id] of samples.entries()) {
    const { functionName, url, lineNumber } = byId.get(id).callFrame;
    const name = `${functionName || '(anonymous)'} ${url.replace(/^.*\/(?=[^/]+\/[^/]+$)/, '')}:${lineNumber + 1}`;
    own.set(name, (own.get(name) ?? 0) + timeDeltas[at] / 1_000);
  }
  return [...own].sort((a, b) => b[1] - a[1]).slice(0, most);
}
