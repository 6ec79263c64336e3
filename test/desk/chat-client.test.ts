import { afterEach, expect, test, vi } from 'vitest';
import { pageModule } from './browser-store.ts';

interface Client {
  readonly view: { readonly pending: readonly { readonly body: string; readonly refused?: string }[] };
  connect(): Promise<void>;
  write(body: string): void;
}
interface Module {
  readonly ChatClient: new (options: object) => Client;
}
interface Said {
  readonly t: string;
  readonly cid?: string;
  readonly body?: string;
}

/** The server's side of the one socket that is open. */
class Socket {
  static readonly OPEN = 1;
  static last: Socket;
  readonly readyState = 1;
  readonly said: Said[] = [];
  onmessage: (message: { data: string }) => void = () => {};

  constructor() {
    Socket.last = this;
  }

  send(text: string): void {
    this.said.push(JSON.parse(text));
  }

  tell(frame: object): void {
    this.onmessage({ data: JSON.stringify(frame) });
  }

  get written(): readonly Said[] {
    return this.said.filter(({ t }) => t === 'msg');
  }
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('words whose number stands for others already are sent under another, and not lost', async () => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', Socket);
  const { ChatClient } = await pageModule<Module>('chat/chat-client.ts');
  const client = new ChatClient({ url: 'ws://x', token: async () => 't', forget: () => {}, onChange: () => {} });
  await client.connect();
  const socket = Socket.last;
  socket.tell({ t: 'resume', from_seq: '0', gap: false, now: 0 });
  client.write('路灯不亮');
  const [first] = socket.written;
  socket.tell({ t: 'refused', cid: first!.cid, code: 'reused' });
  const [, second] = socket.written;
  expect(second).toMatchObject({ body: '路灯不亮' });
  expect(second!.cid).not.toBe(first!.cid);
  expect(client.view.pending).toMatchObject([{ body: '路灯不亮' }]);
  expect(client.view.pending[0]!.refused).toBeUndefined();
  socket.tell({ t: 'ack', cid: second!.cid, seq: '1' });
  socket.tell({ t: 'msg', seq: '1', cid: second!.cid, from: 'citizen', at: 0, body: '路灯不亮' });
  expect(client.view.pending).toEqual([]);
});
