import { LOAD_MS } from './limits.ts';
import { SLOT_NAMES, type Slot, VOICE } from './medium.ts';
import type { AgentSetting, Settings, SlotCounts } from './settings.ts';
import type { Agent, Conversation } from './state.ts';

/** W2, W3: how much of each medium agents of one kind have room for. Indexed by slot. */
export interface Room {
  /** Slots of each medium; one for calls. */
  readonly slots: readonly number[];
  /** `beside[a][b]`: of b so many at most while there is something of a. */
  readonly beside: readonly (readonly number[])[];
  /** No slot but that for calls. */
  readonly callsOnly: boolean;
}

const ALL: readonly Slot[] = [0, 1, 2];

/** What the seat says, else the city. */
export function slotsOf(agent: AgentSetting, settings: Settings): SlotCounts {
  return agent.slots ?? settings.slots?.each ?? {};
}

export function makeRoom(agent: AgentSetting, settings: Settings): Room {
  const { chat = 0, mail = 0 } = slotsOf(agent, settings);
  const slots = [1, chat, mail];
  const beside = ALL.map((having) =>
    ALL.map((wanted) => {
      const named = settings.slots?.beside[SLOT_NAMES[having]]?.[SLOT_NAMES[wanted]];
      return named ?? (having === VOICE ? 0 : slots[wanted]!);
    }),
  );
  return { slots, beside, callsOnly: chat + mail === 0 };
}

/** How many of this medium the agent has, offers and a call's wrap-up included. */
export function countOf(agent: Agent, slot: Slot): number {
  if (slot === VOICE) return agent.work === null ? 0 : 1;
  let count = 0;
  for (const each of agent.conversations) if (each.slot === slot) count += 1;
  return count;
}

/** W3: how many of this medium the agent may have beside what it has of the others. */
export function limitOf(room: Room, agent: Agent, slot: Slot, call: boolean): number {
  let limit = room.slots[slot]!;
  for (const other of ALL) {
    if (other === slot) continue;
    const has = other === VOICE ? call : countOf(agent, other) > 0;
    if (has) limit = Math.min(limit, room.beside[other]![slot]!);
  }
  return limit;
}

/**
 * W2, W3, W6, W7: the slots in which an agent who is ready may be offered something, as bits. Whether a phone is there for a call is not asked
 * here.
 */
export function roomNow(room: Room, agent: Agent, nowMs: number): number {
  const { conversations } = agent;
  if (room.callsOnly && conversations.length === 0) return agent.work === null ? 1 : 0;
  const offer = conversations.find(({ in: stage }) => stage === 'offer');
  let free = 0;
  for (const slot of ALL) {
    if (countOf(agent, slot) >= limitOf(room, agent, slot, agent.work !== null)) continue;
    if (slot === VOICE ? offer?.in === 'offer' && offer.firm : offer !== undefined || agent.deskNotBeforeMs > nowMs)
      continue;
    free |= 1 << slot;
  }
  return free;
}

/** W7: the digital offer that a call would leave no room for. */
export function offerInTheWay(room: Room, agent: Agent): Conversation | undefined {
  const offer = agent.conversations.find((each) => each.in === 'offer');
  return offer !== undefined && countOf(agent, offer.slot) > limitOf(room, agent, offer.slot, true) ? offer : undefined;
}

/** W4: since when the agent counts as idle: everything that it has makes it a day later. */
export function idleAtMs(agent: Agent): number {
  return agent.idleSinceMs + loadOf(agent) * LOAD_MS;
}

/** What the agent has of everything, offers included. */
export function loadOf({ conversations, work }: Agent): number {
  return conversations.length + (work === null ? 0 : 1);
}
