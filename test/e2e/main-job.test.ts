import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { baresip, type Peer, type Phone } from './peers.ts';
import { type Client, type Program, type SeatAccount, signIn, startProgram, until } from './program.ts';
import { channelOf, toneSeconds, toneShare } from './tone.ts';

let program: Program;
let lead: Client;
const peers: Peer[] = [];

beforeAll(async () => {
  program = await startProgram();
  lead = await signIn(program, program.firstRun().lead);
}, 120_000);

afterEach(async () => {
  for (const peer of peers.splice(0)) await peer.dispose();
});

afterAll(async () => {
  const status = await program?.stop();
  program?.remove();
  expect(status).toBe(0);
}, 60_000);

interface AgentShape {
  readonly agent: string;
  readonly state: string;
  readonly devices: number;
}

interface ContactShape {
  readonly id: string;
  readonly outcome: string | null;
  readonly from: string;
}

const agent = async (user: string): Promise<AgentShape | undefined> =>
  (await lead.get<{ agents: AgentShape[] }>('/api/v1/agents')).agents.find((one) => one.agent === user);

const seatOf = (user: string): SeatAccount => program.firstRun().seats.find((seat) => seat.user === user)!;

async function readyPhone(user: string, toneHz: number, answer: 'auto' | 'manual' = 'auto'): Promise<Phone> {
  const seat = seatOf(user);
  const phone = baresip({
    server: program.run().sip,
    user: seat.sipUser,
    password: seat.sipPassword,
    toneHz,
    answer,
  });
  peers.push(phone);
  await until(
    'the phone is registered',
    () => agent(user),
    (view) => (view?.devices ?? 0) > 0,
  );
  const client = await signIn(program, seat);
  await client.put('/api/v1/agents/me/state', { state: 'ready' });
  await until(
    'the agent is ready',
    () => agent(user),
    (view) => view?.state === 'ready',
  );
  return phone;
}

function citizen(from: string, toneHz: number): Phone {
  const phone = baresip({ server: program.run().sip, user: from, toneHz });
  peers.push(phone);
  return phone;
}

async function dial(phone: Phone, number: string): Promise<void> {
  await until(
    'baresip is up',
    () => phone.output(),
    (text) => text.includes('baresip is ready'),
  );
  phone.type(`/dial sip:${number}@${program.run().sip}\n`);
  await until(
    'the call is answered',
    () => phone.output(),
    (text) => text.includes('Call established'),
  );
}

test('a caller who presses 1 talks with an agent of the personal queue, and both voices are on the record', async () => {
  const seat = await readyPhone('seat1001', 700);
  const caller = citizen('13800138001', 440);
  await dial(caller, '12345');
  caller.type('1');
  await until(
    'they talk',
    () => agent('seat1001'),
    (view) => view?.state === 'talking',
  );
  await until(
    'the agent hears the caller',
    () => toneSeconds(seat.heard(), 440),
    (seconds) => seconds >= 2,
  );
  await until(
    'the caller hears the agent',
    () => toneSeconds(caller.heard(), 700),
    (seconds) => seconds >= 2,
  );
  caller.type('b');
  await until(
    'wrap-up',
    () => agent('seat1001'),
    (view) => view?.state === 'wrapUp',
  );

  const { contacts } = await until(
    'the record is complete',
    () => lead.get<{ contacts: ContactShape[] }>('/api/v1/contacts'),
    (answer) => answer.contacts[0]?.outcome === 'answered',
  );
  const record = await lead.get<{
    digits: { digits: string }[];
    waits: { queue: string; result: string }[];
    recordings: { file: string; expectedMs: number; durationMs: number }[];
  }>(`/api/v1/contacts/${contacts[0]!.id}`);
  expect(record.digits.map(({ digits }) => digits)).toEqual(['1']);
  expect(record.waits).toMatchObject([{ queue: 'personal', result: 'connected' }]);
  expect(record.recordings).toHaveLength(1);
  expect(Math.abs(record.recordings[0]!.durationMs - record.recordings[0]!.expectedMs)).toBeLessThan(1_000);

  const wav = await fetchRecording(contacts[0]!.id);
  expect(toneSeconds(channelOf(wav, 'left'), 440)).toBeGreaterThan(1.5);
  expect(toneSeconds(channelOf(wav, 'right'), 700)).toBeGreaterThan(1.5);
  expect(toneShare(channelOf(wav, 'left'), 700)).toBeLessThan(0.2);
});

async function fetchRecording(contact: string): Promise<Buffer> {
  const { readdirSync } = await import('node:fs');
  const { join } = await import('node:path');
  const folder = join(program.dataFolder, 'recordings');
  const name = readdirSync(folder).find((file) => file.includes(contact));
  if (name === undefined) throw new Error(`no recording of ${contact} in ${readdirSync(folder).join(', ')}`);
  return readFileSync(join(folder, name));
}
