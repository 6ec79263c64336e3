import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { type CityFolder, cityWith } from './city.ts';
import { killPart } from './kill-part.ts';
import { type Client, signIn, until } from './program.ts';
import { openStage, type RecordShape, type Stage } from './stage.ts';

interface Conversation {
  readonly contact: string;
  readonly medium: string;
  readonly state: string;
  readonly token?: number;
}

interface Me {
  readonly state: string;
  readonly conversations?: readonly Conversation[];
}

let city: CityFolder;
let stage: Stage;
let channel: Client;
let ana: Client;

beforeAll(async () => {
  city = cityWith({ wrapUp: '2s' });
  const file = join(city.path, 'slots.yaml');
  const document = parseDocument(readFileSync(file, 'utf8'));
  document.setIn(['each', 'chat'], 2);
  writeFileSync(file, document.toString());
  stage = await openStage({ MINHU_CITY: city.path });
  const { admin, seats } = stage.program.firstRun();
  const program = { user: 'channel', password: 'only-of-this-test-4711' };
  await (await signIn(stage.program, admin)).post('/api/v1/users', { ...program, roles: ['integrator'] });
  channel = await signIn(stage.program, program);
  ana = await signIn(stage.program, seats.find(({ user }) => user === 'seat1001')!);
}, 120_000);

afterEach(() => stage.clear());

afterAll(async () => {
  expect(await stage?.close()).toBe(0);
  city?.remove();
}, 60_000);

const me = () => ana.get<Me>('/api/v1/agents/me');
const stateOf = async (contact: string) =>
  (await me()).conversations?.find((one) => one.contact === contact)?.state ?? 'none';

async function openChat(reference: string): Promise<string> {
  const body = { medium: 'chat', queue: 'personal', from: `openid-${reference}`, to: 'wechat', reference };
  return (await channel.post<{ contact: string }>('/api/v1/contacts', body)).contact;
}

function becomes(contact: string, state: string): Promise<unknown> {
  return until(
    `${contact} is ${state}`,
    () => stateOf(contact),
    (now) => now === state,
  );
}

async function answer(contact: string, take: boolean): Promise<void> {
  await becomes(contact, 'offered');
  const { token } = (await me()).conversations!.find((one) => one.contact === contact)!;
  await ana.put('/api/v1/agents/me/offer', { contact, token, take });
}

test('a call reaches an agent who holds two chats, a third chat waits; the chats outlive the call and the core, and are ended and given on', async () => {
  await stage.readyPhone('seat1001', 700);
  const [first, second, third] = [await openChat('one'), await openChat('two'), await openChat('three')];
  expect(await openChat('one')).toBe(first);
  await answer(first, true);
  await answer(second, true);
  expect(await stateOf(third)).toBe('none');
  await expect(ana.put('/api/v1/agents/me/offer', { contact: third, token: 1, take: true })).rejects.toThrow(
    /409 .*OFFER_GONE/,
  );

  const caller = await stage.dial('13800138021', 440);
  caller.type('1');
  await stage.agentIs('seat1001', 'talking');
  expect([await stateOf(first), await stateOf(second)]).toEqual(['talking', 'talking']);
  // A slot is free, but a call leaves no room for a chat.
  await ana.post(`/api/v1/contacts/${second}/end`, {});
  expect(await stateOf(third)).toBe('none');
  const waitsBefore = (await stage.waiting('personal')).map(({ contact, enqueuedAtMs }) => [contact, enqueuedAtMs]);
  expect(waitsBefore.map(([contact]) => contact)).toEqual([third]);

  await killPart(stage, 'core');
  await until(
    'the chat is still with its agent',
    () => stateOf(first),
    (now) => now === 'talking',
  );
  expect((await stage.waiting('personal')).map(({ contact, enqueuedAtMs }) => [contact, enqueuedAtMs])).toEqual(
    waitsBefore,
  );
  await stage.agentIs('seat1001', 'talking');
  caller.type('b');
  await stage.agentIs('seat1001', 'ready');

  await answer(third, false);
  expect(await stateOf(third)).toBe('none');
  await answer(third, true);
  await ana.post(`/api/v1/contacts/${third}/transfer`, { queue: 'enterprise' });
  await until(
    'the chat waits elsewhere',
    () => stage.waiting('enterprise'),
    (waiting) => waiting.length === 1 && waiting[0]!.enqueuedAtMs === waitsBefore[0]![1],
  );
  await channel.post(`/api/v1/contacts/${third}/end`, { by: 'citizen' });
  await ana.put('/api/v1/agents/me/state', { state: 'offline' });
  await until(
    'the chat of an agent who went home waits at its old place',
    () => stage.waiting('personal'),
    (waiting) => waiting[0]?.contact === first,
  );
  await channel.post(`/api/v1/contacts/${first}/end`, { by: 'citizen' });
}, 120_000);

test('what became of the chats stands in the records and in their explanation, and no figure of answering counts them', async () => {
  interface Listed {
    readonly contacts: readonly { readonly id: string; readonly outcome: string | null; readonly from: string }[];
  }
  const { contacts } = await until(
    'all chats are closed in the records',
    () => stage.lead.get<Listed>('/api/v1/contacts?channel=chat'),
    (answer) => answer.contacts.length === 3 && answer.contacts.every(({ outcome }) => outcome !== null),
  );
  expect(contacts.map(({ outcome }) => outcome)).toEqual(['answered', 'answered', 'answered']);
  const [third] = contacts;
  const record = await stage.lead.get<RecordShape & { readonly talks: readonly { readonly endedBy: string }[] }>(
    `/api/v1/contacts/${third!.id}`,
  );
  // The platform's name of the conversation is an openid, an address or a whole number: no list tells it.
  expect(JSON.stringify([contacts, record])).not.toContain('openid-three');
  expect(Object.keys(record)).not.toContain('reference');
  expect(record.legs).toEqual([]);
  expect(record.waits.map(({ queue, result }) => [queue, result])).toEqual([
    ['personal', 'connected'],
    ['enterprise', 'abandoned'],
  ]);
  expect(record.offers.map(({ result }) => result)).toEqual(['rejected', 'accepted']);
  expect(record.talks.map(({ endedBy }) => endedBy)).toEqual(['returned']);
  const told = await stage.lead.get<{ entries: readonly { decisions: readonly { rule: string }[] }[] }>(
    `/api/v1/contacts/${third!.id}/explain`,
  );
  const rules = told.entries.flatMap(({ decisions }) => decisions.map(({ rule }) => rule));
  expect(rules).toEqual(expect.arrayContaining(['W1', 'W6', 'O4', 'W8', 'W10', 'W9', 'R1']));
  const { measures } = await stage.lead.get<{ measures: { connectRate: unknown; averageHandlingTime: unknown } }>(
    '/api/v1/metrics/summary',
  );
  expect(measures.connectRate).toMatchObject({ numerator: 1, denominator: 1 });
  expect(measures.averageHandlingTime).toMatchObject({ denominator: 1 });
}, 60_000);
