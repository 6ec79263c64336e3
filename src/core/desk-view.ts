import { goesOnFrom } from './closed.ts';
import { hasNobody, isPromised } from './contact.ts';
import type { CallerKnown, Grade } from './event.ts';
import type { AgentId, ContactId } from './ids.ts';
import { isDigital, type Medium } from './medium.ts';
import { effectiveSinceMs } from './standing.ts';
import type { Contact, State } from './state.ts';
import { type SupervisionView, supervisionOf } from './talk-view.ts';
import type { TalkedOf } from './talked-of.ts';
import { type AgentView, agentView } from './view.ts';

/** An agent with the instants of what is under way. Values, made afresh. */
export interface DeskView extends AgentView {
  /** Of an offer. Unix time, ms, as the others. */
  readonly offerUntilMs?: number;
  readonly talkSinceMs?: number;
  /** The phone was lost in a talk: until when it may come back. */
  readonly gapUntilMs?: number;
  readonly wrapUpUntilMs?: number;
  /** Of a wrap-up: what is known of its contact when that is over. */
  readonly card?: ContactCard;
}

/** A contact that is not over, in one piece. */
export interface ContactCard {
  readonly contact: ContactId;
  /** `callback`: kept for a citizen who has hung up and will be dialled. */
  readonly medium: Medium;
  readonly line: string;
  readonly from: string;
  readonly fromName: string;
  readonly arrivedAtMs: number;
  readonly known?: CallerKnown;
  readonly grade?: Grade;
  /** Begun by us for a call that was missed. */
  readonly missed?: true;
  /** Begun by this agent. */
  readonly calledBy?: AgentId;
  /** Beside this conversation. */
  readonly partOf?: ContactId;
  /** The closed conversation that it goes on from. */
  readonly continues?: ContactId;
  readonly wait?: {
    readonly queue: string;
    readonly enqueuedAtMs: number;
    /** `enqueuedAtMs` less head starts: the order of the queue. */
    readonly orderMs: number;
  };
  /** A call that stands in its queue now, its phone ringing or not, or is kept for another try (K6). */
  readonly waiting: boolean;
  /** It stands there without anybody who waits (B3). */
  readonly nobody?: true;
  /** Whose phone rings for it, or who has it. */
  readonly agent?: AgentId;
  /** Heard only with a second person's word (V5). */
  readonly sensitive?: true;
  /** Who would have that mark gone, and waits for a second person. */
  readonly unmarkAskedBy?: string;
  /** Who hears the talk, or is about to. */
  readonly supervision?: SupervisionView;
}

export function deskView(state: State, id: AgentId): DeskView | undefined {
  const view = agentView(state, id);
  const work = state.agents.get(id)?.work;
  if (view === undefined || work === null || work === undefined) return view;
  switch (work.in) {
    case 'offer': {
      const stage = state.contacts.get(work.contact)?.stage;
      if (stage?.in === 'placing') return { ...view, offerUntilMs: stage.untilMs };
      const offer = stage?.in === 'queue' ? stage.offer : null;
      return offer === null ? view : { ...view, offerUntilMs: offer.leaseUntilMs };
    }
    case 'talk': {
      const stage = state.contacts.get(work.contact)?.stage;
      const gap = stage?.in === 'parted' && stage.joining === null ? { gapUntilMs: stage.untilMs } : {};
      return { ...view, talkSinceMs: work.sinceMs, ...gap };
    }
    case 'wrapUp': {
      const { contact, untilMs, of } = work;
      const since = of?.talkSinceMs === undefined ? {} : { talkSinceMs: of.talkSinceMs };
      return { ...view, wrapUpUntilMs: untilMs, ...since, ...(of === undefined ? {} : { card: cardOf(contact, of) }) };
    }
  }
}

/** Of a contact, and of the notes after it: with whom, and how it began. */
function beginningOf(
  of: Pick<Contact, 'from' | 'fromName' | 'dialled' | 'openedAtMs' | 'medium' | 'calledBy' | 'partOf'>,
) {
  const { from, fromName, dialled, openedAtMs, medium, calledBy, partOf } = of;
  return {
    ...{ line: dialled, from, fromName, arrivedAtMs: openedAtMs },
    ...(medium === 'callback' && calledBy === undefined ? { missed: true as const } : {}),
    ...(calledBy === undefined ? {} : { calledBy }),
    ...(partOf === undefined ? {} : { partOf }),
  };
}

function cardOf(contact: ContactId, of: TalkedOf): ContactCard {
  const { medium, queue, enqueuedAtMs } = of;
  const wait = { queue, enqueuedAtMs, orderMs: enqueuedAtMs };
  return { contact, medium, ...beginningOf(of), wait, waiting: false };
}

export function contactCard(state: State, id: ContactId): ContactCard | undefined {
  const contact = state.contacts.get(id);
  if (contact === undefined) return undefined;
  const { stage } = contact;
  const agent = agentOf(contact);
  return {
    contact: id,
    medium: isPromised(contact) ? 'callback' : contact.medium,
    ...beginningOf(contact),
    ...(contact.known === undefined ? {} : { known: contact.known }),
    ...(contact.grade === undefined ? {} : { grade: contact.grade }),
    ...goesOnFrom(contact.continues),
    ...('wait' in stage
      ? {
          wait: {
            queue: stage.wait.queue,
            enqueuedAtMs: stage.wait.enqueuedAtMs,
            orderMs: effectiveSinceMs(stage.wait),
          },
        }
      : {}),
    waiting:
      !isDigital(contact.medium) && (stage.in === 'queue' || stage.in === 'connecting' || stage.in === 'pausing'),
    ...(hasNobody(contact) ? { nobody: true as const } : {}),
    ...(agent === undefined ? {} : { agent }),
    ...(contact.sensitive === true ? { sensitive: true as const } : {}),
    ...(contact.unmarkAskedBy === undefined ? {} : { unmarkAskedBy: contact.unmarkAskedBy }),
    ...supervisionOf(contact),
  };
}

function agentOf({ stage }: Contact): AgentId | undefined {
  if (stage.in === 'queue') return stage.offer?.agent;
  return 'agent' in stage ? stage.agent : undefined;
}
