import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type Folder, type Mail, type Place, readFolder } from '../../channels/mailbox/folder.ts';

// What no honest server does, or only once in a while: it is played, word for word.

let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => (server === undefined ? resolve(null) : server.close(resolve)));
  server = undefined;
});

/** @param answer what it says to the fetch of one mail, without the tag's line; undefined: it hangs up. */
async function startServer(answer: (uid: number) => string | undefined): Promise<Folder> {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.write('* OK [CAPABILITY IMAP4rev1] ready\r\n');
    let left = '';
    socket.on('data', (data) => {
      left += data.toString('latin1');
      for (let end = left.indexOf('\r\n'); end !== -1; end = left.indexOf('\r\n')) {
        const line = left.slice(0, end);
        left = left.slice(end + 2);
        const said = sayTo(line, answer);
        if (said === undefined) socket.destroy();
        else socket.write(said);
      }
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { address: `imap://127.0.0.1:${port}`, user: 'us', password: 'secret', name: 'INBOX' };
}

const UIDS = [1, 2, 3];

function sayTo(line: string, answer: (uid: number) => string | undefined): string | undefined {
  const [tag = '', ...words] = line.split(' ');
  const command = words.join(' ').toUpperCase();
  const ok = `${tag} OK done\r\n`;
  if (command.startsWith('CAPABILITY')) return `* CAPABILITY IMAP4rev1\r\n${ok}`;
  if (command.startsWith('LIST')) return `* LIST () "/" INBOX\r\n${ok}`;
  if (command.startsWith('EXAMINE'))
    return `* ${UIDS.length} EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT ${UIDS.length + 1}] x\r\n${tag} OK [READ-ONLY] done\r\n`;
  if (command.startsWith('UID SEARCH')) return `* SEARCH ${UIDS.join(' ')}\r\n${ok}`;
  const [, uid] = /^UID FETCH (\d+) .*BODY/.exec(command) ?? [];
  if (uid !== undefined) {
    const said = answer(Number(uid));
    return said?.replaceAll('TAG', tag);
  }
  if (command.startsWith('UID FETCH'))
    return `${UIDS.map((one) => `* ${one} FETCH (UID ${one} RFC822.SIZE 10 INTERNALDATE "01-Jan-2026 00:00:00 +0000")\r\n`).join('')}${ok}`;
  return ok;
}

const good = (uid: number) => `* ${uid} FETCH (UID ${uid} BODY[]<0> {9}\r\nFrom: a${uid}\n)\r\nTAG OK done\r\n`;

/** As the host does: again and again from the last place, until all three are there. */
async function readAll(
  folder: Folder,
  connectionsMax: number,
): Promise<{ mails: readonly Mail[]; connections: number }> {
  const stop = new AbortController();
  const mails: Mail[] = [];
  let place: Place | undefined = { validity: '7', uid: 0, atMs: 0 };
  for (let connections = 1; connections <= connectionsMax; connections += 1) {
    try {
      for await (const page of readFolder(folder, place, stop.signal)) {
        mails.push(...page.mails);
        place = page.place;
        if (place.uid === 3) return { mails, connections };
      }
    } catch {
      // Tried again, as the host does.
    }
  }
  throw new Error(`only ${mails.length} mails after ${connectionsMax} connections`);
}

const named = (mails: readonly Mail[]) =>
  mails.map(({ name, withheld, raw }) => `${name} ${withheld === undefined ? raw.toString().trim() : 'withheld'}`);

test.each([
  ['refuses to hand over', () => 'TAG NO it is broken here, too\r\n'],
  ['hangs up over', () => undefined],
  ['answers nothing about', () => '* 2 FETCH (UID 2 BODY[]<0> NIL)\r\nTAG OK done\r\n'],
])('a mail that the server %s holds up none behind it, and is told of', async (_name, answer) => {
  const folder = await startServer((uid) => (uid === 2 ? answer() : good(uid)));
  const { mails, connections } = await readAll(folder, 6);
  expect(named(mails)).toEqual(['7.1 From: a1', '7.2 withheld', '7.3 From: a3']);
  expect(connections).toBeLessThanOrEqual(4);
});

test('a server that has no time just now is asked for the mail as often as it takes', async () => {
  let asked = 0;
  const folder = await startServer((uid) => {
    if (uid !== 2) return good(uid);
    asked += 1;
    return asked <= 5 ? 'TAG NO [UNAVAILABLE] later\r\n' : good(uid);
  });
  expect(named((await readAll(folder, 8)).mails)).toEqual(['7.1 From: a1', '7.2 From: a2', '7.3 From: a3']);
});
