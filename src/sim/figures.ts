import type { AgentState, RecordFact } from '../core/command.ts';
import type { AgentId, ContactId } from '../core/ids.ts';
import { type Counts, IN_TIME_MS, noCounts, QUARTER_MS, SHORT_ABANDON_MS, sumOfCounts } from '../lib/measure-counts.ts';
import { Renewal } from '../lib/renewal.ts';

/** Fifteen minutes: the calls that came in them, and the seats as they were. */
export interface Quarter extends Counts {
  readonly fromMs: number;
  /** Agents who were there (neither offline nor not ready), and those at work, times ms. */
  readonly seatsMs: number;
  readonly busyMs: number;
}

export interface Figures {
  readonly total: Counts;
  readonly byQueue: ReadonlyMap<string, Counts>;
  /** In order, without a gap, from the first to the last that something happened in. */
  readonly quarters: readonly Quarter[];
  /** How contacts ended, each by its outcome. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Waits of all that were answered, ascending. */
  readonly waitsMs: Float64Array;
}

/** A quarter as it is filled: its counts apart, so that those of queues and of quarters are one kind of record. */
interface Filled {
  readonly fromMs: number;
  readonly counts: Counts;
  seatsMs: number;
  busyMs: number;
}

interface Followed {
  /** Where it counts. */
  readonly inQuarter: Counts;
  /** As long as it has not come to a queue, one that nobody reads. */
  inQueue: Counts;
  enqueuedAtMs: number | null;
  answered: boolean;
  /** Gave up the line for a call-back: neither answered nor abandoned. */
  calledBack: boolean;
  talkFromMs: number | null;
  talkedMs: number;
}

interface Seat {
  state: AgentState;
  sinceMs: number;
  /** Whose notes are being written. */
  contact: Followed | undefined;
}

/** Contacts. */
const RENEWED_AFTER = 1_024;

/** Folds the record facts of a day, simulated or real, into figures. Facts come in the order of their time. */
export class FigureFold {
  readonly #byQueue = new Map<string, Counts>();
  readonly #inNoQueue = noCounts();
  readonly #quarters: Filled[] = [];
  readonly #outcomes = new Map<string, number>();
  readonly #waitsMs: number[] = [];
  #contacts = new Map<ContactId, Followed>();
  readonly #renewal = new Renewal(RENEWED_AFTER);
  readonly #seats = new Map<AgentId, Seat>();
  #here = 0;
  #busy = 0;
  #seatsCountedToMs = 0;

  take(atMs: number, fact: RecordFact): void {
    switch (fact.fact) {
      case 'agentState':
        return this.#agent(atMs, fact.agent, fact.state, fact.contact);
      case 'contactOpened':
        // Our own calls came in from nobody.
        return fact.medium === 'voice' ? this.#opened(atMs, fact.contact) : undefined;
      case 'waitStarted':
        return this.#queued(this.#contacts.get(fact.contact), fact.queue, fact.enqueuedAtMs);
      case 'waitEnded':
        return fact.result === 'connected' ? this.#answered(atMs, this.#contacts.get(fact.contact)) : undefined;
      case 'callBackPromised':
        return this.#calledBack(this.#contacts.get(fact.contact));
      case 'talkStarted':
        return this.#talks(this.#contacts.get(fact.contact), atMs);
      case 'talkEnded':
        return this.#talked(this.#contacts.get(fact.contact), atMs);
      case 'contactClosed':
        return this.#closed(atMs, fact.contact, fact.outcome);
    }
  }

  /** Rises with each call that is answered or over. */
  get settled(): number {
    let closed = 0;
    for (const count of this.#outcomes.values()) closed += count;
    return closed + this.#waitsMs.length;
  }

  /** The figures of everything so far; seats are counted up to `atMs`. */
  figures(atMs: number): Figures {
    this.#countSeats(atMs);
    return {
      total: sumOfCounts(this.#quarters.map(({ counts }) => counts)),
      byQueue: this.#byQueue,
      quarters: this.#quarters.map(({ counts, fromMs, seatsMs, busyMs }) => ({ ...counts, fromMs, seatsMs, busyMs })),
      outcomes: this.#outcomes,
      waitsMs: Float64Array.from(this.#waitsMs).sort(),
    };
  }

  #opened(atMs: number, contact: ContactId): void {
    this.#countSeats(atMs);
    const { counts } = this.#quarter(atMs);
    counts.inbound += 1;
    if (this.#renewal.isDue(this.#contacts.size)) this.#contacts = new Map(this.#contacts);
    this.#contacts.set(contact, {
      inQuarter: counts,
      inQueue: this.#inNoQueue,
      enqueuedAtMs: null,
      answered: false,
      calledBack: false,
      talkFromMs: null,
      talkedMs: 0,
    });
  }

  #queued(followed: Followed | undefined, queue: string, enqueuedAtMs: number): void {
    if (followed === undefined || followed.enqueuedAtMs !== null) return;
    followed.enqueuedAtMs = enqueuedAtMs;
    let counts = this.#byQueue.get(queue);
    if (counts === undefined) {
      counts = noCounts();
      this.#byQueue.set(queue, counts);
    }
    counts.inbound += 1;
    counts.queued += 1;
    followed.inQuarter.queued += 1;
    followed.inQueue = counts;
  }

