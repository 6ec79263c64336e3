import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { expect } from 'vitest';
import type { SwitchCommand } from '../../../src/core/command.ts';
import type { SwitchEvent } from '../../../src/core/event.ts';
import { type CommandKey, contactId, type LegId, legId, type NodeId, nodeId } from '../../../src/core/ids.ts';
import { createEslSwitch } from '../../../src/switch/esl/adapter.ts';
import { type Line, layLine } from './line.ts';
import type { Place } from './switches.ts';
import { type Call, callIn, startPhone } from './telephones.ts';

export type Of<Type extends SwitchEvent['type']> = Extract<SwitchEvent, { type: Type }>;
type WithoutPlace<Wish> = Wish extends unknown ? Omit<Wish, 'key' | 'node'> : never;

/** One adapter on one switch, what it told, and the telephones of one test. */
export interface Stage {
  readonly place: Place;
  readonly node: NodeId;
  readonly events: readonly SwitchEvent[];
  readonly line: Line;
  /** Sends a command and names it. */
  tell(wish: WithoutPlace<SwitchCommand>): CommandKey;
  /** The first event of this type with these fields, from `since` on; waits until it comes. */
  hear<Type extends SwitchEvent['type']>(type: Type, like?: Partial<Of<Type>>, since?: number): Promise<Of<Type>>;
  /** A SIPp call that arrived. */
  arrive(plan?: { readonly key?: string }): Promise<{ readonly leg: LegId; readonly call: Call }>;
  /** A SIPp call that arrived and was answered. */
  answered(plan?: { readonly key?: string }): Promise<{ readonly leg: LegId; readonly call: Call }>;
  /** Rings a device; the new leg. */
  ring(device: string, more?: { readonly timeoutMs?: number; readonly sipUser?: string }): LegId;
  /** Calls a citizen through the trunk; the new leg. */
  dial(number: string, more?: { readonly timeoutMs?: number }): LegId;
  /** A SIPp phone that was rung and has answered. */
  talkingPhone(): Promise<{ readonly leg: LegId; readonly call: Call }>;
  /** Cuts the line, lets `meanwhile` happen, mends it; the survey that follows. */
  interrupt(meanwhile?: () => Promise<void>): Promise<Of<'surveyed'>['survey']>;
  /** Something to end with the test. */
  keep<Thing extends { dispose(): Promise<void> }>(thing: Thing): Thing;
  /** Closes the adapter and lets the legs be. */
  leave(): Promise<void>;
  /** Ends every leg and telephone, and looks whether everything was told once and in order. */
  close(): Promise<void>;
}

const CONDITION_MS_MAX = 12_000;
let stages = 0;

