import { pino } from 'pino';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { SwitchCommand } from '../../src/core/command.ts';
import type { SwitchEvent } from '../../src/core/event.ts';
import { type CommandKey, contactId, type LegId, legId, nodeId } from '../../src/core/ids.ts';
import { createEslSwitch } from '../../src/switch/esl/adapter.ts';
import type { Switch } from '../../src/switch/switch.ts';
import { type ScriptedSwitch, startScriptedSwitch } from './replay-server.ts';

const node = nodeId('127.0.0.1:1');
export const caller = legId('caller-1');
export const phone = legId('phone-1');
export let script: ScriptedSwitch;
export let events: SwitchEvent[];
let known: LegId[];
let adapter: Switch;

/** The adapter, surveyed, at a switch that says what each test tells it to. */
export function useScriptedAdapter(): void {
  beforeEach(async () => {
    script = await startScriptedSwitch();
    events = [];
    known = [];
    adapter = createEslSwitch({
      nodes: [{ id: node, host: '127.0.0.1', port: script.port, password: 'loopback-tests-only' }],
      logger: pino({ level: 'silent' }),
    });
    adapter.start(
      (event) => events.push(event),
      () => known,
    );
    await heardEvents(['surveyed']);
    events.length = 0;
  });

  afterEach(async () => {
    await adapter.close();
    await script.close();
  });
}

/** The link breaks while the core knows of these legs. */
export function cut(...legs: readonly LegId[]): void {
  known = [...legs];
  script.cut();
}

export const heardEvents = (types: readonly string[]): Promise<void> =>
  vi.waitFor(() => expect(events.map((event) => event.type)).toEqual(types), 5_000);

export const sent = (pattern: RegExp): Promise<void> =>
  vi.waitFor(() => expect(script.heard.some((command) => pattern.test(command))).toBe(true), 5_000);

type WithoutPlace<Wish> = Wish extends unknown ? Omit<Wish, 'key' | 'node'> : never;
export const execute = (key: string, wish: WithoutPlace<SwitchCommand>): void =>
  adapter.execute({ key: key as CommandKey, node, ...wish } as SwitchCommand);

export const inbound = { 'Unique-ID': caller, 'Call-Direction': 'inbound', 'Answer-State': 'ringing' };
export const outbound = { 'Unique-ID': phone, 'Call-Direction': 'outbound', 'Answer-State': 'ringing' };
export const ring = (key: string, more: Partial<Extract<SwitchCommand, { do: 'ring' }>> = {}): void =>
  execute(key, {
    do: 'ring',
    leg: phone,
    sipUser: '1001',
    device: 'sip:1001@127.0.0.1:5301',
    timeoutMs: 20_000,
    callerNumber: '13800138000',
    callerName: '市民张三',
    contact: contactId('c-1'),
    ...more,
  });
