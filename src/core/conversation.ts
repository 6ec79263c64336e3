import { callerOf, spokeWith } from './caller.ts';
import { askedAgain, closedOf, rememberClosed, takeClosed } from './closed.ts';
import { closeIfOver, closing } from './closing.ts';
import type { ContactOutcome, WaitResult } from './command.ts';
import { makeContact } from './contact.ts';
import { type Decision, nextContactId, note, setConversation, setStage } from './decision.ts';
import type {
  ConversationEnded,
  ConversationName,
  ConversationOpened,
  ConversationReturned,
  MessageArrived,
} from './event.ts';
import { exclude } from './exclusion.ts';
import { gradedEntry } from './grade.ts';
import { openQueue } from './hours.ts';
import { citizenWrote, remindCitizen } from './idle.ts';
import { type AgentId, type ContactId, NO_LEG, NO_NODE } from './ids.ts';
import { CONVERSATIONS_MAX, HEAD_START_MS_MAX, KEY_CHARS_MAX, NAME_CHARS_MAX } from './limits.ts';
import { isDigital, slotOf } from './medium.ts';
import { mediumRules } from './medium-rules.ts';
import { cancelOffer } from './offer.ts';
import { endWait, NEVER_MS, waitingIn } from './queue.ts';
import { queueOf } from './queue-of.ts';
import { conversationKey, lineOf } from './standing.ts';
import type { Agent, AskedFor, Contact, Stage, State, Wait } from './state.ts';
import { waiting } from './waiting.ts';

type Held = Extract<Stage, { in: 'conversation' }>;

/** W1: the same reference again is the same contact. */
export function openConversation(d: Decision, event: ConversationOpened): void {
  const known = openOf(d, event);
  if (known === undefined) open(d, event, event.headStartMs ?? 0);
  else citizenBack(d, known);
}

/** W14: what cannot be taken now is not lost, and comes again. */
export function messageArrived(d: Decision, event: MessageArrived): void {
  const known = openOf(d, event);
  if (event.left === true) return known && left(d, known, event.message);
  if (known !== undefined) citizenSpoke(d, known);
  const contact = known ?? open(d, event, 0);
  if (contact === undefined) return;
  const { message } = event;
  const opened = known === undefined ? ({ opened: true } as const) : {};
  note(d, 'W14', { do: 'record-fact', fact: 'messageTaken', contact: contact.id, message, ...opened });
}

/** W14, W9: in its order among the messages, so that neither one before it nor one behind it is taken for the other. */
function left(d: Decision, { id: contact }: Contact, message: number): void {
  note(d, 'W14', { do: 'record-fact', fact: 'messageTaken', contact, message });
  endConversation(d, { type: 'conversationEnded', contact, by: 'citizen', who: '' });
}

function openOf(d: Decision, name: ConversationName): Contact | undefined {
  const id = d.state.standing.conversationOf.get(conversationKey(name));
  return id === undefined ? undefined : d.state.contacts.get(id);
}

/** W1: nothing is opened for a queue that is not there or full, nor with too many open. W19: it may go on from one that is closed. */
function open(d: Decision, event: ConversationName, headStart: number): Contact | undefined {
  const { standing } = d.state;
  const askedFor = queueFor(d.state, event);
  if (askedFor === undefined || standing.conversationOf.size >= CONVERSATIONS_MAX) return undefined;
  const before = takeClosed(d, event);
  const contact = newContact(d, event, before === undefined ? 'W1' : 'W19', before?.contact, askedFor);
  const { queue } = openQueue(d, contact, { kind: 'queue', queue: askedFor.queue, prompts: [] });
  const headStartMs = Math.min(Math.max(0, headStart), HEAD_START_MS_MAX);
  const lastAgent = before?.agent ?? callerOf(d.state, contact.from)?.lastAgent ?? null;
  startWait(d, contact, { queue, enqueuedAtMs: d.state.nowMs, headStartMs, plan: '', step: -1, lastAgent }, 'W1');
  return contact;
}

