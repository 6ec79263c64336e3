import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { maskFrom } from '../../src/lib/mask-number.ts';
import { baresip, type Peer, type Phone, type SippOptions, sipp } from './peers.ts';
import { type Client, type Program, type SeatAccount, signIn, startProgram, until } from './program.ts';

export interface AgentShape {
  readonly agent: string;
  readonly state: string;
  readonly reason?: string;
  readonly devices: number;
}

export interface WaitingShape {
  readonly contact: string;
  readonly from: string;
  readonly medium: 'voice' | 'callback';
  readonly enqueuedAtMs: number;
  readonly place: number;
}

export interface ContactShape {
  readonly id: string;
  readonly outcome: string | null;
  readonly from: string;
}

export interface RecordShape {
  readonly outcome: string | null;
  readonly dialled: string;
  readonly diversion: string | null;
  readonly flow: string;
  readonly digits: readonly { readonly digits: string }[];
  readonly waits: readonly { readonly queue: string; readonly result: string | null; readonly enqueuedAtMs: number }[];
  readonly offers: readonly { readonly agent: string; readonly result: string | null }[];
  readonly legs: readonly { readonly role: string; readonly cause: string | null }[];
  readonly recordings: readonly { readonly expectedMs: number | null; readonly durationMs: number | null }[];
}

/** `{0/UDP/v4} 200 OK () [1 binding]`. */
const BARESIP_REGISTERED = /\} 200 .*\[\d+ bindings?\]/;

/** The program with the people around it: citizens and agents at real phones. */
export interface Stage {
  readonly program: Program;
  readonly lead: Client;
  agent(user: string): Promise<AgentShape | undefined>;
  agentIs(user: string, state: string): Promise<unknown>;
  setState(user: string, state: 'ready' | 'notReady' | 'offline'): Promise<void>;
  /** A registered phone whose agent is ready. */
  readyPhone(user: string, toneHz: number, answer?: 'auto' | 'manual'): Promise<Phone>;
  /** A citizen's phone, in the hotline's menu. */
  dial(from: string, toneHz: number, number?: string): Promise<Phone>;
  waiting(queue: string): Promise<readonly WaitingShape[]>;
  contacts(): Promise<readonly ContactShape[]>;
  /** Newest first; told apart by what a number is masked to. */
  contactsFrom(number: string): Promise<readonly ContactShape[]>;
  /** The newest contact of this caller once its record is closed. */
  closedRecord(from: string): Promise<RecordShape>;
  recordingOf(contact: string): Buffer;
  sipp(options: Omit<SippOptions, 'server'>): Peer;
  /** Ends with the others by `clear`, whatever becomes of the test. */
  keep<P extends Peer>(peer: P): P;
  /** Ends every phone of the test. */
  clear(): Promise<void>;
  /** Ends everything; the exit status of the program. */
  close(): Promise<number | null>;
}

export async function openStage(env: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const program = await startProgram(env);
  const lead = await signIn(program, program.firstRun().lead);
  const peers: Peer[] = [];
  const keep = <P extends Peer>(peer: P): P => {
    peers.push(peer);
    return peer;
  };
  const seatOf = (user: string): SeatAccount => program.firstRun().seats.find((seat) => seat.user === user)!;
  const agent = async (user: string) =>
    (await lead.get<{ agents: AgentShape[] }>('/api/v1/agents')).agents.find((one) => one.agent === user);
  const agentIs = (user: string, state: string) =>
    until(
      `${user} is ${state}`,
      () => agent(user),
      (view) => view?.state === state,
    );
  const setState = async (user: string, state: 'ready' | 'notReady' | 'offline') => {
    await (await signIn(program, seatOf(user))).put('/api/v1/agents/me/state', { state });
  };
  const contacts = async () => (await lead.get<{ contacts: ContactShape[] }>('/api/v1/contacts')).contacts;
  const contactsFrom = async (number: string) =>
    (await contacts()).filter(({ from }) => from === maskFrom(number, false));
  return {
    program,
    lead,
    agent,
    agentIs,
    setState,
    contacts,
    contactsFrom,
    async readyPhone(user, toneHz, answer = 'auto') {
      const { sipUser, sipPassword } = seatOf(user);
      const server = program.run().sip;
      const phone = keep(baresip({ server, user: sipUser, password: sipPassword, toneHz, answer }));
      // A phone of the seat that was killed before stays registered for a while, so this one says so itself.
      await until(
        'the phone is registered',
        () => phone.output(),
        (text) => BARESIP_REGISTERED.test(text),
      );
      await until(
        'the seat has a phone',
        () => agent(user),
        (view) => (view?.devices ?? 0) > 0,
      );
      await setState(user, 'ready');
      // A waiting caller may have been offered at once.
      await until(
        `${user} is at work`,
        () => agent(user),
        (view) => view?.state !== 'offline' && view?.state !== 'notReady',
      );
      return phone;
    },
    async dial(from, toneHz, number = '12345') {
      const phone = keep(baresip({ server: program.run().sip, user: from, toneHz }));
      await dial(phone, `sip:${number}@${program.run().sip}`);
      return phone;
    },
    waiting: async (queue) => {
      const { queues } = await lead.get<{ queues: { queue: string; waiting: WaitingShape[] }[] }>('/api/v1/queues');
      return queues.find((one) => one.queue === queue)?.waiting ?? [];
    },
    async closedRecord(from) {
      const found = await until(
        `the record of ${from} is closed`,
        async () => (await contactsFrom(from))[0],
        (contact) => typeof contact?.outcome === 'string',
      );
      return lead.get<RecordShape>(`/api/v1/contacts/${found!.id}`);
    },
    recordingOf(contact) {
      const folder = join(program.dataFolder, 'recordings');
      const name = readdirSync(folder).find((file) => file.startsWith(contact));
      if (name === undefined) throw new Error(`no recording of ${contact} in ${readdirSync(folder).join(', ')}`);
      return readFileSync(join(folder, name));
    },
    sipp: (options) => keep(sipp({ ...options, server: program.run().sip })),
    keep,
    async clear() {
      for (const peer of peers.splice(0)) await peer.dispose();
    },
    async close() {
      for (const peer of peers.splice(0)) await peer.dispose();
      const status = await program.stop();
      await program.freeSwitch?.stop();
      program.remove();
      return status;
    },
  };
}

/** Until the greeting is heard. */
export async function dial(phone: Phone, target: string): Promise<void> {
  await until(
    'the phone is up',
    () => phone.output(),
    (text) => text.includes('baresip is ready'),
  );
  phone.type(`/dial ${target}\n`);
  await until(
    'the call is answered',
    () => phone.output(),
    (text) => text.includes('Call established'),
  );
  await until(
    'the greeting is heard',
    () => phone.heard().length,
    (samples) => samples > 8_000,
  );
}
