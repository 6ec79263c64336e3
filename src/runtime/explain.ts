import type { CandidateKey, Candidates } from '../core/decision.ts';
import type { Event } from '../core/event.ts';
import type { AgentId, ContactId, LegId, OfferToken } from '../core/ids.ts';
import { isDigital, type Medium } from '../core/medium.ts';
import type { Contact } from '../core/state.ts';
import { maskKey } from '../lib/mask-number.ts';
import type { Entry } from './entry.ts';
import { type Replayed, replayed, sameCommands } from './replay.ts';
import { type Said, tellCommand, tellEvent } from './tell.ts';
import { tellDigital } from './tell-digital.ts';
import { tellWhyChosen, tellWhyNot } from './tell-offer.ts';
import { tellWithdrawn } from './tell-withdrawn.ts';
import { type Topic, topicOf } from './topic.ts';

/** Longest life told: about fifty returns to the queue. */
export const EXPLANATION_MAX = 1_000;

/** The life of one contact, as the journal has it. Calling numbers are masked, names and keys pressed in a talk left out. */
export interface Explanation {
  readonly contact: ContactId;
  readonly from: string;
  readonly entries: readonly ExplainedEntry[];
  /** True when there is more than `EXPLANATION_MAX` entries: the first ones are told. */
  readonly cut: boolean;
}

export interface ExplainedEntry {
  readonly seq: number;
  readonly atMs: number;
  readonly event: { readonly type: Event['type'] } & Said;
  readonly decisions: readonly ExplainedDecision[];
  readonly offers: readonly ExplainedOffer[];
  /** Today's rules decide this entry otherwise: what was written then is told, without its rules. */
  readonly otherwiseToday?: true;
}

/** `rule`: its number in src/core/RULES.md. */
export interface ExplainedDecision extends Said {
  readonly rule: string;
  readonly topic: Topic;
}

/** Who was offered the contact and why, and who else was free: at most 20, idle longest first; of each the parts of the key that orders them. */
export interface ExplainedOffer {
  readonly chosen: AgentId;
  readonly key: CandidateKey;
  /** Of the contact's plan, from 1. */
  readonly step: number;
  readonly why: Said;
  /** How long the contact had waited by then, head start included, ms. */
  readonly waitedMs: number;
  readonly others: readonly (CandidateKey & { readonly agent: AgentId; readonly rule: string } & Said)[];
}

/** What has been learnt of the contact while reading. */
interface Following {
  readonly id: ContactId;
  readonly legs: Set<LegId>;
  readonly agents: Set<AgentId>;
  /** Of its own offers, in order: people count those of a contact, not those of all time. */
  readonly offers: OfferToken[];
  found: boolean;
  node: string;
  from: string;
  medium: Medium;
  over: boolean;
}

/** `C0000000042-9f86d0`, `C0000000042.1-9f86d0`: the number is that of the entry which opened it. */
const ID = /^C(\d{10,15})(?:\.\d{1,6})?-[0-9a-f]{6}$/;

/**
 * Everything that happened to one contact and the rule behind each decision, decided again from the journal.
 *
 * @param untilSeq the loop's `durableSeq` while it runs.
 * @returns undefined when the journal knows no such contact.
 * @throws JournalError `corrupt`.
 */
export async function explainContact(
  folder: string,
  id: ContactId,
  untilSeq = Infinity,
): Promise<Explanation | undefined> {
  const openedBy = Number(ID.exec(id)?.[1] ?? Number.NaN);
  if (!(openedBy <= untilSeq)) return undefined;
  const following: Following = {
    id,
    legs: new Set(),
    agents: new Set(),
    offers: [],
    found: false,
    node: '',
    from: '',
    medium: 'voice',
    over: false,
  };
  const entries: ExplainedEntry[] = [];
  for await (const step of replayed(folder, true, { fromSeq: openedBy, untilSeq })) {
    if (step.entry.seq < openedBy) continue;
    const told = follow(following, step);
    if (!following.found) return undefined;
    if (told !== undefined && entries.length === EXPLANATION_MAX) return { ...whole(following, entries), cut: true };
    if (told !== undefined) entries.push(told);
    if (following.over) break;
  }
  return entries.length === 0 ? undefined : whole(following, entries);
}