/** W19: a queue that is full takes nothing from others: who would go on there comes by the entry's own. */
function queueFor(state: State, { medium, reference, queue: entry }: ConversationName): AskedFor | undefined {
  const again = askedAgain(state, entry, closedOf(state, { medium, reference }));
  const { waitingMax } = mediumRules(state, medium);
  return [again, { entry, queue: entry }].find(
    ({ queue }) => queueOf(state, queue) !== undefined && waitingIn(state, lineOf(queue, slotOf(medium))) < waitingMax,
  );
}

/** W9: by whom decides what it was. */
export function endConversation(d: Decision, { contact: id, by }: ConversationEnded): void {
  const contact = d.state.contacts.get(id);
  if (contact === undefined || !isDigital(contact.medium)) return;
  const { stage } = contact;
  if (stage.in === 'queue') {
    cancelOffer(d, contact, 'cancelled', 'W9');
    const [result, outcome] = UNSERVED[by];
    endWait(d, contact, stage.wait, result, 'W9');
    return close(d, contact, contact.spoke ? 'answered' : outcome, stage.wait.lastAgent);
  }
  if (stage.in !== 'conversation') return;
  if (by === 'agent') return finish(d, contact, stage, stage.untilMs === null ? 'agent' : 'citizen');
  if (stage.untilMs !== null) return;
  const { wrapUpMs } = mediumRules(d.state, contact.medium);
  if (wrapUpMs === 0) return finish(d, contact, stage, 'citizen');
  setStage(d, contact, { ...stage, untilMs: d.state.nowMs + wrapUpMs });
}

const UNSERVED: Readonly<Record<'citizen' | 'agent', readonly [WaitResult, ContactOutcome]>> = {
  citizen: ['abandoned', 'abandonedInQueue'],
  agent: ['ended', 'ended'],
};

/** W9: the citizen has left, and the agent has had time for notes. W17: or writes no more, after W16. */
export function conversationDue(d: Decision, contact: Contact, stage: Held): void {
  if (stage.untilMs !== null) finish(d, contact, stage, 'citizen');
  else if (!remindCitizen(d, contact, stage)) finish(d, contact, stage, 'idle', 'W17');
}

/** W10: to a queue, another one or its own, by its agent or a lead. */
export function returnConversation(d: Decision, { contact: id, queue }: ConversationReturned): void {
  const contact = d.state.contacts.get(id);
  if (contact === undefined || !isDigital(contact.medium) || queueOf(d.state, queue) === undefined) return;
  const { stage } = contact;
  passedOn(contact, queue);
  if (stage.in === 'conversation') {
    exclude(d, contact, stage.agent);
    return giveBack(d, contact, stage, queue, 'W10');
  }
  if (stage.in !== 'queue' || stage.wait.queue === queue) return;
  cancelOffer(d, contact, 'cancelled', 'W10');
  endWait(d, contact, stage.wait, 'moved', 'W10');
  startWait(d, contact, waitIn(d, contact, stage.wait, queue), 'W10');
}

/** W19: there it goes on. Given back to where it waits, it asks for what it asked for: by hours that may be another queue. */
function passedOn(contact: Contact, queue: string): void {
  const { stage, askedFor } = contact;
  if ('wait' in stage && stage.wait.queue !== queue) contact.askedFor = { ...askedFor, queue };
}

/** W11: an agent who is gone has nothing; everything is at its old place at once. */
export function leaveDesk(d: Decision, agent: Agent): void {
  for (const { contact: id } of agent.conversations) {
    const contact = d.state.contacts.get(id);
    if (contact?.stage.in === 'queue') cancelOffer(d, contact, 'rejected', 'O8');
    else if (contact?.stage.in === 'conversation') leave(d, contact, contact.stage);
  }
}

/** Nobody waits behind the notes of an agent who is gone. */
function leave(d: Decision, contact: Contact, stage: Held): void {
  if (stage.untilMs === null) giveBack(d, contact, stage, stage.wait.queue, 'W11');
  else finish(d, contact, stage, 'citizen');
}

