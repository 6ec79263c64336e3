import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { openPhone, type Phone } from '../../src/cli/phone/phone.ts';
import type { PhoneCall } from '../../src/cli/phone/phone-calls.ts';
import type { SwitchOptions } from '../../src/softswitch/options.ts';
import type { Chromium, Softphone } from '../browser/chromium.ts';
import { EventSocketClient } from '../softswitch/engine/event-socket-client.ts';
import { type StartedSwitch, startSwitchProcess } from '../softswitch/start.ts';
import { growing } from './growing.ts';
import { until } from './program.ts';
import { toneCorrelation, toneMeter, toneShare } from './tone.ts';

export const BROWSER_HZ = 1_000;
export const CITIZEN_HZ = 440;
/** Spoken by a desk phone. */
export const DESK_HZ = 700;

/** A switch of its own with seats, a controller that hears everything, browsers and citizens. */
export interface Stage {
  readonly started: StartedSwitch;
  readonly client: EventSocketClient;
  readonly ws: string;
  /** A page where this seat is registered. */
  seat(user: string): Promise<Softphone>;
  /** Rings a seat's devices; resolves with nothing, its events tell. */
  ring(leg: string, user: string, more?: string): void;
  /** A citizen's call, parked and answered. */
  citizen(from?: string, speaksHz?: number): Promise<Citizen>;
  /** A desk phone of a seat, over UDP. */
  deskPhone(user: string): Promise<Phone>;
  rows(table: 'channels' | 'registrations'): Promise<ReadonlyArray<Record<string, string>>>;
  /** Ends every WebSocket's TCP connection; new ones may come. */
  cutWebSockets(): void;
  /** The process of the WebRTC peers. */
  peersPid(): number;
  close(): Promise<void>;
}

export interface Citizen {
  readonly leg: string;
  readonly phone: Phone;
  readonly call: PhoneCall;
  /** What the citizen has heard so far, at 8 kHz. */
  heard(): Int16Array;
}

export async function openStage(chromium: Chromium, change: Partial<SwitchOptions> = {}): Promise<Stage> {
  const ws = { host: '127.0.0.1', port: 0, origins: [] };
  const seats = Array.from({ length: 24 }, (_, n) => String(1001 + n));
  const started = await startSwitchProcess({ ws, ...change }, seats);
  const client = new EventSocketClient(started.eslPort);
  await client.ask(`auth ${started.password}`);
  await client.ask('event plain ALL');
  const phones: Phone[] = [];
  const wire = await openWire(started.wsPort);
  const url = `${change.ws?.tls === undefined ? 'ws' : 'wss'}://127.0.0.1:${wire.port}`;
  const server = { host: '127.0.0.1', port: started.sipPort };
  return {
    ...{ started, client, ws: url },
    async seat(user) {
      const phone = await chromium.open();
      await phone.register({ url, user, password: 'secret', host: '127.0.0.1' });
      return phone;
    },
    ring(leg, user, more = '') {
      const caller = `origination_caller_id_number=13800138000,origination_caller_id_name=市民张三${more}`;
      client.send(`bgapi originate {origination_uuid=${leg},${caller}}user/${user} &park()`);
    },
    async citizen(from = '13800138000', speaksHz = CITIZEN_HZ) {
      const phone = await openPhone({ server, transport: 'udp', speaksHz }, () => {});
      phones.push(phone);
      const call = await phone.dial('12345', from);
      const park = await client.event('CHANNEL_PARK', undefined, { 'Caller-Caller-ID-Number': from });
      const leg = park['Unique-ID']!;
      await client.ask(`sendmsg ${leg}`, 'call-command: execute', 'execute-app-name: answer');
      await client.event('CHANNEL_ANSWER', leg);
      // Who loses its partner waits, as the core wants it.
      await client.ask(`api uuid_setvar ${leg} park_after_bridge true`);
      return { leg, phone, call, heard: growing(call.file) };
    },
    async deskPhone(user) {
      const phone: Phone = await openPhone({ server, transport: 'udp', speaksHz: DESK_HZ }, () => {});
      phones.push(phone);
      phone.register({ sipUser: user, sipPassword: 'secret' });
      await client.event('CUSTOM', undefined, { 'Event-Subclass': 'sofia::register', 'from-user': user });
      return phone;
    },
    rows: async (table) => JSON.parse(await client.ask(`api show ${table} as json`)).rows ?? [],
    cutWebSockets: wire.cut,
    peersPid: () => childOf(started.pid),
    async close() {
      for (const phone of phones) await phone.close();
      wire.close();
      client.close();
      await started.stop();
    },
  };
}

/** Between the pages and the switch, so that a WebSocket can be cut without either's doing. `block`: nobody gets through from now on. */
export async function openWire(
  to: number,
): Promise<{ port: number; cut(): void; block(blocked: boolean): void; close(): void }> {
  const ends = new Set<Socket>();
  let blocked = false;
  const server = createServer((near) => {
    if (blocked) return void near.destroy();
    const far = connect(to, '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      ends.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        ends.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of ends) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    block(now) {
      blocked = now;
      if (now) cut();
    },
    close: () => {
      server.close();
      cut();
    },
  };
}

/** The only process that a switch starts. */
function childOf(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  if (!child) throw new Error(`process ${pid} has no child`);
  return Number(child);
}

const TONE_S = 0.5;
const HEARD_WITHIN_MS = 30_000;

/** Waits for half a second in a row that is this tone and nothing else (correlation above 0.95), from now on. */
export async function untilHears(hears: (() => Int16Array | Promise<Int16Array>) | Ear, hz: number): Promise<void> {
  const from = (await hears()).length;
  const meter = toneMeter(hz);
  await until(
    `${hz} Hz heard`,
    async () => ({
      seconds: meter.listen((await hears()).subarray(from)),
      ofTenths: meter.line.length,
      lately: meter.line.slice(-10).map((share) => Number(share.toFixed(2))),
    }),
    ({ seconds }) => seconds >= TONE_S,
    HEARD_WITHIN_MS,
  ).catch(async (error: Error) => {
    throw 'told' in hears ? new Error(`${error.message}; its ear: ${JSON.stringify(await hears.told())}`) : error;
  });
}

/** The same, measured in the page: nothing of the sound is carried here. */
export async function untilPageHears(page: Softphone, hz: number): Promise<void> {
  const wish = { hz, seconds: TONE_S, withinMs: HEARD_WITHIN_MS };
  const missed = await page.do<object | undefined>('hears', wish);
  if (missed != null) throw new Error(`${hz} Hz not heard within ${HEARD_WITHIN_MS} ms; ${JSON.stringify(missed)}`);
}

export function shareNow(heard: Int16Array, hz: number): number {
  return heard.length < 8_000 ? 0 : toneShare(heard.slice(-8_000), hz);
}

/** Of the last half second. */
export function correlationNow(heard: Int16Array, hz: number): number {
  return heard.length < 8_000 ? 0 : toneCorrelation(heard.slice(-4_000), hz);
}

/** A page's ear that keeps everything. */
export interface Ear {
  (): Promise<Int16Array>;
  /** Where a silence comes from. */
  told(): Promise<unknown>;
}

export function earOf(phone: Softphone): Ear {
  let kept = new Int16Array();
  const hears = async (): Promise<Int16Array> => {
    const more = await phone.heard();
    const both = new Int16Array(kept.length + more.length);
    both.set(kept);
    both.set(more, kept.length);
    kept = both;
    return kept;
  };
  return Object.assign(hears, { told: () => phone.do('told') });
}
