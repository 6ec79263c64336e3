import type { GapResult, RecordFact } from '../../core/command.ts';
import type { AgentId, ContactId, LegId } from '../../core/ids.ts';
import { isDigital, type Medium } from '../../core/medium.ts';
import { DESK_SLOTS } from './rules.ts';

/** One citizen's contact as the records tell it. */
export interface Account {
  readonly contact: ContactId;
  readonly from: string;
  readonly medium: Medium;
  readonly openedAtMs: number;
  /** The citizen's, in the order in which they were opened. */
  readonly legs: LegId[];
  /** To be dialled; null: nothing was promised. */
  promised: string | null;
  /** Since the promise a leg of the citizen was answered: it is kept. */
  reached: boolean;
  queue: string | null;
  enqueuedAtMs: number | null;
  outcome: string | null;
  closedAtMs: number | null;
  readonly talks: Talk[];
  /** How the gaps in its talks ended. */
  readonly gaps: GapResult[];
  /** Turned away by a queue that was full. */
  turnedAway: boolean;
  readonly recordings: { readonly expectedMs: number; readonly durationMs: number | null }[];
}

export interface Talk {
  readonly agent: AgentId;
  readonly fromMs: number;
  toMs: number | null;
}

const PAIRS: Readonly<Record<string, string>> = {
  contactOpened: 'contactClosed',
  legOpened: 'legClosed',
  waitStarted: 'waitEnded',
  offerMade: 'offerEnded',
  talkStarted: 'talkEnded',
  holdStarted: 'holdEnded',
  gapStarted: 'gapEnded',
  recordingStarted: 'recordingEnded',
  supervisionAsked: 'supervisionEnded',
  alertRaised: 'alertEnded',
};
const OPENER = new Map(Object.entries(PAIRS).map(([opens, closes]) => [closes, opens]));
/** May still be said of a contact that is closed. */
const AFTERWARDS = new Set<RecordFact['fact']>([
  'agentState',
  'alertEnded',
  'alertRaised',
  'callMissed',
  'missedCallClosed',
]);
/** S8. */
const LOST_MS = 600_000;

/**
 * The conservation laws of the records, checked with every fact: all that is opened is closed once, by its own kind; a wait keeps the moment it
 * began; an agent has one offer and one talk at a time; a call is in one place. Throws what is broken.
 */
export class Ledger {
  readonly accounts = new Map<ContactId, Account>();
  /** Kinds of facts that were told. */
  readonly told = new Set<RecordFact['fact']>();
  readonly #open = new Set<string>();
  /** By agent, of calls and of digital contacts. */
  readonly #offers = new Map<string, number>();
  readonly #talks = new Map<AgentId, ContactId>();
  readonly #desks = new Map<AgentId, ContactId[]>();
  readonly #lost = new Map<string, { readonly enqueuedAtMs: number; readonly untilMs: number }>();
  /** Number → the first call of it that was missed and not made good. */
  readonly #missed = new Map<string, ContactId>();
  /** Places kept for a call-back, with those who took one. */
  readonly #kept = new Set<Account>();
  readonly #slackMs: number;
  #closed = 0;

  /** @param slackMs how much later the end of a leg may be heard of than that of the recording on it. */
  constructor(slackMs: number) {
    this.#slackMs = slackMs;
  }

  /** Contacts that the records say are still there. */
  get stillThere(): number {
    return this.accounts.size - this.#closed;
  }