function giveBack(d: Decision, contact: Contact, stage: Held, queue: string, because: string): void {
  endTalk(d, contact, stage, 'returned', because);
  startWait(d, contact, waitIn(d, contact, stage.wait, queue), because);
}

/** In another queue by its own plan, and by the contact's grade (G3). */
function waitIn(d: Decision, contact: Contact, wait: Wait, queue: string): Wait {
  const { foreseen: _, ...kept } = wait;
  if (queue === wait.queue) return kept;
  const { ungraded: _own, ...anew } = kept;
  const entry = gradedEntry(d.state, contact, { kind: 'queue', queue, prompts: [] });
  return { ...anew, ...entry, queue, step: -1, lastAgent: null };
}

/** W1: opened again while the notes are written: it goes on. */
function citizenBack(d: Decision, contact: Contact): void {
  const { stage } = contact;
  if (stage.in === 'conversation' && stage.untilMs !== null) citizenSpoke(d, contact);
}

function citizenSpoke(d: Decision, contact: Contact): void {
  const { stage } = contact;
  if (stage.in === 'conversation') setStage(d, contact, { ...stage, untilMs: null, idle: citizenWrote(d, stage) });
}

export function startWait(d: Decision, contact: Contact, wait: Wait, because: string): void {
  const { queue, enqueuedAtMs } = wait;
  note(d, because, { do: 'record-fact', fact: 'waitStarted', contact: contact.id, queue, enqueuedAtMs });
  setStage(d, contact, waiting(wait, null, NEVER_MS));
}

function finish(
  d: Decision,
  contact: Contact,
  stage: Held,
  endedBy: 'citizen' | 'agent' | 'idle',
  because = 'W9',
): void {
  endTalk(d, contact, stage, endedBy, because);
  close(d, contact, 'answered', stage.agent);
}

function endTalk(
  d: Decision,
  contact: Contact,
  stage: Held,
  endedBy: 'citizen' | 'agent' | 'returned' | 'idle',
  because: string,
): void {
  note(d, because, { do: 'record-fact', fact: 'talkEnded', contact: contact.id, agent: stage.agent, endedBy });
  spokeWith(d, contact, stage.agent, stage.wait.queue);
  const agent = d.state.agents.get(stage.agent);
  if (agent === undefined) return;
  agent.idleSinceMs = d.state.nowMs;
  setConversation(d, agent, contact.id, null);
}

function close(d: Decision, contact: Contact, outcome: ContactOutcome, agent: AgentId | null): void {
  rememberClosed(d, contact, agent);
  closing(d, contact, outcome);
  closeIfOver(d, contact);
}

export function newContact(
  d: Decision,
  event: ConversationName,
  because: string,
  continues: ContactId | undefined,
  askedFor: AskedFor,
): Contact {
  const { medium } = event;
  const fromName = (event.fromName ?? '').slice(0, NAME_CHARS_MAX);
  const contact = makeContact({
    id: nextContactId(d),
    medium,
    leg: NO_LEG,
    node: NO_NODE,
    from: event.from.slice(0, KEY_CHARS_MAX),
    fromName,
    dialled: (event.to ?? '').slice(0, KEY_CHARS_MAX),
    reference: event.reference,
    continues,
    askedFor,
    openedAtMs: d.state.nowMs,
    stage: { in: 'closing', outcome: 'refused', recordingByMs: null },
  });
  d.state.contacts.set(contact.id, contact);
  d.state.standing.conversationOf.set(conversationKey(contact), contact.id);
  note(d, because, {
    do: 'record-fact',
    fact: 'contactOpened',
    contact: contact.id,
    medium,
    from: contact.from,
    fromName: fromName === '' ? undefined : fromName,
    dialled: contact.dialled,
    flow: '',
    reference: event.reference,
    continues,
  });
  return contact;
}
