import type { Command, RecordFact, SwitchCommand } from '../../core/command.ts';
import type { Event, EventBody } from '../../core/event.ts';
import { type AgentId, agentId, type LegId, nodeId } from '../../core/ids.ts';
import type { State } from '../../core/state.ts';
import { encodeState } from '../../core/state-codec.ts';
import { nextDeadlineMs, step } from '../../core/step.ts';
import { knownLegs } from '../../core/view.ts';
import { Chance } from '../chance.ts';
import { Clock } from '../clock.ts';
import { Desks, type Shift } from '../desks.ts';
import { Inbox } from '../inbox.ts';
import type { Caller, Pickup, Ring } from '../people.ts';
import { checkStanding, Watchman } from './checks.ts';
import { Conversations } from './conversations.ts';
import { Leads } from './leads.ts';
import { type Account, demand, Ledger } from './ledger.ts';
import { outsideOf } from './outside.ts';
import { NIGHT_SHIFT, roughRules, SUB_SITE } from './rules.ts';
import { type AgentPlan, type Fault, type KillPoint, type Scenario, tellScenario } from './scenario.ts';
import { MemoryStore, type Store } from './store.ts';
import { VirtualSwitch } from './switch.ts';
import { Wire } from './wire.ts';

export const START_MS = Date.UTC(2026, 0, 5);
const NODE = nodeId('switch');
const EXPIRES_MS = 8_640_000_000_000_000;
/** More than any scenario of an hour needs. */
const STEPS_MAX = 200_000;
const NIGHT_AFTER_MS = 60_000;

export interface Lived {
  /** In the order in which the calls were opened. */
  readonly accounts: readonly Account[];
  readonly told: ReadonlySet<RecordFact['fact']>;
  readonly entries: number;
  readonly kills: number;
}

/**
 * Lives a scenario from end to end, with every check after every entry, and throws what does not hold, with the scenario in words.
 *
 * @param store where the journal is kept; by default its own bytes in memory, replayed whole at the end.
 */
export async function live(scenario: Scenario, store: Store = new MemoryStore()): Promise<Lived> {
  const world = new World(scenario, store);
  try {
    return await world.live();
  } catch (error) {
    const where = `entry ${world.entries}, ${((world.nowMs - START_MS) / 1_000).toFixed(3)} s`;
    throw new Error(`${where}: ${(error as Error).message}\n\n${tellScenario(scenario)}\n`, { cause: error });
  }
}

class World {
  readonly #scenario: Scenario;
  readonly #store: Store;
  readonly #clock = new Clock(START_MS);
  readonly #inbox = new Inbox<EventBody>();
  readonly #ledger: Ledger;
  readonly #watchman: Watchman;
  readonly #wire: Wire;
  readonly #telephony: VirtualSwitch;
  readonly #desks: Desks;
  readonly #conversations: Conversations;
  readonly #leads: Leads;
  /** Calls that the core has heard of. */
  readonly #reached = new Set<LegId>();
  /** What people asked for and were refused, since the core was away: they ask again. */
  #refused: EventBody[] = [];
  #state: State | null = null;
  #restartDue = false;
  /** Reasons why core and switch cannot reach each other. */
  #outages = 0;
  #switchIsUp = true;
  #kills = 0;
  entries = 0;

