import { connect, type Socket } from 'node:net';

export interface Frame {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export type SeenEvent = Readonly<Record<string, string>>;

/** A plain reader of the event socket, written for these tests alone: what it knows of framing it does not share with the switch. */
export class EventSocketClient {
  readonly frames: Frame[] = [];
  readonly events: SeenEvent[] = [];
  readonly socket: Socket;
  closed = false;
  private data = Buffer.alloc(0);
  private readonly watchers = new Set<() => void>();

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (data) => this.take(data));
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
      this.wake();
    });
  }

  send(...lines: string[]): void {
    this.socket.write(`${lines.join('\n')}\n\n`);
  }

  /** Sends and waits for the next reply that is no event. */
  async ask(...lines: string[]): Promise<string> {
    const from = this.replies().length;
    this.send(...lines);
    await this.until(() => this.replies().length > from, lines[0] ?? '');
    const frame = this.replies()[from]!;
    return frame.headers.get('Content-Type') === 'api/response' ? frame.body : (frame.headers.get('Reply-Text') ?? '');
  }

  replies(): Frame[] {
    return this.frames.filter((frame) => /reply|response/.test(frame.headers.get('Content-Type') ?? ''));
  }

  async event(name: string, leg?: string, more: SeenEvent = {}): Promise<SeenEvent> {
    const found = (): SeenEvent | undefined =>
      this.events.find(
        (event) =>
          event['Event-Name'] === name &&
          (leg === undefined || event['Unique-ID'] === leg) &&
          Object.entries(more).every(([key, value]) => event[key] === value),
      );
    await this.until(() => found() !== undefined, `${name} ${leg ?? ''} ${JSON.stringify(more)}`);
    return found()!;
  }

  /** Names of the events of a leg, in the order they came. */
  namesOf(leg: string): string[] {
    return this.events.filter((event) => event['Unique-ID'] === leg).map((event) => event['Event-Name'] ?? '');
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.watchers.delete(watch);
        const seen = this.events.map((event) => `${event['Event-Name']} ${event['Application'] ?? ''}`);
        reject(new Error(`waited in vain for ${what}; seen ${JSON.stringify(seen)}`));
      }, 8000);
      const watch = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.watchers.delete(watch);
        resolve();
      };
      this.watchers.add(watch);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private take(data: Buffer): void {
    this.data = Buffer.concat([this.data, data]);
    for (let end = this.data.indexOf('\n\n'); end !== -1; end = this.data.indexOf('\n\n')) {
      const headers = readHeaders(this.data.subarray(0, end).toString());
      const length = Number(headers.get('Content-Length') ?? 0);
      if (this.data.length < end + 2 + length) break;
      const body = this.data.subarray(end + 2, end + 2 + length).toString();
      this.data = this.data.subarray(end + 2 + length);
      this.frames.push({ headers, body });
      const event = readEvent(headers.get('Content-Type') ?? '', body);
      if (event !== undefined) this.events.push(event);
    }
    this.wake();
  }

  private wake(): void {
    for (const watch of [...this.watchers]) watch();
  }
}

function readHeaders(text: string): Map<string, string> {
  return new Map(
    text.split('\n').flatMap((line): Array<[string, string]> => {
      const colon = line.indexOf(': ');
      return colon === -1 ? [] : [[line.slice(0, colon), line.slice(colon + 2)]];
    }),
  );
}

function readEvent(type: string, body: string): SeenEvent | undefined {
  if (type === 'text/event-json') return JSON.parse(body) as SeenEvent;
  if (type !== 'text/event-plain') return undefined;
  const end = body.indexOf('\n\n');
  const headers = [...readHeaders(body.slice(0, end))].map(([name, value]) => [name, decodeURIComponent(value)]);
  return { ...Object.fromEntries(headers), _body: body.slice(end + 2) };
}
