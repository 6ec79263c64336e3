import type { ContactCard, DeskView } from '../../core/desk-view.ts';
import type { ConversationView } from '../../core/view.ts';
import { HOME_SITE } from '../../lib/home-site.ts';
import { maskFrom, maskKey } from '../../lib/mask-number.ts';
import type { AgentItem, ContactItem, ConversationItem, SelfItem } from './messages.ts';

/** `card`: of the agent's contact, as it was last. */
export function agentItem(view: DeskView, card: ContactCard | undefined): AgentItem {
  const { contact, gone } = view;
  const item = {
    key: `agent/${view.agent}`,
    kind: 'agent',
    ...(gone === undefined ? {} : { gone }),
    ...fields(view),
  } as const;
  if (contact === undefined) return item;
  if (card?.contact !== contact) return { ...item, contact };
  const { unmarkAskedBy } = card;
  const sensitive = {
    ...(card.sensitive === true ? { sensitive: true as const } : {}),
    ...(unmarkAskedBy === undefined ? {} : { unmarkAskedBy }),
  };
  return { ...item, contact, from: maskFrom(card.from, false), line: card.line, ...sensitive };
}

export function selfItem(view: DeskView): SelfItem {
  return { key: 'self', kind: 'self', ...fields(view), sipUser: view.sipUser };
}

function fields(view: DeskView) {
  const { agent, number, site, state, reason, sinceMs, next, setBy, digitalFromMs, devices, skills } = view;
  return {
    agent,
    number,
    site: site ?? HOME_SITE,
    state,
    ...(reason === undefined ? {} : { reason }),
    sinceMs,
    next,
    ...(setBy === undefined ? {} : { setBy }),
    ...(digitalFromMs === undefined ? {} : { digitalFromMs }),
    devices,
    skills,
  };
}

/** One of the agent's chats and mails. `card`: of that contact. */
export function conversationItem(view: ConversationView, card: ContactCard | undefined): ConversationItem {
  const { contact, medium, state, sinceMs, token, untilMs } = view;
  return {
    key: `conversation/${contact}`,
    kind: 'conversation',
    contact,
    medium,
    state,
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(token === undefined ? {} : { token }),
    ...(untilMs === undefined ? {} : { untilMs }),
    ...(card === undefined
      ? {}
      : {
          from: maskKey(card.from),
          ...(card.fromName === '' ? {} : { fromName: card.fromName }),
          line: card.line,
          ...(card.wait === undefined ? {} : { queue: card.wait.queue }),
          arrivedAtMs: card.arrivedAtMs,
          ...(card.continues === undefined ? {} : { continues: card.continues }),
        }),
  };
}

/** Undefined when the agent has none. `card`: of that contact, as it was last. */
export function contactItem(view: DeskView, card: ContactCard | undefined): ContactItem | undefined {
  const { contact, state, sinceMs, offerUntilMs, gapUntilMs, talkSinceMs, wrapUpUntilMs } = view;
  if (contact === undefined) return undefined;
  if (state !== 'ringing' && state !== 'talking' && state !== 'held' && state !== 'wrapUp') return undefined;
  return {
    key: 'contact',
    kind: 'contact',
    contact,
    phase: state,
    phaseSinceMs: sinceMs,
    ...(card?.contact === contact ? cardFields(card) : {}),
    ...(offerUntilMs === undefined ? {} : { offerUntilMs }),
    ...(gapUntilMs === undefined ? {} : { gapUntilMs }),
    ...(talkSinceMs === undefined ? {} : { talkSinceMs }),
    ...(wrapUpUntilMs === undefined ? {} : { wrapUpUntilMs }),
  };
}

function cardFields({
  medium,
  line,
  from,
  fromName,
  arrivedAtMs,
  wait,
  known,
  grade,
  missed,
  calledBy,
  partOf,
}: ContactCard): Partial<ContactItem> {
  return {
    medium,
    line,
    from: maskFrom(from, false),
    ...(fromName === '' ? {} : { fromName }),
    arrivedAtMs,
    ...(grade === undefined ? {} : { grade }),
    ...(known?.order === undefined ? {} : { order: known.order.no }),
    ...(known?.elder === undefined ? {} : { elder: known.elder }),
    ...(missed === undefined ? {} : { missed }),
    ...(calledBy === undefined ? {} : { calledBy }),
    ...(partOf === undefined ? {} : { partOf }),
    ...(wait === undefined ? {} : { queue: wait.queue, enqueuedAtMs: wait.enqueuedAtMs }),
  };
}
