import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  CHAT_PATH,
  CHAT_PROTOCOL,
  CHAT_SESSIONS_PATH,
  type ChatBegun,
  type ChatLineSaid,
  type FromCitizen,
  type ToCitizen,
} from '../../src/api/chat/messages.ts';
import { type Client, type Program, signIn, startProgram, until } from './program.ts';

interface Conversation {
  readonly contact: string;
  readonly state: string;
  readonly token?: number;
}

let program: Program;
let agent: Client;
let lead: Client;

beforeAll(async () => {
  program = await startProgram();
  const { seats, lead: account } = program.firstRun();
  agent = await signIn(program, seats.find(({ user }) => user === 'seat1001')!);
  lead = await signIn(program, account);
}, 120_000);

afterAll(async () => {
  expect(await program?.stop()).toBe(0);
  program?.remove();
}, 60_000);

/** A citizen's page on one socket; it dies with the core, and a new one goes on. */
class Page {
  readonly heard: ToCitizen[] = [];
  readonly #socket: WebSocket;

  constructor(token: string, lastSeq = '0') {
    this.#socket = new WebSocket(`ws://${program.run().http}${CHAT_PATH}`, CHAT_PROTOCOL);
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (data) => this.heard.push(JSON.parse(String(data))));
    this.#socket.once('open', () => this.say({ t: 'auth', token, last_seq: lastSeq }));
  }

  static async open(token: string): Promise<Page> {
    return await until(
      'the chat takes the citizen',
      async () => {
        const page = new Page(token);
        await until(
          'an answer, or none',
          () => page.heard.length > 0 || page.#socket.readyState >= WebSocket.CLOSING,
          (over) => over,
        );
        return page;
      },
      (page) => page.heard.length > 0,
      60_000,
    );
  }

  say(frame: FromCitizen): void {
    this.#socket.send(JSON.stringify(frame));
  }

  async acknowledged(cid: string): Promise<string> {
    const ack = () => this.heard.find((frame) => frame.t === 'ack' && frame.cid === cid);
    const found = await until('it is acknowledged', ack, (frame) => frame !== undefined);
    return found?.t === 'ack' ? found.seq : '';
  }

  lines(): ChatLineSaid[] {
    return this.heard.filter((frame) => frame.t === 'msg');
  }

  close(): void {
    this.#socket.terminate();
  }
}

async function begin(): Promise<ChatBegun> {
  const answer = await fetch(`http://${program.run().http}${CHAT_SESSIONS_PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect(answer.status).toBe(201);
  return (await answer.json()) as ChatBegun;
}

/** The core dies in this moment, as by a kill from outside. */
function killCore(): number {
  const { core } = program.run().pids;
  process.kill(core, 'SIGKILL');
  return core;
}

async function coreAfter(before: number): Promise<void> {
  await until(
    'another core answers',
    async () => {
      if (program.run().pids.core === before) return 0;
      return (await fetch(`http://${program.run().http}/readyz`).catch(() => undefined))?.status ?? 0;
    },
    (status) => status === 200,
    60_000,
  );
}

async function mine(state: string): Promise<Conversation> {
  const found = await until(
    `a conversation is ${state}`,
    async () => (await agent.get<{ conversations?: Conversation[] }>('/api/v1/agents/me')).conversations?.[0],
    (one) => one?.state === state,
    60_000,
  );
  return found!;
}

test('a message that was acknowledged in the moment of the kill is there, once, is offered, and the same again is the same line', async () => {
  await agent.put('/api/v1/agents/me/state', { state: 'ready' });
  const { token } = await begin();
  const cid = randomUUID();
  const first = await Page.open(token);
  first.say({ t: 'msg', cid, body: '水管爆了' });
  const seq = await first.acknowledged(cid);
  const before = killCore();
  await coreAfter(before);
  first.close();

  // The page that heard no more sends all that it is not sure of.
  const second = await Page.open(token);
  second.say({ t: 'msg', cid, body: '水管爆了' });
  expect(await second.acknowledged(cid)).toBe(seq);
  const { contact, token: offer } = await mine('offered');
  await until(
    'the citizen has the line and its receipt',
    () => second.lines(),
    (lines) => new Set(lines.map((line) => line.seq)).size === 2,
  );
  const own = second.lines().filter(({ from }) => from === 'citizen');
  expect(new Set(own.map(({ body }) => body))).toEqual(new Set(['水管爆了']));
  expect(new Set(own.map((line) => line.seq))).toEqual(new Set([seq]));

  // Taken, and the core dies again: the agent has it still, and what was said.
  await agent.put('/api/v1/agents/me/offer', { contact, token: offer, take: true });
  await coreAfter(killCore());
  expect((await mine('talking')).contact).toBe(contact);
  const { messages } = await agent.get<{ messages: { direction: string; text: string }[] }>(
    `/api/v1/contacts/${contact}/messages`,
  );
  expect(messages.filter(({ direction }) => direction === 'in').map(({ text }) => text)).toEqual(['水管爆了']);
  second.close();

  // The citizen leaves, and the core dies behind it.
  const third = await Page.open(token);
  third.say({ t: 'leave' });
  await until(
    'the page hears that it is over',
    () => third.heard.findLast((frame) => frame.t === 'state'),
    (frame) => frame?.t === 'state' && frame.is === 'none',
  );
  await coreAfter(killCore());
  third.close();
  await agent.post(`/api/v1/contacts/${contact}/end`, {}).catch(() => undefined);
  const record = await until(
    'the record is closed',
    () => lead.get<{ outcome: string | null; talks: { endedBy: string }[] }>(`/api/v1/contacts/${contact}`),
    ({ outcome }) => outcome !== null,
  );
  expect(record.outcome).toBe('answered');
  expect(record.talks.map(({ endedBy }) => endedBy)).toEqual(['citizen']);
  const { contacts } = await lead.get<{ contacts: { id: string; platform: string }[] }>('/api/v1/contacts?channel=web');
  expect(contacts.map(({ id }) => id)).toEqual([contact]);
}, 180_000);