/** @param trunk `host:port` where citizens are called. */
export async function openStage(place: Place, trunk?: string): Promise<Stage> {
  const line = await layLine(place.esl);
  stages += 1;
  const stageNumber = stages;
  const node = nodeId(`node-${stageNumber}`);
  const events: SwitchEvent[] = [];
  const live = new Set<LegId>();
  const kept: { dispose(): Promise<void> }[] = [];
  const adapter = createEslSwitch({
    nodes: [
      {
        ...{ id: node, host: '127.0.0.1', port: line.port, password: place.esl.password },
        ...(place.legLogFile === undefined ? {} : { legLogFile: place.legLogFile }),
        ...(place.legLogFolder === undefined ? {} : { legLogFolder: place.legLogFolder }),
      },
    ],
    logger: pino({ level: 'silent' }),
    ...(trunk === undefined ? {} : { trunk }),
  });
  adapter.start(
    (event) => {
      events.push(event);
      if (event.type === 'callArrived') live.add(event.leg);
      if (event.type === 'legEnded') live.delete(event.leg);
      if (event.type !== 'surveyed') return;
      for (const { leg } of event.survey.legs) live.add(leg);
      for (const { leg } of event.survey.ended) live.delete(leg);
    },
    () => [...live],
  );
  let commands = 0;
  const stage: Stage = {
    ...{ place, node, events, line },
    tell(wish) {
      commands += 1;
      const key = `${stageNumber}.${commands}` as CommandKey;
      if (wish.do === 'ring' || wish.do === 'dial') live.add(wish.leg);
      adapter.execute({ key, node, ...wish } as SwitchCommand);
      return key;
    },
    hear: (type, like = {}, since = 0) =>
      until(
        () => events.slice(since).find((event): event is Of<typeof type> => event.type === type && isLike(event, like)),
        () => `no ${type} ${JSON.stringify(like)} in\n${told(events)}`,
      ),
    async arrive(plan = {}) {
      const from = `138${Math.floor(Math.random() * 1e8)}`;
      const call = await callIn({ server: place.sip, number: '12345', from, ...plan });
      kept.push(call);
      const ended = call.ended.then((status) => {
        throw new Error(`SIPp has ended with ${status} before its call arrived: ${call.output()}`);
      });
      ended.catch(() => {});
      const { leg } = await Promise.race([stage.hear('callArrived', { from }), ended]);
      return { leg, call };
    },
    async answered(plan = {}) {
      const arrived = await stage.arrive(plan);
      stage.tell({ do: 'answer', leg: arrived.leg });
      await stage.hear('legAnswered', { leg: arrived.leg });
      return arrived;
    },
    ring(device, { timeoutMs = 20_000, sipUser = '1001' } = {}) {
      const leg = legId(randomUUID());
      const shown = { callerNumber: '13800138000', callerName: '市民张三', contact: contactId('c-1') };
      stage.tell({ do: 'ring', leg, sipUser, device, timeoutMs, ...shown });
      return leg;
    },
    dial(number, { timeoutMs = 20_000 } = {}) {
      const leg = legId(randomUUID());
      stage.tell({ do: 'dial', leg, number, timeoutMs, callerNumber: '12345', contact: contactId('c-1') });
      return leg;
    },
    async talkingPhone() {
      const { call, device } = await startPhone();
      kept.push(call);
      const leg = stage.ring(device);
      await stage.hear('legRinging', { leg });
      await call.cue('ANSWER');
      await stage.hear('legAnswered', { leg });
      return { leg, call };
    },
    async interrupt(meanwhile = async () => {}) {
      const since = events.length;
      line.cut();
      await stage.hear('nodeLost', {}, since);
      await meanwhile();
      line.mend();
      return (await stage.hear('surveyed', {}, since)).survey;
    },
    keep(thing) {
      kept.push(thing);
      return thing;
    },
    async close() {
      const legs = [...live];
      for (const leg of legs) stage.tell({ do: 'hangUp', leg, cause: 'NORMAL_CLEARING' });
      for (const leg of legs) if (live.has(leg)) await stage.hear('legEnded', { leg });
      for (const thing of kept.splice(0)) await thing.dispose();
      await stage.leave();
      checkOrder(events);
    },
    async leave() {
      await adapter.close();
      await line.close();
    },
  };
  await stage.hear('surveyed');
  return stage;
}

/** Waits until `look` finds something. */
export async function until<Found>(look: () => Found | undefined, otherwise: () => string): Promise<Found> {
  const endMs = performance.now() + CONDITION_MS_MAX;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error(otherwise());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function isLike(event: SwitchEvent, like: object): boolean {
  return Object.entries(like).every(([name, value]) => (event as never)[name] === value);
}

function told(events: readonly SwitchEvent[]): string {
  return events.map((event) => JSON.stringify({ ...event, node: undefined })).join('\n');
}

/** Whatever happened: the survey comes first, a leg ends once, nothing is told of it afterwards, and bridges are closed before their legs. */
function checkOrder(events: readonly SwitchEvent[]): void {
  const over = new Set<LegId>();
  const bridges = new Map<LegId, LegId>();
  expect(events[0]?.type).toBe('surveyed');
  for (const event of events) {
    if (event.type === 'nodeLost' || event.type === 'surveyed') bridges.clear();
    if (!('leg' in event) || event.type === 'commandFailed') continue;
    expect(over.has(event.leg), `${event.type} after the end of its leg in\n${told(events)}`).toBe(false);
    if (event.type === 'bridged') bridges.set(event.leg, event.other).set(event.other, event.leg);
    if (event.type === 'unbridged') for (const leg of [event.leg, event.other]) bridges.delete(leg);
    if (event.type !== 'legEnded') continue;
    expect(bridges.has(event.leg), `an end within a bridge in\n${told(events)}`).toBe(false);
    over.add(event.leg);
  }
}