  constructor(scenario: Scenario, store: Store) {
    this.#scenario = scenario;
    this.#store = store;
    const downMs = scenario.faults.reduce((sum, fault) => sum + Math.max(fault.downMs, scenario.roughMs + 1), 0);
    this.#ledger = new Ledger(scenario.roughMs + downMs);
    const clock = this.#clock;
    this.#telephony = new VirtualSwitch({
      node: NODE,
      clock,
      tell: (event) => this.#wire.say(event),
      phones: (ring) => this.#pickUp(ring),
      ...(scenario.work === 'calls' ? {} : { outside: outsideOf(scenario) }),
      promptMs: () => scenario.promptMs,
    });
    this.#wire = new Wire({
      node: NODE,
      clock,
      chance: new Chance(scenario.seed, 'wire'),
      roughMs: scenario.roughMs,
      deliver: (event) => this.#inbox.push(event),
      carryOut: (command) => {
        if (this.#switchIsUp) this.#telephony.carryOut(command);
      },
    });
    this.#watchman = new Watchman(clock, this.#telephony, this.#ledger);
    this.#desks = new Desks(
      clock,
      (event) => this.#ask(event),
      (leg) => this.#callerOf(leg),
    );
    const ask = (event: EventBody) => this.#ask(event);
    this.#conversations = new Conversations(clock, scenario.seed, ask, (agent) => this.#habitsOf(agent));
    this.#leads = new Leads(clock, ask);
  }

  get nowMs(): number {
    return this.#clock.nowMs;
  }

  async live(): Promise<Lived> {
    const { callers, agents, faults } = this.#scenario;
    const { conversations, leads, work } = this.#scenario;
    const staff = work === 'calls' ? agents : [...agents, NIGHT_SHIFT];
    for (const { name, phones } of staff) this.#plugIn(name, phones);
    await this.#start();
    const shifts = agents.map(({ name, fromMs, toMs }) => ({
      agent: agentId(name),
      fromMs: START_MS + fromMs,
      toMs: START_MS + toMs,
    }));
    if (work === 'everything') shifts.push(this.#nightShift());
    this.#desks.begin(shifts);
    this.#conversations.begin(START_MS, conversations);
    this.#leads.begin(START_MS, leads);
    for (const caller of callers) this.#clock.at(START_MS + caller.atMs, () => this.#call(caller));
    for (const fault of faults) this.#arrange(fault);
    await this.#untilNothingIsDue();
    await this.#checkEnd();
    const { accounts, told } = this.#ledger;
    return { accounts: [...accounts.values()], told, entries: this.entries, kills: this.#kills };
  }

  /** When everybody who comes by themselves has come. */
  #nightShift(): Shift {
    const { callers, conversations, faults } = this.#scenario;
    const lasts = [...callers, ...conversations].map(({ atMs }) => atMs);
    for (const fault of faults) if ('atMs' in fault) lasts.push(fault.atMs + fault.downMs);
    const agent = agentId(NIGHT_SHIFT.name);
    return { agent, fromMs: START_MS + Math.max(0, ...lasts) + NIGHT_AFTER_MS, toMs: Infinity };
  }

  async #untilNothingIsDue(): Promise<void> {
    for (let steps = 0; ; steps++) {
      demand(steps < STEPS_MAX, `the day does not end: ${this.#clock.size} things are due`);
      for (let body = this.#inbox.shift(); body !== undefined; body = this.#inbox.shift()) this.#hear(body);
      if (this.#restartDue) {
        await this.#start();
        continue;
      }
      this.#watchman.look(this.#state !== null && this.#wire.isUp);
      const dueMs = (this.#state === null ? undefined : nextDeadlineMs(this.#state)) ?? Infinity;
      const nextMs = this.#clock.nextMs();
      if (nextMs <= dueMs && nextMs < Infinity) this.#clock.next();
      else if (dueMs < EXPIRES_MS) {
        this.#clock.nowMs = dueMs;
        this.#hear({ type: 'tick' });
      } else return;
    }
  }

  /** A new process: what the journal holds, then the switch if it can be reached, then what people ask again. */
  async #start(): Promise<void> {
    this.#restartDue = false;
    this.#state = await this.#store.restore();
    this.#hear({ type: 'started' });
    if (this.#state?.settings === null) this.#hear({ type: 'settingsLoaded', settings: roughRules(this.#scenario) });
    this.#connect();
    const refused = this.#refused;
    this.#refused = [];
    for (const event of refused) this.#ask(event);
  }

  #connect(): void {
    if (this.#state === null || this.#outages > 0) return;
    this.#wire.connect();
    this.#hear(this.#telephony.survey(knownLegs(this.#state, NODE)));
  }

  /** Stamp, decide, write down, release: as the loop does, with the deaths that the scenario has in store. */
  #hear(body: EventBody): void {
    const state = this.#state;
    if (state === null) return;
    const event = { ...body, atMs: this.#clock.nowMs } as Event;
    const death = this.#deathAt(++this.entries);
    const seq = state.seq + 1;
    const commands = step(state, event, seq);
    if (death?.point === 'beforeWrite') {
      if (isAsked(body)) this.#refused.push(body);
      if (body.type === 'settingsLoaded') demand(false, 'a scenario begins with its rules');
      return this.#die(death.downMs);
    }
    this.#store.append({ seq, atMs: event.atMs, event, commands });
    this.#store.saved(state);
    this.#record(event, commands, state);
    const wishes = commands.filter((command): command is SwitchCommand => command.do !== 'record-fact');
    const released = death === undefined ? wishes.length : death.point === 'halfReleased' ? wishes.length >> 1 : 0;
    for (const command of wishes.slice(0, released)) this.#wire.send(command);
    if (death !== undefined) return this.#die(death.downMs);
    checkStanding(state, this.#ledger, event);
    this.#watchman.countPhones();
  }

  #record(event: Event, commands: readonly Command[], state: State): void {
    if (event.type === 'callArrived') this.#reached.add(event.leg);
    if (event.type === 'surveyed') {
      for (const { leg, direction } of event.survey.legs) if (direction === 'inbound') this.#reached.add(leg);
    }
    this.#watchman.hears(event, commands, state);
    for (const command of commands) {
      if (command.do !== 'record-fact') continue;
      this.#ledger.take(event.atMs, command);
      this.#desks.see(command);
      this.#conversations.see(command);
      this.#leads.see(command);
    }
  }

  /** The first entries make the world; nobody dies in them. */
  #deathAt(entry: number): { readonly point: KillPoint; readonly downMs: number } | undefined {
    return this.#scenario.faults.find((fault) => fault.kind === 'killCore' && fault.entry + 3 === entry) as
      | Extract<Fault, { kind: 'killCore' }>
      | undefined;
  }

  #die(downMs: number): void {
    this.#kills += 1;
    this.#state = null;
    this.#wire.cut();
    for (let lost = this.#inbox.shift(); lost !== undefined; lost = this.#inbox.shift()) {
      if (isAsked(lost)) this.#refused.push(lost);
    }
    const restart = (): void => {
      this.#restartDue = true;
    };
    const { roughMs } = this.#scenario;
    // What was on its way to the switch has arrived by then: the adapter ends rings that come later than a survey.
    if (downMs === 0 && roughMs === 0) restart();
    else this.#clock.after(Math.max(downMs, roughMs + 1), restart);
  }

  #ask(event: EventBody): void {
    if (this.#state === null) this.#refused.push(event);
    else this.#inbox.push(event);
  }

  #call(caller: Caller): void {
    if (!this.#switchIsUp) return;
    this.#telephony.arrive(caller);
  }

  #arrange(fault: Fault): void {
    const wholeMs = Math.max(fault.downMs, this.#scenario.roughMs + 1);
    if (fault.kind !== 'killCore') this.#clock.at(START_MS + fault.atMs, () => this.#happens(fault, wholeMs));
  }

  #happens(fault: Fault, wholeMs: number): void {
    switch (fault.kind) {
      case 'killCore':
        return;
      case 'loseLink':
        return this.#outage(wholeMs, () => {});
      case 'killSwitch':
        return this.#killSwitch(wholeMs, fault.callsBackAfterMs);
      case 'closeSite':
        this.#ask({ type: 'siteAsked', site: SUB_SITE, status: fault.status, by: 'lead' });
        this.#clock.after(wholeMs, () => this.#ask({ type: 'siteAsked', site: SUB_SITE, status: 'open', by: 'lead' }));
        return;
      case 'pause':
        return this.#pause(agentId(fault.agent), wholeMs);
      case 'unplug': {
        const { phones } = this.#scenario.agents.find(({ name }) => name === fault.agent)!;
        for (const uri of phoneUris(fault.agent, phones)) this.#telephony.unregister(uri);
        this.#clock.after(wholeMs, () => this.#plugIn(fault.agent, phones));
        return;
      }
    }
  }

  #pause(agent: AgentId, pauseMs: number): void {
    if (!this.#desks.isOnDuty(agent)) return;
    this.#ask({ type: 'agentStateAsked', agent, state: 'notReady', reason: 'tea' });
    this.#clock.after(pauseMs, () => {
      if (this.#desks.isOnDuty(agent)) this.#ask({ type: 'agentStateAsked', agent, state: 'ready' });
    });
  }

  #killSwitch(downMs: number, callsBackAfterMs: number): void {
    if (!this.#switchIsUp) return;
    const lost = [...this.#telephony.legs.values()].flatMap(({ caller }) => caller ?? []);
    this.#telephony.reboot();
    this.#switchIsUp = false;
    this.#outage(downMs, () => {
      this.#switchIsUp = true;
      for (const caller of lost) {
        const { mishap: _over, ...again } = caller;
        this.#clock.after(callsBackAfterMs, () => this.#call(again));
      }
    });
  }

  #outage(downMs: number, over: () => void): void {
    this.#outages += 1;
    this.#wire.cut();
    this.#inbox.push({ type: 'nodeLost', node: NODE });
    this.#clock.after(downMs, () => {
      this.#outages -= 1;
      over();
      this.#connectSoon();
    });
  }

  /** In turn with what is in the inbox, never in the middle of an entry. */
  #connectSoon(): void {
    for (let body = this.#inbox.shift(); body !== undefined; body = this.#inbox.shift()) this.#hear(body);
    this.#connect();
  }

  #plugIn(name: string, phones: number): void {
    for (const uri of phoneUris(name, phones))
      this.#telephony.register({ sipUser: name, uri, expiresAtMs: EXPIRES_MS });
  }

  #callerOf(leg: LegId): Caller | null {
    return this.#telephony.legs.get(leg)?.caller ?? null;
  }

  /** The same agent does the same with the same caller, however often the phone rings. */
  #pickUp({ sipUser, callerNumber }: Ring): Pickup {
    const { answersAfterMs, declined, missed } = this.#habitsOf(agentId(sipUser));
    const u = new Chance(this.#scenario.seed, `${sipUser} ${callerNumber}`).unit();
    if (u < declined) return { does: u < declined / 4 ? 'isBusy' : 'declines', afterMs: answersAfterMs };
    return u < declined + missed ? { does: 'nothing' } : { does: 'answers', afterMs: answersAfterMs };
  }

  #habitsOf(agent: AgentId): AgentPlan {
    return this.#scenario.agents.find(({ name }) => name === agent) ?? NIGHT_SHIFT;
  }

  async #checkEnd(): Promise<void> {
    const state = this.#state;
    demand(state !== null, 'the core is gone');
    demand(state.contacts.size === 0, `${state.contacts.size} contacts are left, ${[...state.contacts.keys()][0]}`);
    demand(state.legs.size === 0, `the core has ${state.legs.size} legs left`);
    demand(this.#telephony.legs.size === 0, `the switch has ${this.#telephony.legs.size} legs left`);
    demand(this.#ledger.left.length === 0, `left open in the records: ${this.#ledger.left.join(', ')}`);
    const accounts = [...this.#ledger.accounts.values()];
    const legs = accounts.flatMap((account) => account.legs);
    demand(new Set(legs).size === legs.length, 'a call has two contacts');
    for (const leg of this.#reached) demand(legs.includes(leg), `${leg} reached the hotline and has no record`);
    const restored = await this.#store.restore();
    demand(encodeState(restored) === encodeState(state), 'the journal restores another state than the one that lived');
    if (this.#store instanceof MemoryStore) {
      demand(encodeState(this.#store.replayAll()) === encodeState(state), 'the whole journal gives another state');
    }
  }
}

/** By people and by channels, who see that it came to nothing. */
function isAsked(event: EventBody): boolean {
  return /(Asked|Answered|Opened|Ended|Returned|Approved|Left|Marked|Regraded)$/.test(event.type) && !('node' in event);
}

function phoneUris(name: string, phones: number): string[] {
  return Array.from({ length: phones }, (_, nth) => `sip:${name}@phone${nth + 1}`);
}
