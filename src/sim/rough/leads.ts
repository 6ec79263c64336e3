import type { RecordFact } from '../../core/command.ts';
import type { EventBody } from '../../core/event.ts';
import { agentId, type ContactId } from '../../core/ids.ts';
import type { Clock } from '../clock.ts';
import type { LeadAct } from './scenario.ts';

type Supervise = Extract<LeadAct, { does: 'supervise' }>;

/** Those who lead: they see what is open, and ask. */
export class Leads {
  readonly #clock: Clock;
  readonly #ask: (event: EventBody) => void;
  readonly #open = new Set<ContactId>();
  readonly #talks = new Set<ContactId>();

  constructor(clock: Clock, ask: (event: EventBody) => void) {
    this.#clock = clock;
    this.#ask = ask;
  }

  begin(startMs: number, acts: readonly LeadAct[]): void {
    for (const act of acts) this.#clock.at(startMs + act.atMs, () => this.#do(act));
  }

  see(fact: RecordFact): void {
    if (fact.fact === 'contactOpened') this.#open.add(fact.contact);
    else if (fact.fact === 'contactClosed') this.#open.delete(fact.contact);
    else if (fact.fact === 'talkStarted') this.#talks.add(fact.contact);
    else if (fact.fact === 'talkEnded') this.#talks.delete(fact.contact);
  }

  #do(act: LeadAct): void {
    if (act.does === 'setMode') return this.#ask({ type: 'modeAsked', mode: act.mode, by: 'lead', reason: 'day' });
    if (act.does === 'force') {
      return this.#ask({
        type: 'agentStateAsked',
        agent: agentId(act.agent),
        state: act.state,
        reason: 'x',
        by: 'lead',
      });
    }
    const about = { supervise: this.#talks, mark: this.#talks, regrade: this.#open };
    const among = [...about[act.does]];
    const contact = among[act.nth % Math.max(among.length, 1)];
    if (contact === undefined) return;
    switch (act.does) {
      case 'supervise':
        return this.#supervise(act, contact);
      case 'mark':
        return this.#ask({ type: 'contactMarked', contact, sensitive: act.sensitive, by: 'lead' });
      case 'regrade':
        return this.#ask({ type: 'contactRegraded', contact, grade: act.grade, by: 'lead' });
    }
  }

  #supervise({ by: name, mode, thenMode, leavesAfterMs, sensitive }: Supervise, contact: ContactId): void {
    const by = agentId(name);
    const ask = (how: typeof mode) =>
      this.#ask({ type: 'supervisionAsked', contact, by, mode: how, reason: 'quality' });
    const quarterMs = Math.ceil(leavesAfterMs / 4);
    if (sensitive) {
      this.#ask({ type: 'contactMarked', contact, sensitive, by: 'lead' });
      const agreed = { type: 'supervisionApproved', contact, by: 'second', supervisor: by, mode } as const;
      this.#clock.after(quarterMs, () => this.#ask(agreed));
    }
    ask(mode);
    this.#clock.after(2 * quarterMs, () => ask(thenMode));
    this.#clock.after(leavesAfterMs, () => this.#ask({ type: 'supervisionLeft', contact, by }));
  }
}
