import { bestAgent } from '../../core/best-agent.ts';
import type { Command } from '../../core/command.ts';
import type { Event } from '../../core/event.ts';
import { isExcluded } from '../../core/exclusion.ts';
import { gateOpen } from '../../core/gate.ts';
import type { AgentId, ContactId, LegId } from '../../core/ids.ts';
import { servingOf } from '../../core/kind.ts';
import { isDigital, slotOf } from '../../core/medium.ts';
import { boundMsOf } from '../../core/medium-rules.ts';
import { STANDING } from '../../core/standing-key.ts';
import type { Contact, Stage, State, Wait } from '../../core/state.ts';
import { nextDeadlineMs } from '../../core/step.ts';
import { agentViews, queueViews } from '../../core/view.ts';
import { HOME_SITE } from '../../lib/home-site.ts';
import type { Clock } from '../clock.ts';
import { demand, type Ledger } from './ledger.ts';
import type { VirtualLeg } from './leg.ts';
import type { VirtualSwitch } from './switch.ts';

/** A citizen hears something again after this: the bridge's limit, the pause before legs are joined again, five times, and the wire. */
const SILENCE_MS_MAX = 16_000;
/** A phone rings or stands open without a talk for no longer than ringing, bridging and ending may take. */
const PHONE_MS_MAX = 40_000;
/** A phone stops ringing so soon after its caller has left: the wire, each way. */
const LEFT_MS_MAX = 1_000;
/** A phone hears music while the citizen is dialled, for no longer than that may ring. */
const MUSIC_MS_MAX = 40_000;

/** What holds between the state and the records after every entry. */
export function checkStanding(state: State, ledger: Ledger, event: Event): void {
  demand(
    ledger.stillThere === state.contacts.size,
    `${state.contacts.size} contacts, ${ledger.stillThere} by the records`,
  );
  const taken = new Map<string, ContactId>();
  for (const { waiting } of queueViews(state)) {
    for (const { contact, medium, enqueuedAtMs, ringing } of waiting) {
      const account = ledger.accounts.get(contact);
      demand(account?.enqueuedAtMs === enqueuedAtMs, `${contact} waits since ${enqueuedAtMs}, not as recorded`);
      if (ringing !== undefined && !isDigital(medium)) {
        demand(!taken.has(ringing), `${ringing} has ${contact} and ${taken.get(ringing)}`);
        taken.set(ringing, contact);
      }
    }
  }
  for (const contact of state.contacts.values()) {
    if (contact.stage.in === 'dialling') taken.set(contact.stage.agent, contact.id);
    const best = bestAgent(state, contact);
    demand(best === undefined, `${contact.id} waits while ${best} is idle`);
  }
  for (const { agent, state: shown } of agentViews(state)) {
    demand((shown === 'ringing') === taken.has(agent), `${agent} is ${shown} and has ${taken.get(agent) ?? 'nobody'}`);
  }
  for (const [number, { contact, by }] of state.missed) {
    demand(ledger.missedOf(number) === contact, `${number} was missed as ${contact}, not as recorded`);
    demand(by === null || state.contacts.has(by), `${number} is left to ${by}, which is over`);
  }
  demand(ledger.missedCount === state.missed.size, `${state.missed.size} missed calls, not as recorded`);
  const dueMs = nextDeadlineMs(state);
  demand(dueMs === undefined || dueMs > state.nowMs, `a deadline is in the past after ${event.type}`);
}

/** Looks at the switch from outside: what people hear and which phones ring. */
export class Watchman {
  readonly #clock: Clock;
  readonly #telephony: VirtualSwitch;
  readonly #ledger: Ledger;
  /** Legs in a state that must not last, with when it began. */
  readonly #since = new Map<LegId, { readonly alone: Loneliness; readonly fromMs: number }>();
  #blindFromMs: number | null = null;

  constructor(clock: Clock, telephony: VirtualSwitch, ledger: Ledger) {
    this.#clock = clock;
    this.#telephony = telephony;
    this.#ledger = ledger;
  }

  /** @param state after the entry. */
  hears(event: Event, commands: readonly Command[], state: State): void {
    for (const command of commands) {
      if (command.do !== 'record-fact') continue;
      if (command.fact === 'offerMade' && event.type !== 'surveyed') {
        this.#isNext(command.contact, command.agent, commands, state);
        isInBound(command.contact, command.agent, commands, state);
        isAtOpenSite(command.contact, command.agent, state);
      }
    }
  }

