import type { GapResult, RecordFact } from '../../core/command.ts';
import type { AgentId, ContactId, LegId } from '../../core/ids.ts';

/** One caller's call as the records tell it. */
export interface Account {
  readonly contact: ContactId;
  readonly from: string;
  readonly openedAtMs: number;
  leg: LegId | null;
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
};
const OPENER = new Map(Object.entries(PAIRS).map(([opens, closes]) => [closes, opens]));
/** S8. */
const LOST_MS = 600_000;

/**
 * The conservation laws of the records, checked with every fact: all that is opened is closed once, by its own kind; a wait keeps the moment it
 * began; an agent has one offer and one talk at a time; a call is in one place. Throws what is broken.
 */
export class Ledger {
  readonly accounts = new Map<ContactId, Account>();
  readonly #open = new Set<string>();
  readonly #offers = new Map<AgentId, number>();
  readonly #talks = new Map<AgentId, ContactId>();
  readonly #lost = new Map<string, { readonly enqueuedAtMs: number; readonly untilMs: number }>();
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

  /** All that is open, by kind and name. */
  get left(): readonly string[] {
    return [...this.#open];
  }

  take(atMs: number, fact: RecordFact): void {
    this.#pair(fact);
    if (!('contact' in fact) || fact.contact === undefined) return;
    if (fact.fact === 'contactOpened') return this.#opened(atMs, fact);
    const account = this.accounts.get(fact.contact);
    demand(account !== undefined, `${fact.fact} of a contact that was never opened: ${fact.contact}`);
    demand(account.outcome === null || fact.fact === 'agentState', `${fact.fact} after ${fact.contact} was closed`);
    this.#entered(atMs, fact, account);
  }

  #entered(atMs: number, fact: RecordFact, account: Account): void {
    switch (fact.fact) {
      case 'legOpened':
        if (fact.role === 'citizen') account.leg = fact.leg;
        return;
      case 'waitStarted':
        return this.#waits(atMs, account, fact.queue, fact.enqueuedAtMs);
      case 'waitEnded':
        account.turnedAway = fact.result === 'full';
        return;
      case 'offerMade':
        demand(!this.#offers.has(fact.agent), `${fact.agent} is offered ${account.contact} while another offer lives`);
        demand(!this.#talks.has(fact.agent), `${fact.agent} is offered ${account.contact} in a talk`);
        this.#offers.set(fact.agent, fact.token);
        return;
      case 'offerEnded':
        demand(
          this.#offers.get(fact.agent) === fact.token,
          `offer ${fact.token} ends that ${fact.agent} does not have`,
        );
        this.#offers.delete(fact.agent);
        return;
      case 'talkStarted':
        demand(!this.#talks.has(fact.agent), `${fact.agent} talks with two`);
        this.#talks.set(fact.agent, account.contact);
        account.talks.push({ agent: fact.agent, fromMs: atMs, toMs: null });
        return;
      case 'talkEnded':
        this.#talks.delete(fact.agent);
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

  #opened(atMs: number, { contact, from }: Extract<RecordFact, { fact: 'contactOpened' }>): void {
    demand(!this.accounts.has(contact), `${contact} is opened twice`);
    this.accounts.set(contact, {
      contact,
      from,
      openedAtMs: atMs,
      leg: null,
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
      const lost = this.#lost.get(account.from);
      this.#lost.delete(account.from);
      const due = lost !== undefined && lost.untilMs > atMs ? lost.enqueuedAtMs : atMs;
      demand(enqueuedAtMs === due, `${account.contact} waits since ${enqueuedAtMs}, not ${due}`);
    } else {
      demand(enqueuedAtMs === account.enqueuedAtMs, `${account.contact}: the wait begins anew at ${enqueuedAtMs}`);
      demand(queue === account.queue, `${account.contact} changes its queue to ${queue}`);
    }
    account.queue = queue;
    account.enqueuedAtMs = enqueuedAtMs;
  }

  #closes(atMs: number, account: Account, outcome: string): void {
    account.outcome = outcome;
    account.closedAtMs = atMs;
    this.#closed += 1;
    const { contact, talks, recordings } = account;
    const talked = talks.length > 0;
    if (outcome === 'answered') demand(talked, `${contact} counts as answered and nobody talked`);
    else if (outcome !== 'lostNode') demand(!talked, `${contact} talked and counts as ${outcome}`);
    if (outcome === 'abandonedInQueue') demand(account.queue !== null, `${contact} left a queue that it never entered`);
    if (outcome === 'abandonedInMenu') demand(account.queue === null, `${contact} was in a queue, not in the menu`);
    if (outcome === 'lostNode') {
      const { enqueuedAtMs: sinceMs, openedAtMs, turnedAway } = account;
      const enqueuedAtMs = turnedAway ? openedAtMs : (sinceMs ?? openedAtMs);
      this.#lost.set(account.from, { enqueuedAtMs, untilMs: atMs + LOST_MS });
    }
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
    const { contact, leg, token, file } = fact as unknown as Record<string, string | undefined>;
    const which =
      opens === 'legOpened' ? leg : opens === 'offerMade' ? token : opens === 'recordingStarted' ? file : '';
    const name = `${opens} ${contact} ${which ?? ''}`;
    const isOpening = fact.fact === opens;
    demand(this.#open.has(name) !== isOpening, `${fact.fact}: ${name} is ${isOpening ? '' : 'not '}open`);
    if (isOpening) this.#open.add(name);
    else this.#open.delete(name);
  }
}

export function demand(holds: boolean, broken: string): asserts holds {
  if (!holds) throw new Error(broken);
}