  #calledBack(followed: Followed | undefined): void {
    if (followed === undefined) return;
    followed.calledBack = true;
    followed.inQuarter.callbacks += 1;
    followed.inQueue.callbacks += 1;
  }

  #talks(followed: Followed | undefined, atMs: number): void {
    if (followed !== undefined) followed.talkFromMs = atMs;
  }

  #talked(followed: Followed | undefined, atMs: number): void {
    if (followed === undefined) return;
    followed.talkedMs += atMs - (followed.talkFromMs ?? atMs);
    followed.talkFromMs = null;
  }

  #answered(atMs: number, followed: Followed | undefined): void {
    if (followed === undefined || followed.answered) return;
    followed.answered = true;
    if (followed.calledBack) return;
    const waitedMs = atMs - (followed.enqueuedAtMs ?? atMs);
    this.#waitsMs.push(waitedMs);
    countAnswered(followed.inQuarter, waitedMs);
    countAnswered(followed.inQueue, waitedMs);
  }

  #closed(atMs: number, contact: ContactId, outcome: string): void {
    const followed = this.#contacts.get(contact);
    if (followed === undefined) return;
    this.#contacts.delete(contact);
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    countClosed(followed.inQuarter, atMs, followed, outcome);
    countClosed(followed.inQueue, atMs, followed, outcome);
  }

  #agent(atMs: number, agent: AgentId, state: AgentState, contact: ContactId | undefined): void {
    this.#countSeats(atMs);
    const seat = this.#seat(agent, atMs);
    if (seat.contact !== undefined) {
      const { inQuarter, inQueue } = seat.contact;
      inQuarter.handlingMs += atMs - seat.sinceMs;
      inQueue.handlingMs += atMs - seat.sinceMs;
    }
    this.#here += Number(isHere(state)) - Number(isHere(seat.state));
    this.#busy += Number(isBusy(state)) - Number(isBusy(seat.state));
    seat.state = state;
    seat.sinceMs = atMs;
    // Of a talk its own facts tell.
    seat.contact = contact === undefined || state !== 'wrapUp' ? undefined : this.#contacts.get(contact);
  }

  #seat(agent: AgentId, atMs: number): Seat {
    let seat = this.#seats.get(agent);
    if (seat === undefined) {
      seat = { state: 'offline', sinceMs: atMs, contact: undefined };
      this.#seats.set(agent, seat);
    }
    return seat;
  }

  #countSeats(toMs: number): void {
    let fromMs = this.#seatsCountedToMs;
    this.#seatsCountedToMs = toMs;
    if (toMs === fromMs || (this.#here === 0 && this.#busy === 0)) return;
    while (fromMs < toMs) {
      const quarter = this.#quarter(fromMs);
      const untilMs = Math.min(toMs, quarter.fromMs + QUARTER_MS);
      quarter.seatsMs += this.#here * (untilMs - fromMs);
      quarter.busyMs += this.#busy * (untilMs - fromMs);
      fromMs = untilMs;
    }
  }

  #quarter(atMs: number): Filled {
    const latest = this.#quarters.at(-1);
    if (latest !== undefined && atMs >= latest.fromMs && atMs < latest.fromMs + QUARTER_MS) return latest;
    const fromMs = Math.floor(atMs / QUARTER_MS) * QUARTER_MS;
    for (let last = this.#quarters.at(-1); last === undefined || last.fromMs < fromMs; last = this.#quarters.at(-1)) {
      const nextMs = last === undefined ? fromMs : last.fromMs + QUARTER_MS;
      this.#quarters.push({ fromMs: nextMs, counts: noCounts(), seatsMs: 0, busyMs: 0 });
    }
    return this.#quarters[(fromMs - this.#quarters[0]!.fromMs) / QUARTER_MS]!;
  }
}

function countAnswered(counts: Counts, waitedMs: number): void {
  counts.answered += 1;
  counts.waitedMs += waitedMs;
  if (waitedMs <= IN_TIME_MS) counts.answeredWithin15 += 1;
}

function countClosed(counts: Counts, atMs: number, of: Followed, outcome: string): void {
  if (of.answered) {
    counts.handled += 1;
    counts.handlingMs += of.talkedMs;
  } else if (outcome === 'abandonedInQueue' && !of.calledBack) {
    counts.abandoned += 1;
    if (atMs - (of.enqueuedAtMs ?? atMs) <= SHORT_ABANDON_MS) counts.abandonedShort += 1;
  } else if (outcome === 'ended' && of.enqueuedAtMs === null) counts.selfServed += 1;
}

function isHere(state: AgentState): boolean {
  return state !== 'offline' && state !== 'notReady';
}

function isBusy(state: AgentState): boolean {
  return isHere(state) && state !== 'ready';
}