function whole({ id, from }: Following, entries: readonly ExplainedEntry[]): Explanation {
  return { contact: id, from: maskKey(from), entries, cut: false };
}

/** @returns undefined when the entry is not about the contact. */
function follow(following: Following, { entry, decision }: Replayed): ExplainedEntry | undefined {
  const concerned = concerns(following, entry.event);
  learn(following, entry, decision.state.contacts.get(following.id));
  const same = sameCommands(entry.commands, decision.commands);
  const decisions = entry.commands.flatMap((command, index) => {
    if (!isAbout(following, command)) return [];
    const rule = same ? decision.because[index]! : '-';
    return [{ rule, topic: topicOf(command), ...tellBy(following, command, rule) }];
  });
  if (!concerned && !concerns(following, entry.event) && decisions.length === 0) return undefined;
  return {
    seq: entry.seq,
    atMs: entry.atMs,
    event: { type: entry.event.type, ...tellEvent(counted(following, entry.event)) },
    decisions,
    offers: (decision.candidates ?? [])
      .filter(({ contact }) => contact === following.id)
      .map((candidates) => tellOffer(candidates, isDigital(following.medium))),
    ...(same ? {} : { otherwiseToday: true as const }),
  };
}

function learn(
  following: Following,
  entry: Entry,
  now: Pick<Contact, 'from' | 'medium' | 'node' | 'legs'> | undefined,
): void {
  if (now !== undefined) {
    following.found = true;
    following.from = now.from;
    following.medium = now.medium;
    following.node = now.node;
    for (const leg of now.legs) following.legs.add(leg);
  }
  following.agents.clear();
  for (const command of entry.commands) {
    if (command.do !== 'record-fact' || !('contact' in command) || command.contact !== following.id) continue;
    if (command.fact === 'contactOpened') {
      following.found = true;
      following.from = command.from;
      following.medium = command.medium;
    }
    if (command.fact === 'legOpened') {
      following.legs.add(command.leg);
      following.node = command.node;
    }
    if (command.fact === 'offerMade') following.offers.push(command.token);
    if (command.fact === 'contactClosed') following.over = true;
    if (command.fact === 'offerEnded' || command.fact === 'talkEnded') following.agents.add(command.agent);
  }
}

function concerns({ id, legs, node, over }: Following, event: Event): boolean {
  if (event.type === 'nodeLost') return event.node === node && !over;
  if ('contact' in event) return event.contact === id;
  return 'leg' in event && legs.has(event.leg);
}

/** An agent's new state belongs to the story when this contact brought it about. */
function isAbout({ id, legs, agents }: Following, command: Entry['commands'][number]): boolean {
  if (command.do !== 'record-fact') return legs.has(command.leg);
  if (!('contact' in command)) return command.fact === 'agentState' && agents.has(command.agent);
  if (command.contact === id) return true;
  return command.fact === 'agentState' && command.contact === undefined && agents.has(command.agent);
}

function tellBy(following: Following, command: Entry['commands'][number], rule: string): Said {
  if (command.do !== 'record-fact') return tellCommand(command);
  const { medium } = following;
  const fact = counted(following, command);
  return (isDigital(medium) ? tellDigital(fact, medium) : tellWithdrawn(fact, rule)) ?? tellCommand(fact);
}

/** An offer by how manieth of the contact it is. */
function counted<Told extends object>({ offers }: Following, told: Told): Told {
  const nth = 'token' in told ? offers.indexOf(told.token as OfferToken) + 1 : 0;
  return nth === 0 ? told : { ...told, token: nth };
}

function tellOffer({ chosen, key, step, others, waitedMs }: Candidates, digital: boolean): ExplainedOffer {
  return {
    chosen,
    key,
    step: step + 1,
    why: tellWhyChosen(
      others.map(({ because }) => because),
      digital,
    ),
    waitedMs,
    others: others.map(({ because, ...other }) => ({
      ...other,
      rule: because,
      ...tellWhyNot(because, digital),
    })),
  };
}
