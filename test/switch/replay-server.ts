import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A switch that says only what a test tells it to: it logs clients in, answers their commands and sends events. */
export interface ScriptedSwitch {
  readonly port: number;
  /** Every command heard, without its final line ends. */
  readonly heard: string[];
  /** Sends one plain event to every client. */
  event(name: string, headers: Readonly<Record<string, string>>, body?: string): void;
  /** Answers to `api …` by the beginning of the command; the default is `+OK`. */
  readonly answers: Map<string, string>;
  /** Cuts every connection. */
  cut(): void;
  close(): Promise<void>;
}

export async function startScriptedSwitch(): Promise<ScriptedSwitch> {
  const clients = new Set<Socket>();
  const heard: string[] = [];
  const answers = new Map<string, string>([
    ['api global_getvar core_uuid', 'boot-1'],
    ['api show', '{"row_count": 0}'],
    ['api uuid_exists', 'false'],
    ['api uuid_dump', '-ERR No such channel!\n'],
  ]);
  const server = createServer((socket) => {
    clients.add(socket);
    let pending = '';
    socket.on('close', () => clients.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      pending += data.toString('utf8');
      const commands = pending.split('\n\n');
      pending = commands.pop() ?? '';
      for (const command of commands) {
        heard.push(command);
        socket.write(replyTo(command, answers));
      }
    });
    socket.write('Content-Type: auth/request\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let sequence = 0;
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    answers,
    event(name, headers, body) {
      sequence += 1;
      const all = { 'Event-Name': name, 'Event-Sequence': String(sequence), ...headers };
      const lines = Object.entries(all).map(([key, value]) => `${key}: ${encoded(value)}\n`);
      const inner = body === undefined ? '\n' : `Content-Length: ${Buffer.byteLength(body)}\n\n${body}`;
      const text = `${lines.join('')}${inner}`;
      const frame = `Content-Length: ${Buffer.byteLength(text)}\nContent-Type: text/event-plain\n\n${text}`;
      for (const client of clients) client.write(frame);
    },
    cut: () => clients.forEach((client) => void client.destroy()),
    close: () =>
      new Promise((resolve) => {
        for (const client of clients) client.destroy();
        server.close(() => resolve());
      }),
  };
}

/** As FreeSWITCH does: what looks encoded is not encoded again. */
function encoded(value: string): string {
  return encodeURIComponent(value).replace(/%25(?=[0-9A-F]{2})/g, '%');
}

function replyTo(command: string, answers: ReadonlyMap<string, string>): string {
  if (!command.startsWith('api ')) {
    const job = /Job-UUID: (.*)/.exec(command)?.[1];
    return `Content-Type: command/reply\nReply-Text: +OK${job === undefined ? '' : ` Job-UUID: ${job}\nJob-UUID: ${job}`}\n\n`;
  }
  const key = [...answers.keys()].find((start) => command.startsWith(start));
  const body = key === undefined ? '+OK\n' : (answers.get(key) ?? '');
  return `Content-Type: api/response\nContent-Length: ${Buffer.byteLength(body)}\n\n${body}`;
}
