import type { RecordFact } from '../../core/command.ts';
import type { ChannelEvent, ConversationEvent } from '../../core/event.ts';
import type { AgentId, ContactId } from '../../core/ids.ts';
import { Chance } from '../chance.ts';
import type { Clock } from '../clock.ts';
import type { AgentPlan, ConversationPlan } from './scenario.ts';

interface Open {
  readonly plan: ConversationPlan;
  /** Rises with every change: what was meant for an older one is void. */
  turn: number;
  given: boolean;
  agent?: AgentId;
}

/** Some citizens write again, and some agents take up again what is closed: so long after its end at most. */
const AGAIN_MS = 90_000;

/** Citizens who write, and agents at the part of the desk that is not the phone. */
export class Conversations {
  readonly #clock: Clock;
  readonly #seed: number;
  readonly #ask: (event: ConversationEvent | ChannelEvent) => void;
  readonly #habitsOf: (agent: AgentId) => AgentPlan;
  readonly #plans = new Map<string, ConversationPlan>();
  readonly #open = new Map<ContactId, Open>();
  readonly #again = new Set<string>();
  #messages = 0;

  constructor(
    clock: Clock,
    seed: number,
    ask: (event: ConversationEvent | ChannelEvent) => void,
    habitsOf: (agent: AgentId) => AgentPlan,
  ) {
    this.#clock = clock;
    this.#seed = seed;
    this.#ask = ask;
    this.#habitsOf = habitsOf;
  }

  begin(startMs: number, plans: readonly ConversationPlan[]): void {
    for (const plan of plans) {
      const { medium, queue, from, reference } = plan;
      this.#plans.set(reference, plan);
      this.#clock.at(startMs + plan.atMs, () =>
        this.#ask({ type: 'conversationOpened', medium, queue, from, reference }),
      );
    }
  }

  see(fact: RecordFact): void {
    if (fact.fact === 'contactOpened' && fact.reference !== undefined) {
      this.#open.set(fact.contact, { plan: this.#plans.get(fact.reference)!, turn: 0, given: false });
    }
    const open = 'contact' in fact && fact.contact !== undefined ? this.#open.get(fact.contact) : undefined;
    if (open === undefined || !('contact' in fact) || fact.contact === undefined) return;
    switch (fact.fact) {
      case 'waitStarted':
        return this.#later(open, open.plan.patienceMs, () => this.#end(fact.contact, 'citizen'));
      case 'offerMade':
        return this.#offered(open.plan, fact);
      case 'talkStarted':
        open.agent = fact.agent;
        this.#later(open, open.plan.talkMs, () => this.#over(fact.contact, open));
        return this.#write(fact.contact, open);
      case 'contactClosed':
        open.turn += 1;
        this.#open.delete(fact.contact);
        this.#goOn(fact.contact, open);
    }
  }

  /** The same agent does the same with the same conversation, however often it is offered. */
  #offered({ reference }: ConversationPlan, offer: Extract<RecordFact, { fact: 'offerMade' }>): void {
    const { agent, contact, token } = offer;
    const { answersAfterMs, declined, missed } = this.#habitsOf(agent);
    const u = new Chance(this.#seed, `${agent} ${reference}`).unit();
    if (u >= declined && u < declined + missed) return;
    this.#clock.after(answersAfterMs, () =>
      this.#ask({ type: 'offerAnswered', agent, contact, token, take: u >= declined }),
    );
  }

  /** Once for each conversation, of some. */
  #goOn(contact: ContactId, { plan, agent }: Open): void {
    const { medium, queue, from, reference } = plan;
    const chance = new Chance(this.#seed, `again ${reference}`);
    const name = { medium, queue, from, reference };
    const byWhom = chance.below(3);
    if (byWhom === 0 || this.#again.has(reference)) return;
    this.#again.add(reference);
    this.#clock.after(chance.below(AGAIN_MS), () => {
      if (byWhom === 1 || agent === undefined) this.#ask({ type: 'conversationOpened', ...name });
      else this.#ask({ type: 'conversationReopened', ...name, contact, agent });
    });
  }

  /** Agent and citizen write in turns, some of them for a while only. */
  #write(contact: ContactId, { plan, turn }: Open): void {
    const chance = new Chance(this.#seed, `words ${plan.reference} ${turn}`);
    const { medium, queue, from, reference } = plan;
    let afterMs = 0;
    for (let words = chance.below(6); words > 0; words -= 1) {
      const message = ++this.#messages;
      afterMs += chance.below(12_000);
      const isReply = chance.below(2) === 0;
      this.#clock.after(afterMs, () => {
        if (this.#open.get(contact)?.turn !== turn) return;
        if (isReply) this.#ask({ type: 'messageReplied', contact, message });
        else this.#ask({ type: 'messageArrived', message, medium, queue, from, reference });
      });
    }
  }

  #over(contact: ContactId, open: Open): void {
    // Whoever leaves writes no more: a word would bring the conversation back (W1).
    open.turn += 1;
    const { givenTo, endedBy } = open.plan;
    if (givenTo === undefined || open.given) return this.#end(contact, endedBy);
    open.given = true;
    this.#ask({ type: 'conversationReturned', contact, queue: givenTo, who: 'agent' });
  }

  #end(contact: ContactId, by: 'citizen' | 'agent'): void {
    this.#ask({ type: 'conversationEnded', contact, by, who: by });
  }

  #later(open: Open, delayMs: number, act: () => void): void {
    const turn = ++open.turn;
    this.#clock.after(delayMs, () => {
      if (open.turn === turn) act();
    });
  }
}
