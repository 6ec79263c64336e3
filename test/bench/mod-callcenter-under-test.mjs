// FreeSWITCH's own queue, mod_callcenter, on loopback with a configuration in a temporary folder.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const NUMBER = '12345';
const STARTS_WITHIN_MS = 60_000;

/** True when FreeSWITCH and its queue are installed under `prefix`. */
export function hasCallCenter(prefix) {
  try {
    accessSync(join(prefix, 'bin/freeswitch'), constants.X_OK);
    accessSync(join(prefix, 'lib/freeswitch/mod/mod_callcenter.so'));
    return true;
  } catch {
    return false;
  }
}

export async function openCallCenter(prefix, seatCount) {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-bench-fs-'));
  const password = randomBytes(18).toString('base64url');
  const [sipPort, eslPort] = [await freePort(), await freePort()];
  for (const name of ['conf', 'log', 'run', 'db', 'music', 'cert', 'storage']) mkdirSync(join(folder, name));
  cpSync(join(root, 'dialplans/prompts/music.wav'), join(folder, 'music/music.wav'));
  writeFileSync(join(folder, 'conf/freeswitch.xml'), configuration({ folder, password, sipPort, eslPort }));
  const at = ['conf', 'log', 'run', 'db', 'storage'].flatMap((name) => [`-${name}`, join(folder, name)]);
  const child = spawn(
    join(prefix, 'bin/freeswitch'),
    // Without real-time priority, which it takes as root: the phones and Minhu have none either.
    ['-nf', '-nonat', '-nc', '-np', ...at, '-mod', join(prefix, 'lib/freeswitch/mod')],
    { stdio: 'ignore' },
  );
  const api = await control(eslPort, password);
  const seats = Array.from({ length: seatCount }, (_, n) => ({ user: `s${n}` }));
  return {
    server: { host: '127.0.0.1', port: sipPort },
    seats,
    number: NUMBER,
    register: false,
    pid: child.pid,
    /** Agents are dialled at their phones directly: no look-up of a registration counts against it. */
    async ready(seatPort) {
      for (const { user } of seats) {
        await api(`callcenter_config agent add ${user} callback`);
        await api(`callcenter_config agent set contact ${user} sofia/bench/${user}@127.0.0.1:${seatPort}`);
        await api(`callcenter_config agent set wrap_up_time ${user} 0`);
        await api(`callcenter_config agent set max_no_answer ${user} 0`);
        await api(`callcenter_config agent set status ${user} 'Available'`);
        await api(`callcenter_config agent set state ${user} Waiting`);
        await api(`callcenter_config tier add q@bench ${user} 1 1`);
      }
    },
    async close() {
      api.end();
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await new Promise((resolve) => child.once('exit', resolve));
      clearTimeout(killer);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration({ folder, password, sipPort, eslPort }) {
  const conf = (name, inner) => `<configuration name="${name}.conf">${inner}</configuration>`;
  const params = (values) =>
    Object.entries(values)
      .map(([name, value]) => `<param name="${name}" value="${value}"/>`)
      .join('');
  const modules = [
    'event_socket',
    'commands',
    'dptools',
    'dialplan_xml',
    'sndfile',
    'local_stream',
    'callcenter',
    'sofia',
  ];
  const profile = params({
    'sip-ip': '127.0.0.1',
    'rtp-ip': '127.0.0.1',
    'sip-port': sipPort,
    context: 'bench',
    dialplan: 'XML',
    'auth-calls': 'false',
    'accept-blind-reg': 'true',
    'inbound-codec-prefs': 'PCMA',
    'outbound-codec-prefs': 'PCMA',
    'manage-presence': 'false',
    'rtp-timer-name': 'soft',
    'hold-music': 'local_stream://moh',
  });
  const queue = params({
    strategy: 'longest-idle-agent',
    'moh-sound': 'local_stream://moh',
    'time-base-score': 'system',
    'max-wait-time': 0,
    'max-wait-time-with-no-agent': 0,
    'tier-rules-apply': 'false',
    'discard-abandoned-after': 60,
    'abandoned-resume-allowed': 'false',
  });
  return `<?xml version="1.0"?>
<document type="freeswitch/xml">
<section name="configuration">
${conf('switch', `<settings>${params({ 'max-sessions': 10000, 'sessions-per-second': 1000, loglevel: 'err', 'rtp-start-port': 40000, 'rtp-end-port': 59998 })}</settings>`)}
${conf('modules', `<modules>${modules.map((name) => `<load module="mod_${name}"/>`).join('')}</modules>`)}
${conf('event_socket', `<settings>${params({ 'listen-ip': '127.0.0.1', 'listen-port': eslPort, password })}</settings>`)}
${conf('local_stream', `<directory name="moh" path="${folder}/music">${params({ rate: 8000, shuffle: 'false', channels: 1, interval: 20, 'timer-name': 'soft' })}</directory>`)}
${conf('callcenter', `<settings></settings><queues><queue name="q@bench">${queue}</queue></queues><agents/><tiers/>`)}
${conf('sofia', `<global_settings>${params({ 'log-level': 0 })}</global_settings><profiles><profile name="bench"><settings>${profile}</settings></profile></profiles>`)}
</section>
<section name="dialplan"><context name="bench"><extension name="q"><condition field="destination_number" expression="^${NUMBER}$"><action application="answer"/><action application="callcenter" data="q@bench"/></condition></extension></context></section>
<section name="directory"></section>
</document>
`;
}

/** @returns a function that runs one api command after another. */
async function control(port, password) {
  const untilMs = performance.now() + STARTS_WITHIN_MS;
  for (;;) {
    const socket = await dial(port);
    if (socket !== undefined) return login(socket, password);
    if (performance.now() > untilMs) throw new Error('FreeSWITCH did not start');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function dial(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

async function login(socket, password) {
  let read = '';
  let waiting;
  socket.setEncoding('latin1');
  socket.on('data', (text) => {
    read += text;
    for (;;) {
      const end = read.indexOf('\n\n');
      const length = end < 0 ? 0 : Number(/Content-Length: (\d+)/.exec(read.slice(0, end))?.[1] ?? 0);
      if (end < 0 || read.length < end + 2 + length) return;
      const [head, body] = [read.slice(0, end), read.slice(end + 2, end + 2 + length)];
      read = read.slice(end + 2 + length);
      if (!head.includes('auth/request')) waiting?.(body === '' ? head : body);
    }
  });
  const say = (line) =>
    new Promise((resolve) => {
      waiting = resolve;
      socket.write(`${line}\n\n`);
    });
  await say(`auth ${password}`);
  const api = async (command) => {
    const answer = await say(`api ${command}`);
    if (answer.startsWith('-ERR')) throw new Error(`${command}: ${answer}`);
  };
  api.end = () => socket.destroy();
  for (let tries = 0; ; tries++) {
    const profiles = await say('api sofia status profile bench');
    if (profiles.includes('RUNNING') || profiles.includes('CALLS-IN')) return api;
    if (tries > 100) throw new Error('the SIP profile of FreeSWITCH did not come up');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
