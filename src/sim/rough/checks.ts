import { bestAgent } from '../../core/best-agent.ts';
import type { Command } from '../../core/command.ts';
import type { Event } from '../../core/event.ts';
import { isExcluded } from '../../core/exclusion.ts';
import type { AgentId, ContactId, LegId } from '../../core/ids.ts';
import type { State, Wait } from '../../core/state.ts';
import { nextDeadlineMs } from '../../core/step.ts';
import { agentViews, queueViews } from '../../core/view.ts';
import type { Clock } from '../clock.ts';
import type { VirtualLeg } from '../leg.ts';
import type { VirtualSwitch } from '../switch.ts';
import { demand, type Ledger } from './ledger.ts';

/** A citizen hears something again after this: the bridge's limit, the pause before legs are joined again, five times, and the wire. */
const SILENCE_MS_MAX = 16_000;
/** A phone rings or stands open without a talk for no longer than ringing, bridging and ending may take. */
const PHONE_MS_MAX = 40_000;

/** What holds between the state and the records after every entry. */
export function checkStanding(state: State, ledger: Ledger, event: Event): void {
  demand(
    ledger.stillThere === state.contacts.size,
    `${state.contacts.size} contacts, ${ledger.stillThere} by the records`,
  );
  const taken = new Map<string, ContactId>();
  for (const { waiting } of queueViews(state)) {
    for (const { contact, enqueuedAtMs, ringing } of waiting) {
      const account = ledger.accounts.get(contact);
      demand(account?.enqueuedAtMs === enqueuedAtMs, `${contact} waits since ${enqueuedAtMs}, not as recorded`);
      if (ringing !== undefined) {
        demand(!taken.has(ringing), `${ringing} has ${contact} and ${taken.get(ringing)}`);
        taken.set(ringing, contact);
      }
    }
  }
  for (const contact of state.contacts.values()) {
    const best = bestAgent(state, contact);
    demand(best === undefined, `${contact.id} waits while ${best} is idle`);
  }
  for (const { agent, state: shown } of agentViews(state)) {
    demand((shown === 'ringing') === taken.has(agent), `${agent} is ${shown} and has ${taken.get(agent) ?? 'nobody'}`);
  }
  const dueMs = nextDeadlineMs(state);
  demand(dueMs === undefined || dueMs > state.nowMs, `a deadline is in the past after ${event.type}`);
}

/** Looks at the switch from outside: what people hear and which phones ring. */
export class Watchman {
  readonly #clock: Clock;
  readonly #telephony: VirtualSwitch;
  /** Legs in a state that must not last, with when it began. */
  readonly #since = new Map<LegId, number>();
  #blindFromMs: number | null = null;

  constructor(clock: Clock, telephony: VirtualSwitch) {
    this.#clock = clock;
    this.#telephony = telephony;
  }

  /** @param state after the entry. */
  hears(event: Event, commands: readonly Command[], state: State): void {
    for (const command of commands) {
      if (command.do !== 'record-fact') continue;
      if (command.fact === 'offerMade' && event.type !== 'surveyed') {
        this.#isNext(command.contact, command.agent, commands, state);
      }
    }
  }

  /**
   * Q1, Q17: nobody of the same queue and step whose effective age is greater is passed over, except by an agent who missed that call, or
   * was not joined with it, a short while ago (O5, T4), or for the one whose talk with that agent broke off (T10).
   */
  #isNext(id: ContactId, agent: AgentId, commands: readonly Command[], state: State): void {
    const chosen = waitOf(state, id);
    if (chosen === undefined || chosen.returnTo === agent) return;
    for (const other of state.contacts.values()) {
      const { stage } = other;
      if (stage.in !== 'queue' || stage.offer !== null || !isAlike(stage.wait, chosen)) continue;
      if (sinceMs(stage.wait) >= sinceMs(chosen)) continue;
      const touched = commands.some((one) => one.do === 'record-fact' && 'contact' in one && one.contact === other.id);
      const excused = touched || isExcluded(state, other, agent);
      demand(excused, `${agent} is offered ${id} while ${other.id} has waited longer`);
    }
  }

  /** No seat has phones ringing for two callers. */
  countPhones(): void {
    const rings = new Map<string, string>();
    for (const leg of this.#telephony.legs.values()) {
      if (leg.caller !== null || leg.bridgedTo !== null) continue;
      const other = rings.get(leg.dialled);
      demand(other === undefined || other === leg.from, `phones of ${leg.dialled} ring for ${leg.from} and ${other}`);
      rings.set(leg.dialled, leg.from);
    }
  }

  /** In a quiet moment. While nobody can command the switch nothing is counted. */
  look(reachable: boolean): void {
    const { nowMs } = this.#clock;
    if (!reachable) {
      this.#blindFromMs ??= nowMs;
      return;
    }
    if (this.#blindFromMs !== null) this.#since.clear();
    this.#blindFromMs = null;
    for (const leg of this.#telephony.legs.values()) {
      const limitMs = leg.caller === null ? PHONE_MS_MAX : SILENCE_MS_MAX;
      if (!isLeftAlone(leg)) this.#since.delete(leg.id);
      else if (!this.#since.has(leg.id)) this.#since.set(leg.id, nowMs);
      else {
        const lastsMs = nowMs - this.#since.get(leg.id)!;
        const who = leg.caller === null ? `a phone of ${leg.dialled}` : leg.from;
        demand(lastsMs <= limitMs, `${who} is left alone for ${lastsMs} ms`);
      }
    }
  }
}

function waitOf(state: State, id: ContactId): Wait | undefined {
  const stage = state.contacts.get(id)?.stage;
  return stage?.in === 'queue' || stage?.in === 'connecting' ? stage.wait : undefined;
}

function isAlike(a: Wait, b: Wait): boolean {
  return a.queue === b.queue && a.plan === b.plan && a.step === b.step && a.lastAgent === b.lastAgent;
}

/** Effective: head starts count as time waited. */
function sinceMs({ enqueuedAtMs, headStartMs }: Wait): number {
  return enqueuedAtMs - headStartMs;
}

/** A citizen who hears nothing, a phone without a talk. */
function isLeftAlone(leg: VirtualLeg): boolean {
  if (leg.bridgedTo !== null) return false;
  return leg.caller === null || (leg.state === 'answered' && leg.doing === 'nothing');
}