  /** All that is open, by kind and name, but for alerts that last until an agent takes an offer (U4). */
  get left(): readonly string[] {
    const open = [...this.#open].filter((name) => !name.includes(' missedOffers '));
    return [...open, ...[...this.#missed.keys()].map((number) => `the missed call of ${number}`)];
  }

  /** Numbers that were missed and not made good. */
  get missedCount(): number {
    return this.#missed.size;
  }

  missedOf(number: string): ContactId | undefined {
    return this.#missed.get(number);
  }

  take(atMs: number, fact: RecordFact): void {
    this.told.add(fact.fact);
    this.#pair(fact);
    if (!('contact' in fact) || fact.contact === undefined) return;
    if (fact.fact === 'contactOpened') return this.#opened(atMs, fact);
    const account = this.accounts.get(fact.contact);
    demand(account !== undefined, `${fact.fact} of a contact that was never opened: ${fact.contact}`);
    demand(account.outcome === null || AFTERWARDS.has(fact.fact), `${fact.fact} after ${fact.contact} was closed`);
    if (isDigital(account.medium)) this.#atDesk(fact, account);
    this.#entered(atMs, fact, account);
  }

  /** W2, W3: one offer at a time, no more than there are slots, and nothing new during a call. */
  #atDesk(fact: RecordFact, account: Account): void {
    if (fact.fact !== 'offerMade' && fact.fact !== 'talkStarted' && fact.fact !== 'talkEnded') return;
    const { agent } = fact;
    const has = this.#desks.get(agent) ?? [];
    if (fact.fact === 'talkEnded') {
      this.#desks.set(
        agent,
        has.filter((contact) => contact !== account.contact),
      );
      return;
    }
    const same = has.filter((contact) => this.accounts.get(contact)!.medium === account.medium).length;
    const slots = DESK_SLOTS[account.medium as 'chat' | 'mail'];
    demand(same < slots, `${agent} has ${same} of ${account.medium} and is to have ${account.contact}`);
    if (fact.fact === 'talkStarted') return void this.#desks.set(agent, [...has, account.contact]);
    demand(!this.#talks.has(agent), `${agent} is offered ${account.contact} in a call`);
  }

  #entered(atMs: number, fact: RecordFact, account: Account): void {
    switch (fact.fact) {
      case 'legOpened':
        if (fact.role === 'citizen') account.legs.push(fact.leg);
        return;
      case 'legAnswered':
        if (account.legs.includes(fact.leg)) account.reached = true;
        return;
      case 'waitStarted':
        return this.#waits(atMs, account, fact.queue, fact.enqueuedAtMs);
      case 'waitEnded':
        account.turnedAway = fact.result === 'full';
        return;
      case 'offerMade':
        return this.#offered(fact, account);
      case 'offerEnded': {
        const key = offerKey(fact.agent, account);
        demand(this.#offers.get(key) === fact.token, `offer ${fact.token} ends that ${fact.agent} does not have`);
        this.#offers.delete(key);
        return;
      }
      case 'callBackPromised':
        // K5: who was reached and has no agent after all may choose so again.
        demand(account.promised === null || account.reached, `${account.contact} is promised a call-back twice`);
        account.promised = fact.number;
        account.reached = false;
        this.#kept.add(account);
        return;
      case 'callMissed':
        return this.#misses(fact);
      case 'missedCallClosed':
        return this.#madeGood(fact.contact);
      case 'talkStarted':
        this.#kept.delete(account);
        account.talks.push({ agent: fact.agent, fromMs: atMs, toMs: null });
        if (isDigital(account.medium)) return;
        demand(!this.#talks.has(fact.agent), `${fact.agent} talks with two`);
        this.#talks.set(fact.agent, account.contact);
        return;
      case 'talkEnded':
        if (!isDigital(account.medium)) this.#talks.delete(fact.agent);
        account.talks.at(-1)!.toMs = atMs;
        return;
      case 'gapEnded':
        demand(this.#talks.get(fact.agent) === account.contact, `a gap of ${account.contact} outside of a talk`);
        account.gaps.push(fact.result);
        return;
      case 'recordingEnded':
        account.recordings.push({ expectedMs: fact.expectedMs, durationMs: fact.durationMs });
        return;
      case 'contactClosed':
        return this.#closes(atMs, account, fact.outcome);
    }
  }

  #offered({ agent, token }: Extract<RecordFact, { fact: 'offerMade' }>, account: Account): void {
    const key = offerKey(agent, account);
    demand(!this.#offers.has(key), `${agent} is offered ${account.contact} while another offer lives`);
    demand(!this.#talks.has(agent), `${agent} is offered ${account.contact} in a talk`);
    this.#offers.set(key, token);
  }

  #misses({ contact, number, last, calls }: Extract<RecordFact, { fact: 'callMissed' }>): void {
    const first = this.#missed.get(number);
    demand((first ?? last) === contact, `the missed call of ${number} is ${contact}, and was ${first}`);
    demand((calls === 1) === (first === undefined), `${number} was missed ${calls} times`);
    this.#missed.set(number, contact);
  }

  #madeGood(contact: ContactId): void {
    const { from } = this.accounts.get(contact)!;
    demand(this.#missed.get(from) === contact, `${contact} is made good and was not missed`);
    this.#missed.delete(from);
  }

  #opened(atMs: number, { contact, from, medium }: Extract<RecordFact, { fact: 'contactOpened' }>): void {
    demand(!this.accounts.has(contact), `${contact} is opened twice`);
    this.accounts.set(contact, {
      contact,
      from,
      medium,
      openedAtMs: atMs,
      legs: [],
      promised: null,
      reached: false,
      queue: null,
      enqueuedAtMs: null,
      outcome: null,
      closedAtMs: null,
      talks: [],
      gaps: [],
      turnedAway: false,
      recordings: [],
    });
  }

  #waits(atMs: number, account: Account, queue: string, enqueuedAtMs: number): void {
    if (account.enqueuedAtMs === null) {
      const dues = this.#duesOf(atMs, account);
      demand(dues.includes(enqueuedAtMs), `${account.contact} waits since ${enqueuedAtMs}, not ${dues.join(' or ')}`);
    } else {
      demand(enqueuedAtMs === account.enqueuedAtMs, `${account.contact}: the wait begins anew at ${enqueuedAtMs}`);
      const moves = isDigital(account.medium) || queue === account.queue;
      demand(moves, `${account.contact} changes its queue to ${queue}`);
    }
    account.queue = queue;
    account.enqueuedAtMs = enqueuedAtMs;
  }

  /** Q10, K7: since when a new wait may have lasted. */
  #duesOf(atMs: number, { from, medium }: Account): readonly number[] {
    if (medium !== 'voice') return [atMs];
    const lost = this.#lost.get(from);
    this.#lost.delete(from);
    const kept = [...this.#kept].filter((each) => each.from === from || each.promised === from);
    if (kept.length > 0) return [atMs, ...kept.map((each) => each.enqueuedAtMs!), ...(lost ? [lost.enqueuedAtMs] : [])];
    return [lost !== undefined && lost.untilMs > atMs ? lost.enqueuedAtMs : atMs];
  }

  #closes(atMs: number, account: Account, outcome: string): void {
    account.outcome = outcome;
    account.closedAtMs = atMs;
    this.#closed += 1;
    // K7: `ended` is a place that somebody has just taken.
    if (outcome !== 'ended') this.#kept.delete(account);
    const { contact, talks, recordings } = account;
    const talked = talks.length > 0;
    if (outcome === 'answered') demand(talked, `${contact} counts as answered and nobody talked`);
    else if (outcome !== 'lostNode') demand(!talked, `${contact} talked and counts as ${outcome}`);
    if (outcome === 'unreached')
      demand(account.promised !== null || account.medium === 'callback', `${contact} was not to be dialled`);
    if (outcome === 'abandonedInQueue') demand(account.queue !== null, `${contact} left a queue that it never entered`);
    if (outcome === 'abandonedInMenu') demand(account.queue === null, `${contact} was in a queue, not in the menu`);
    if (outcome === 'lostNode') {
      const { enqueuedAtMs: sinceMs, openedAtMs, turnedAway } = account;
      const enqueuedAtMs = turnedAway ? openedAtMs : (sinceMs ?? openedAtMs);
      const before = this.#lost.get(account.from);
      const oldestMs = before !== undefined && before.untilMs > atMs ? before.enqueuedAtMs : enqueuedAtMs;
      this.#lost.set(account.from, { enqueuedAtMs: Math.min(oldestMs, enqueuedAtMs), untilMs: atMs + LOST_MS });
    }
    if (isDigital(account.medium)) return;
    const talkMs = talks.reduce((sum, { fromMs, toMs }) => sum + (toMs ?? atMs) - fromMs, 0);
    const ledgerMs = recordings.reduce((sum, { expectedMs }) => sum + expectedMs, 0);
    const shortMs = talkMs - ledgerMs;
    demand(
      shortMs >= 0 && shortMs <= this.#slackMs,
      `${contact} talked for ${talkMs} ms and ${ledgerMs} ms should be recorded`,
    );
  }

  #pair(fact: RecordFact): void {
    const opens = PAIRS[fact.fact] === undefined ? OPENER.get(fact.fact) : fact.fact;
    if (opens === undefined) return;
    const { contact, leg, token, file, alert, agent } = fact as unknown as Record<string, string | undefined>;
    const which =
      opens === 'legOpened'
        ? leg
        : opens === 'offerMade'
          ? token
          : opens === 'recordingStarted'
            ? file
            : opens === 'alertRaised'
              ? `${alert} ${agent}`
              : '';
    const name = `${opens} ${contact} ${which ?? ''}`;
    const isOpening = fact.fact === opens;
    demand(this.#open.has(name) !== isOpening, `${fact.fact}: ${name} is ${isOpening ? '' : 'not '}open`);
    if (isOpening) this.#open.add(name);
    else this.#open.delete(name);
  }
}

function offerKey(agent: AgentId, { medium }: Account): string {
  return isDigital(medium) ? `${agent} at the desk` : agent;
}

export function demand(holds: boolean, broken: string): asserts holds {
  if (!holds) throw new Error(broken);
}
