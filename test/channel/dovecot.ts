import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ImapFlow } from 'imapflow';
import { freePort } from '../e2e/free-port.ts';

/** A Dovecot of our own: on 127.0.0.1, in a folder of its own, of whoever runs the tests. Any user with the password `secret` has a mailbox. */
export interface Dovecot {
  readonly port: number;
  /** A second pair of hands at a mailbox. */
  client(user: string): Promise<ImapFlow>;
  /** As a mail server does it. */
  deliver(user: string, mail: string | Buffer, folder?: string): Promise<void>;
  /** At once; every connection breaks. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Root may neither receive logins nor own mail there: it runs as nobody. */
const USER = process.getuid?.() === 0 ? 'nobody' : execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();
const [UID, GID, GROUP] = ['-u', '-g', '-gn'].map((flag) =>
  execFileSync('id', [flag, USER], { encoding: 'utf8' }).trim(),
);
const PROGRAM = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  .map((folder) => join(folder, 'dovecot'))
  .find(existsSync);

export async function startDovecot(): Promise<Dovecot> {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-dovecot-'));
  const port = await freePort();
  const [uid, gid] = [Number(UID), Number(GID)];
  chownSync(folder, uid, gid);
  writeFileSync(join(folder, 'dovecot.conf'), configuration(folder, port));
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    if (PROGRAM === undefined) throw new Error('dovecot is not installed');
    child = spawn(PROGRAM, ['-F', '-c', join(folder, 'dovecot.conf')], { stdio: 'ignore', detached: true, uid, gid });
    const exited = once(child, 'exit').then(() => Promise.reject(new Error('dovecot did not start')));
    exited.catch(() => undefined);
    while (!(await Promise.race([answers(port), exited]))) {}
  }

  async function kill(): Promise<void> {
    const { pid, exitCode, signalCode } = child ?? {};
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const gone = once(child!, 'exit');
    // Its children are in its group.
    process.kill(-pid, 'SIGKILL');
    await gone;
  }

  async function client(user: string): Promise<ImapFlow> {
    const auth = { user, pass: 'secret' };
    const made = new ImapFlow({ host: '127.0.0.1', port, secure: false, auth, logger: false, disableAutoIdle: true });
    made.on('error', () => undefined);
    await made.connect();
    return made;
  }

  await start();
  return {
    port,
    client,
    async deliver(user, mail, name = 'INBOX') {
      const made = await client(user);
      await made.append(name, Buffer.from(mail));
      await made.logout();
    },
    kill,
    start,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    return greeting.toString().startsWith('* OK');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function configuration(folder: string, port: number): string {
  return `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = ${USER}
default_login_user = ${USER}
default_internal_group = ${GROUP}
first_valid_uid = ${UID}
first_valid_gid = ${GID}
auth_failure_delay = 0
mail_location = maildir:${folder}/mail/%u
mail_max_userip_connections = 100
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=${UID} gid=${GID} home=${folder}/mail/%u
}
service anvil {
  chroot =
}
service imap-login {
  chroot =
  process_min_avail = 1
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
`;
}
