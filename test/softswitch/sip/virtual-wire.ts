import { createHash } from 'node:crypto';
import { emptyState, userAgentOn } from '../../../src/softswitch/sip/create-user-agent.ts';
import type { State } from '../../../src/softswitch/sip/state.ts';
import type { Flow, SipHappening, UserAgent, UserAgentOptions } from '../../../src/softswitch/sip/user-agent.ts';

export type Chance = () => number;

/** Numbers in [0, 1) that are the same for the same seed. */
export function seeded(seed: number): Chance {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(chance: Chance, list: readonly T[]): T {
  return list[Math.floor(chance() * list.length)]!;
}

export const PASSWORD = 'secret-of-1001';
export const ha1 = (algorithm: 'md5' | 'sha256', user: string) =>
  createHash(algorithm).update(`${user}:minhu:${PASSWORD}`).digest('hex');

/** Seats 1001 (MD5) and 1002 (SHA-256); 127.0.0.0/8 is the trunk `local`, which may dial 12345. */
export function optionsOf(ip: string, port: number, chance: Chance, change: Partial<UserAgentOptions> = {}) {
  return {
    realm: 'minhu',
    secret: new Uint8Array(16).fill(port % 251),
    random: (bytes: number) => Uint8Array.from({ length: bytes }, () => Math.floor(chance() * 256)),
    localAddress: () => ({ ip, port }),
    trunkOf: (from: string) => (from.startsWith('127.') ? 'local' : undefined),
    mayDial: (_: string, number: string) => number === '12345',
    credentialOf: (user: string) => {
      if (user === '1001') return { algorithm: 'md5' as const, ha1: ha1('md5', user) };
      return user === '1002' ? { algorithm: 'sha256' as const, ha1: ha1('sha256', user) } : undefined;
    },
    callsMax: 100,
    ...change,
  } satisfies UserAgentOptions;
}

export interface Party {
  readonly agent: UserAgent;
  readonly state: State;
  readonly port: number;
  readonly told: SipHappening[];
  /** Messages that it sent, as text, in order. */
  readonly sent: string[];
  /** What this side's owner does at each happening. */
  react: (happening: SipHappening, nowMs: number) => void;
}

export interface Weather {
  readonly chance: Chance;
  /** 0..1 */
  readonly loss: number;
  readonly duplicates: number;
  readonly delayMsMax: number;
}

/** May this datagram pass? For faults at a chosen place. */
export type Filter = (text: string, from: Party, nowMs: number) => boolean;

interface Datagram {
  readonly atMs: number;
  readonly order: number;
  readonly from: Party;
  readonly to: Party;
  readonly data: Uint8Array;
}

/** Two user agents with a network between them, in virtual time. */
export class VirtualWire {
  readonly left: Party;
  readonly right: Party;
  nowMs = 0;
  filter: Filter = () => true;
  readonly #weather: Weather;
  #flying: Datagram[] = [];
  #order = 0;

  constructor(seed: number, weather: Partial<Weather> = {}, change: Partial<UserAgentOptions> = {}) {
    const chance = seeded(seed);
    this.#weather = { chance, loss: 0, duplicates: 0, delayMsMax: 0, ...weather };
    this.left = party('127.0.0.1', 5060, chance, change);
    this.right = party('127.0.0.2', 5070, chance, change);
  }

  /** A message that neither agent made, as if it came from the address of `from`. */
  inject(from: Party, text: string): void {
    this.#fly(from, Buffer.from(text, 'latin1'));
    this.settle();
  }

  #fly(from: Party, data: Uint8Array): void {
    const { chance, loss, duplicates, delayMsMax } = this.#weather;
    const to = from === this.left ? this.right : this.left;
    if (chance() < loss || !this.filter(Buffer.from(data).toString('latin1'), from, this.nowMs)) return;
    for (let copies = chance() < duplicates ? 2 : 1; copies > 0; copies--) {
      const atMs = this.nowMs + Math.floor(chance() * delayMsMax);
      this.#flying.push({ atMs, order: this.#order++, from, to, data });
    }
  }

  /** Carries out everything that is due now. */
  settle(): void {
    for (let moved = true; moved; ) {
      moved = this.#drain(this.left) || this.#drain(this.right);
      const due = this.#flying
        .filter(({ atMs }) => atMs <= this.nowMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      if (due.length === 0) continue;
      moved = true;
      this.#flying = this.#flying.filter(({ atMs }) => atMs > this.nowMs);
      for (const { from, to, data } of due) to.agent.receive(flowOf(from), data, this.nowMs);
    }
  }

  #drain(side: Party): boolean {
    const outputs = side.agent.takeOutputs();
    for (const output of outputs) {
      if (output.kind === 'send') {
        side.sent.push(Buffer.from(output.data).toString('latin1'));
        this.#fly(side, output.data);
      } else if (output.kind !== 'close') {
        side.told.push(output);
        side.react(output, this.nowMs);
      }
    }
    return outputs.length > 0;
  }

  /** Lets time pass, from event to event. */
  run(untilMs: number): void {
    this.settle();
    for (let next = this.#nextMs(); next <= untilMs; next = this.#nextMs()) {
      if (next < this.nowMs) throw new Error(`a deadline at ${next} when it is ${this.nowMs}`);
      this.nowMs = next;
      this.left.agent.advance(next);
      this.right.agent.advance(next);
      this.settle();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  #nextMs(): number {
    const flying = this.#flying.reduce((least, { atMs }) => Math.min(least, atMs), Number.POSITIVE_INFINITY);
    return Math.max(this.nowMs, Math.min(flying, this.left.agent.nextDeadlineMs(), this.right.agent.nextDeadlineMs()));
  }
}

function party(ip: string, port: number, chance: Chance, change: Partial<UserAgentOptions>): Party {
  const state = emptyState(optionsOf(ip, port, chance, change));
  return { agent: userAgentOn(state), state, port, told: [], sent: [], react: () => {} };
}

export function flowOf(side: Party): Flow {
  return { transport: 'udp', remoteIp: side.port === 5060 ? '127.0.0.1' : '127.0.0.2', remotePort: side.port };
}

/** Everything that a call may leave behind. */
export function leftovers(state: State): Record<string, number> {
  const { calls, dialogs, clients, servers, merged, timers } = state;
  const sizes = { calls, dialogs, clients, servers, merged, timers };
  return Object.fromEntries(Object.entries(sizes).flatMap(([name, { size }]) => (size === 0 ? [] : [[name, size]])));
}

export const SDP =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n';