  /**
   * Q1, Q17: nobody of the same queue and step whose effective age is greater is passed over, except by an agent who missed that call, or
   * was not joined with it, a short while ago (O5, T4), or for the one whose talk with that agent broke off (T10).
   */
  #isNext(id: ContactId, agent: AgentId, commands: readonly Command[], state: State): void {
    const contact = state.contacts.get(id);
    const chosen = waitOf(contact?.stage);
    if (contact === undefined || chosen === undefined || chosen.returnTo === agent) return;
    const slot = slotOf(contact.medium);
    for (const other of state.contacts.values()) {
      const { stage } = other;
      if (stage.in !== 'queue' || stage.offer !== null || !isAlike(stage.wait, chosen)) continue;
      if (slotOf(other.medium) !== slot || mayNotTakeBack(other, agent, commands)) continue;
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
      if (leg.caller !== null || leg.bridgedTo !== null || leg.doing === 'supervising') continue;
      const other = rings.get(leg.dialled);
      demand(other === undefined || other === leg.from, `phones of ${leg.dialled} ring for ${leg.from} and ${other}`);
      rings.set(leg.dialled, leg.from);
    }
  }

  /** The caller has left; who is called back is not on the line yet. */
  #ringsForNobody({ contact, caller, state, bridgedTo }: VirtualLeg): boolean {
    const account = contact === null ? undefined : this.#ledger.accounts.get(contact);
    if (account === undefined || caller !== null || state === 'answered' || bridgedTo !== null) return false;
    if (account.medium !== 'voice' || account.promised !== null) return false;
    return !account.legs.some((leg) => this.#telephony.legs.has(leg));
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
      const alone = this.#ringsForNobody(leg) ? NOBODY : lonelinessOf(leg);
      const before = this.#since.get(leg.id);
      if (alone === undefined) this.#since.delete(leg.id);
      else if (before?.alone !== alone) this.#since.set(leg.id, { alone, fromMs: nowMs });
      else {
        const lastsMs = nowMs - before.fromMs;
        const who = leg.caller === null ? `a phone of ${leg.dialled}` : leg.caller.from;
        demand(lastsMs <= alone.msMax, `${who} ${alone.how} for ${lastsMs} ms`);
      }
    }
  }
}

/** Q16: nobody who has waited for the bound is passed over for one who has not, by an agent who could have had either. */
function isInBound(id: ContactId, agent: AgentId, commands: readonly Command[], state: State): void {
  const contact = state.contacts.get(id);
  const chosen = waitOf(contact?.stage);
  const kind = state.standing.seats.get(agent)?.kind;
  if (contact === undefined || chosen === undefined || kind === undefined || chosen.returnTo === agent) return;
  const slot = slotOf(contact.medium);
  if (state.nowMs - sinceMs(chosen) >= boundMsOf(state, chosen.queue, slot)) return;
  for (const other of state.contacts.values()) {
    const wait = waitOf(other.stage);
    const bucket = other[STANDING]?.bucket;
    if (wait === undefined || bucket === null || bucket?.slot !== slot || bucket.only !== null) continue;
    const waitedMs = state.nowMs - sinceMs(wait);
    const serving = servingOf(kind, bucket, state.settings!);
    if (serving === undefined || waitedMs < Math.max(serving.delayMs, boundMsOf(state, wait.queue, slot))) continue;
    const touched = commands.some((one) => one.do === 'record-fact' && 'contact' in one && one.contact === other.id);
    const closed = !gateOpen(state, kind, wait.queue, slot) || isExcluded(state, other, agent);
    const excused = touched || closed || mayNotTakeBack(other, agent, commands);
    demand(excused, `${agent} is offered ${id} while ${other.id} has waited for its bound`);
  }
}

/** Q14: nothing is offered at a site that is draining or down, and no call at one that has as many as it may have. */
function isAtOpenSite(id: ContactId, agent: AgentId, state: State): void {
  const sites = new Map(state.settings?.agents.map((each) => [each.id, each.site ?? HOME_SITE]));
  const site = sites.get(agent)!;
  const status = state.sites.get(site) ?? 'open';
  demand(status === 'open', `${agent} is offered ${id} at ${site}, which is ${status}`);
  const { capacity = Infinity } = state.settings?.sites?.find((each) => each.id === site) ?? {};
  const contact = state.contacts.get(id);
  if (contact === undefined || isDigital(contact.medium)) return;
  const busy = [...state.agents.values()].filter(({ work }) => work?.in === 'offer' || work?.in === 'talk');
  const calls = busy.filter((each) => sites.get(each.id) === site).length;
  demand(calls <= capacity, `${agent} is offered ${id} at ${site}, which has ${calls} calls`);
}

function waitOf(stage: Stage | undefined): Wait | undefined {
  return stage?.in === 'queue' || stage?.in === 'connecting' ? stage.wait : undefined;
}

function isAlike(a: Wait, b: Wait): boolean {
  return a.queue === b.queue && a.plan === b.plan && a.step === b.step && a.lastAgent === b.lastAgent;
}

/** W13: the agent was being asked for something digital, which only a caller on the line takes back. */
function mayNotTakeBack({ medium, callBack }: Contact, agent: AgentId, commands: readonly Command[]): boolean {
  if (medium !== 'callback' || callBack === undefined) return false;
  return commands.some((one) => one.do === 'record-fact' && one.fact === 'offerEnded' && one.agent === agent);
}

/** Effective: head starts count as time waited. */
function sinceMs({ enqueuedAtMs, headStartMs }: Wait): number {
  return enqueuedAtMs - headStartMs;
}

interface Loneliness {
  readonly how: string;
  readonly msMax: number;
}

const SILENCE: Loneliness = { how: 'hears nothing', msMax: SILENCE_MS_MAX };
const OPEN_PHONE: Loneliness = { how: 'rings or stands open', msMax: PHONE_MS_MAX };
const NOBODY: Loneliness = { how: 'rings for a caller who has left', msMax: LEFT_MS_MAX };
const MUSIC: Loneliness = { how: 'hears music', msMax: MUSIC_MS_MAX };

/** A citizen who hears nothing, a phone without a talk; undefined: neither. */
function lonelinessOf(leg: VirtualLeg): Loneliness | undefined {
  if (leg.bridgedTo !== null || leg.overhears !== null) return undefined;
  if (leg.caller === null) return leg.doing === 'music' ? MUSIC : OPEN_PHONE;
  return leg.state === 'answered' && leg.doing === 'nothing' ? SILENCE : undefined;
}
