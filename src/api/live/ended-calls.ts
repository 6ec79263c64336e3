import type { Command, RecordFact } from '../../core/command.ts';
import type { ContactCard, DeskView } from '../../core/desk-view.ts';
import type { AgentId, ContactId } from '../../core/ids.ts';
import { maskFrom } from '../../lib/mask-number.ts';
import type { EndedItem } from './messages.ts';

interface Seen {
  readonly view: DeskView;
  readonly card: ContactCard | undefined;
}

/** How agents' last calls came to an end that nobody at the seat brought about. One an agent, until the next call. */
export class EndedCalls {
  readonly #of = new Map<AgentId, EndedItem>();
  /** Calls that agents have placed, while their own phones ring for them. */
  readonly #placing = new Map<ContactId, { readonly agent: AgentId; readonly number: string }>();

  /**
   * @param seen agents as they were before this command.
   * @param waits whether the contact stands in a queue now.
   * @returns whose call it was.
   */
  hear(
    command: Command,
    atMs: number,
    seen: ReadonlyMap<AgentId, Seen>,
    waits: (contact: ContactId) => boolean,
  ): AgentId | undefined {
    if (command.do !== 'record-fact') return undefined;
    if (command.fact === 'contactOpened' || command.fact === 'legAnswered' || command.fact === 'contactClosed')
      return this.#placed(command, atMs);
    if (command.fact === 'callBackFailed') {
      const { contact, cause } = command;
      const found = [...seen.values()].find(({ view }) => view.contact === contact);
      return found && this.#keep(found, { contact, how: 'unreached', cause, atMs });
    }
    if (command.fact !== 'talkEnded' || command.endedBy !== 'fault' || !waits(command.contact)) return undefined;
    const found = seen.get(command.agent);
    return found && this.#keep(found, { contact: command.contact, how: 'returned', atMs });
  }

  of({ agent, contact, state }: DeskView): EndedItem | undefined {
    if (contact !== undefined && state !== 'wrapUp') this.#of.delete(agent);
    return this.#of.get(agent);
  }

  /** Y2, Y3: the own phone is the first that answers; a call that is over before that was taken up by none. */
  #placed(
    fact: Extract<RecordFact, { fact: 'contactOpened' | 'legAnswered' | 'contactClosed' }>,
    atMs: number,
  ): AgentId | undefined {
    const { contact } = fact;
    if (fact.fact === 'contactOpened') {
      if (fact.calledBy !== undefined) this.#placing.set(contact, { agent: fact.calledBy, number: fact.from });
      return undefined;
    }
    const placing = this.#placing.get(contact);
    this.#placing.delete(contact);
    if (placing === undefined || fact.fact !== 'contactClosed' || fact.outcome !== 'ended') return undefined;
    const from = maskFrom(placing.number, false);
    this.#of.set(placing.agent, { key: 'ended', kind: 'ended', contact, how: 'ownPhone', from, atMs });
    return placing.agent;
  }

  #keep({ view, card }: Seen, ended: Omit<EndedItem, 'key' | 'kind'>): AgentId {
    const from = card?.contact === ended.contact ? { from: maskFrom(card.from, false) } : {};
    this.#of.set(view.agent, { key: 'ended', kind: 'ended', ...ended, ...from });
    return view.agent;
  }
}
