import type { Due } from '../lib/due-heap.ts';
import type { AgentState, AlertName, ContactOutcome, SupervisionMode } from './command.ts';
import type { CallerKnown, Grade } from './event.ts';
import type { AgentId, CommandKey, ContactId, LegId, NodeId, OfferToken } from './ids.ts';
import type { Medium, Slot } from './medium.ts';
import type { Caller, MissedCall } from './remembered.ts';
import type { Seat } from './seat.ts';
import type { AgentSetting, Flow, Language, ModeName, RatingSetting, Settings } from './settings.ts';
import { emptyStanding, type Place, type Standing } from './standing.ts';
import type { STANDING } from './standing-key.ts';
import type { TalkedOf } from './talked-of.ts';

/**
 * Everything the core knows: plain data, changed by `step` alone. `standing` is derived from the rest and rebuilt when a snapshot is
 * read; nothing in it decides anything that the rest does not say.
 */
export interface State {
  /** 16 hex digits, drawn once when the journal was made. */
  readonly journalId: string;
  nowMs: number;
  /** The entry that was applied last. */
  seq: number;
  /** In force: `base` as the mode changes it. */
  settings: Settings | null;
  /** As loaded. */
  base: Settings | null;
  mode: Mode;
  nextToken: OfferToken;
  readonly nodes: Map<NodeId, Node>;
  contacts: Map<ContactId, Contact>;
  legs: Map<LegId, Leg>;
  readonly agents: Map<AgentId, Agent>;
  /** sipUser → device URI → registration. */
  readonly devices: Map<string, Map<string, Registration>>;
  /** Recordings asked for and not yet closed, by file. */
  readonly recordings: Map<string, Recording>;
  /** Calling number → what is remembered of it, longest unheard first. */
  readonly callers: Map<string, Caller>;
  /** Calling number → the call of it that was missed, and not yet made good (B1). */
  readonly missed: Map<string, MissedCall>;
  /** Site id → what a lead said of it; absent: open. */
  readonly sites: Map<string, SiteStatus>;
  /** Queue with a floor → how well it is answered. */
  readonly levels: Map<string, ServiceLevel>;
  /** Queue → how fast its places went lately. */
  readonly paces: Map<string, Pace>;
  /** Medium and reference → the digital contact of that name that closed last (W19), longest closed first. */
  readonly closed: Map<string, ClosedConversation>;
  /** What lasts too long now, by what it is and of whom (U1–U4). */
  readonly alerts: Map<string, Alert>;
  readonly standing: Standing;
}

export interface Alert {
  readonly alert: AlertName;
  readonly contact?: ContactId;
  readonly agent?: AgentId;
  /** Since when what is too long lasts. */
  readonly sinceMs: number;
  /** Who leads and has said that it was seen (U5), and when. */
  readonly seenBy?: string;
  readonly seenAtMs?: number;
}

export interface ClosedConversation {
  readonly contact: ContactId;
  /** Who had it last; null: nobody. */
  readonly agent: AgentId | null;
  /** Absent in older snapshots. */
  readonly askedFor?: AskedFor | undefined;
  /** Forgotten then. */
  readonly untilMs: number;
}

/** Queues of a digital contact, before hours put another one in their place (H3). */
export interface AskedFor {
  /** By the entry that its citizen chose; absent: not known any more. */
  readonly entry?: string | undefined;
  /** Where it was passed on to last (W10), else as it began. */
  readonly queue: string;
}

export interface Mode {
  readonly name: ModeName;
  readonly sinceMs: number;
  readonly by: string;
  /** Waits for a named person's word; null: none. */
  readonly proposed: ModeProposal | null;
  /** Rule of `modeRules` → since when it holds; null: it does not. */
  readonly holdsSinceMs: readonly (number | null)[];
}

export interface ModeProposal {
  readonly mode: ModeName;
  readonly atMs: number;
  /** Since when no condition of it holds (M4); absent: one does. */
  readonly goneSinceMs?: number;
}

/** Of waits for which nobody was free. */
export interface Pace {
  /** Of the last waits that were answered, oldest first: their length ÷ places, ms. */
  placeMs: readonly number[];
  /** Waits that were foreseen and are over, and those of them that ended when they should. */
  inside: number;
  ended: number;
}

/** `draining`: nothing new, talks end as they do. `down`: what rings there is offered elsewhere at once. */
export type SiteStatus = 'open' | 'draining' | 'down';

/** Answers of the last 5 min, by slots of 10 s. */
export interface ServiceLevel {
  /** Unix ms / 10,000 → [answered within 15 s, ended waits]. */
  slots: [slot: number, within: number, all: number][];
  /** The floor is kept: its agents may serve others. */
  kept: boolean;
}

export interface Node {
  /** Surveyed, and the link not lost since. */
  live: boolean;
  bootId: string | null;
}

export interface Contact {
  readonly id: ContactId;
  /** `callback`: begun by us, for a call that was missed. */
  readonly medium: Medium;
  /** The agent who placed it (Y1–Y5). */
  readonly calledBy?: AgentId | undefined;
  /** A call beside this conversation: the same contact to everybody (Y6, W15). */
  readonly partOf?: ContactId | undefined;
  /** The citizen's leg; the last one, when there is none now (K4). `NO_LEG` of a digital contact. */
  leg: LegId;
  /** `NO_NODE` of a digital contact. */
  readonly node: NodeId;
  readonly from: string;
  readonly fromName: string;
  readonly dialled: string;
  /** First diverting number. */
  readonly diversion?: string | undefined;
  /** Of a digital contact: its name outside, one of those open (W1). */
  readonly reference?: string | undefined;
  /** The closed one that it goes on from (W19, W20). */
  readonly continues?: ContactId | undefined;
  /** Absent: no digital contact, or of an older snapshot. */
  askedFor?: AskedFor | undefined;
  readonly openedAtMs: number;
  /** Of the number, when it called. */
  readonly known?: CallerKnown | undefined;
  /** Who should have it (G3, G4). */
  grade?: Grade | undefined;
  /** Where it goes without a key, who calls again within the day (G2). */
  before?: QueueBefore | undefined;
  /** Of the queue it entered last (F10). Absent: Chinese. */
  language?: Language | undefined;
  stage: Stage;
  /** Open legs, the citizen's among them. */
  legs: LegId[];
  /** Agents that had this contact and did not take it. */
  excluded: Exclusion[];
  /** Files of open recordings. */
  recordings: string[];
  recordingsMade: number;
  /** An agent and the citizen have heard each other. */
  spoke: boolean;
  /** Calls that are open beside this conversation (Y6, W15); absent: none ever. */
  callsBeside?: number | undefined;
  /** Who hears the talk besides the two, or is about to (V1–V7). */
  supervision?: Supervision | undefined;
  /** A lead said so: nobody hears it alone (V5). */
  sensitive?: boolean | undefined;
  /** Who would have the mark gone; waits for a second person, too. */
  unmarkAskedBy?: string | undefined;
  /** What became of the offer to be called back (K1–K6); absent: not offered, or over. */
  callBack?: CallBack | undefined;
  /** The number at which a call-back has reached the citizen (K5). */
  reachedAt?: string | undefined;
  [STANDING]?: Place | undefined;
}

/** The queue of a number's last call, and what its next one has ahead of others there. */
export interface QueueBefore {
  readonly queue: string;
  readonly headStartMs: number;
}

export interface Supervision {
  readonly by: AgentId;
  readonly mode: SupervisionMode;
  /** Of this mode. */
  readonly reason: string;
  /** `asked`: waits for a second person. */
  readonly step: 'asked' | 'ringing' | 'on';
  /** The supervisor's, still open. */
  readonly legs: readonly LegId[];
  /** The one of them that has answered. */
  readonly leg: LegId | null;
  /** The last command that says who hears whom. */
  readonly key: CommandKey | null;
  /** Of `asked`, `ringing`, and a take-over that the switch has not reported. */
  readonly untilMs: number | null;
  /** The second person. */
  readonly approvedBy?: string;
  /** A mode by which more would hear the supervisor: waits for a second person, too, until `untilMs`. `reason`: absent in older snapshots. */
  readonly wanted?: { readonly mode: SupervisionMode; readonly reason?: string; readonly untilMs: number };
}

export interface CallBack {
  readonly step: 'offered' | 'confirm' | 'number' | 'promised';
  /** Typed so far. */
  readonly digits: string;
  readonly wrong: number;
  /** To be dialled, once promised. */
  readonly number: string;
  /** Times that it was dialled in vain. */
  readonly tries: number;
  /** The last words to the caller. */
  readonly key: CommandKey | null;
}

export interface Exclusion {
  readonly agent: AgentId;
  readonly untilMs: number;
}

export type Stage =
  /** No rules are loaded yet: the caller hears ringing. */
  | { readonly in: 'arrived'; readonly untilMs: number }
  | { readonly in: 'answering'; readonly flow: string; readonly untilMs: number }
  /** `key` is the prompt or the question under way; `wrong` counts keys that meant nothing. */
  | {
      readonly in: 'menu';
      readonly flow: Flow;
      readonly step: string;
      readonly wrong: number;
      /** Times that the caller asked to hear it again; absent: none. */
      readonly again?: number;
      readonly key: CommandKey;
      readonly untilMs: number;
    }
  | {
      readonly in: 'queue';
      readonly wait: Wait;
      /** The next moment at which something may be said. */
      readonly announceAtMs: number;
      /** Of those who hear messages (Q21): when the place is next; absent: `announceAtMs`. */
      readonly placeAtMs?: number | undefined;
      /** Of those as well: what was due by then has been said. */
      readonly toldAtMs?: number | undefined;
      readonly offer: Offer | null;
    }
  /** K8: the queue is full; asked whether to be called back. */
  | { readonly in: 'deflecting'; readonly wait: Wait; readonly key: CommandKey; readonly untilMs: number }
  /** Y2: the agent's own phone rings for a call that the agent places. */
  | {
      readonly in: 'placing';
      readonly wait: Wait;
      readonly agent: AgentId;
      readonly rings: readonly LegId[];
      readonly untilMs: number;
    }
  /** K5, Y3: the agent's phone is answered, the citizen's rings. */
  | (Pair & { readonly in: 'dialling'; readonly wait: Wait; readonly untilMs: number })
  /** K6: until the next try. */
  | { readonly in: 'pausing'; readonly wait: Wait; readonly untilMs: number }
  /** The agent's phone is answered, the bridge asked for and not yet reported. */
  | (Pair & { readonly in: 'connecting'; readonly wait: Wait; readonly key: CommandKey; readonly untilMs: number })
  /** `rejoinAtMs`: the bridge came apart with both legs alive; when to join them again. */
  | (Pair & {
      readonly in: 'talk';
      readonly wait: Wait;
      readonly held: boolean;
      readonly rejoinAtMs: number | null;
      readonly rejoins: number;
    })
  /** W8: a digital contact is an agent's. `untilMs`: the citizen has left it, the notes end then; null: it goes on. */
  | {
      readonly in: 'conversation';
      readonly wait: Wait;
      readonly agent: AgentId;
      readonly untilMs: number | null;
      /** Absent: taken before anybody counted; from the next word on. */
      readonly idle?: Idle;
    }
  /** T8: the agent's phone was lost in a talk; the caller hears music until one of the seat's phones has it again. */
  | {
      readonly in: 'parted';
      readonly wait: Wait;
      readonly agent: AgentId;
      /** The entry that began it. */
      readonly seq: number;
      readonly untilMs: number;
      readonly rings: readonly ReturnRing[];
      /** A ring failed: when the seat is rung again. */
      readonly retryAtMs: number | null;
      /** A phone is there again; the bridge is asked for, until when. */
      readonly joining: { readonly leg: LegId; readonly untilMs: number } | null;
    }
  /** The agent has hung up; the caller is asked what the service was worth. `wrong`: keys that meant nothing. */
  | {
      readonly in: 'rating';
      readonly of: AgentId;
      readonly asked: RatingSetting;
      readonly wrong: number;
      readonly key: CommandKey;
      readonly untilMs: number;
    }
  /** The last words before the end. */
  | { readonly in: 'goodbye'; readonly outcome: ContactOutcome; readonly key: CommandKey; readonly untilMs: number }
  /** Over; open until the last leg and recording are. */
  | { readonly in: 'closing'; readonly outcome: ContactOutcome; readonly recordingByMs: number | null };

/** Kept through offers, talks and returns to the queue. */
export interface Wait {
  readonly queue: string;
  /** Never reset. */
  readonly enqueuedAtMs: number;
  /** Counts as time already waited (Q17). */
  readonly headStartMs: number;
  /** Of those, what was waited in calls that were given up (C2); absent: none. */
  readonly waitedBeforeMs?: number | undefined;
  /** Name of the plan; empty: the queue's own. */
  readonly plan: string;
  /** The flow's plan, and its head start where that is below 0, whatever the grade says (G4); absent: `plan`, unless graded, and 0. */
  readonly ungraded?: Ungraded | undefined;
  /** Name of what is said meanwhile (Q21); absent: the queue's own. */
  readonly messages?: string | undefined;
  /** Step of the plan that holds (Q11); -1: none begun. */
  readonly step: number;
  /** Who had this caller last. */
  readonly lastAgent: AgentId | null;
  /** Whose phone was lost in the talk: first to have the caller again, when it is back (T10). */
  readonly returnTo?: AgentId | undefined;
  /** At the entry, when nobody was free: how many stood ahead, and how long it was likely to last. */
  readonly foreseen?: Foreseen | undefined;
}

export interface Foreseen {
  readonly atMs: number;
  readonly ahead: number;
  readonly lowMs?: number;
  readonly highMs?: number;
}

export interface Ungraded {
  readonly plan: string;
  readonly headStartMs: number;
}

/** W16–W18: whose word is waited for in a conversation, and since when. */
export interface Idle {
  readonly awaits: 'citizen' | 'agent';
  readonly sinceMs: number;
  /** The number of the last reply. */
  readonly reply?: number;
  readonly remindedAtMs?: number;
  /** Neither reminded nor closed before. */
  readonly notBeforeMs?: number;
}

export interface Pair {
  readonly agent: AgentId;
  readonly agentLeg: LegId;
}

/** One phone that rings for a talk it may take up again. */
export interface ReturnRing {
  readonly leg: LegId;
  readonly device: string;
}

export interface Offer {
  readonly token: OfferToken;
  readonly agent: AgentId;
  readonly leaseUntilMs: number;
  /** Rings still open. */
  readonly legs: readonly LegId[];
  /** A device said busy. */
  readonly busy: boolean;
}

export interface Leg {
  readonly id: LegId;
  readonly node: NodeId;
  readonly contact: ContactId;
  role: 'citizen' | 'agent' | 'supervisor';
  readonly agent: AgentId | null;
  readonly token: OfferToken;
  /** Key of the `ring` that made it; empty for a citizen's leg. */
  readonly ringKey: string;
  answered: boolean;
  /** Told to end: when that must have happened. */
  endByMs: number | null;
  [STANDING]?: Due | undefined;
}

export interface Agent {
  readonly id: AgentId;
  /** What the agent asked for; a call under way is finished first. */
  wish: 'ready' | 'notReady' | 'offline';
  /** Reason of `notReady` or `offline`, empty when none. */
  reason: string;
  /** P8: the wish is not the agent's own. */
  setBy?: { readonly by: string; readonly reason: string } | undefined;
  idleSinceMs: number;
  /** No offer before. */
  notBeforeMs: number;
  /** Offers in a row that were not taken. */
  misses: number;
  /** The call, or what is left of it to do. */
  work: Work | null;
  /** W2: digital contacts, one of them offered at most (W6). */
  conversations: readonly Conversation[];
  /** No digital offer before. */
  deskNotBeforeMs: number;
  /** Legs rung at this agent's phones that are not over. */
  legs: LegId[];
  reported: AgentState;
  reportedReason: string;
  reportedSinceMs: number;
  /** The seat, when it is gone from the rules before the call is over (P6). */
  was?: AgentSetting | undefined;
  [STANDING]?: Seat | undefined;
}

export type Work =
  | { readonly in: 'offer'; readonly contact: ContactId; readonly token: OfferToken }
  | { readonly in: 'talk'; readonly contact: ContactId; readonly held: boolean; readonly sinceMs: number }
  /** `of`: absent when an earlier version wrote it. */
  | { readonly in: 'wrapUp'; readonly contact: ContactId; readonly untilMs: number; readonly of?: TalkedOf };

export type Conversation =
  /** `firm`: not taken back for a call (W7). */
  | {
      readonly in: 'offer';
      readonly contact: ContactId;
      readonly slot: Slot;
      readonly token: OfferToken;
      readonly firm: boolean;
    }
  | { readonly in: 'talk'; readonly contact: ContactId; readonly slot: Slot; readonly sinceMs: number };

export interface Registration {
  readonly node: NodeId;
  readonly expiresAtMs: number;
}

export interface Recording {
  readonly contact: ContactId;
  readonly leg: LegId;
  /** Talk begun and ended, as the ledger counts; null: not yet. */
  talkFromMs: number | null;
  talkToMs: number | null;
}

export function initialState(journalId: string): State {
  return {
    journalId,
    nowMs: 0,
    seq: 0,
    settings: null,
    base: null,
    mode: { name: 'normal', sinceMs: 0, by: '', proposed: null, holdsSinceMs: [] },
    nextToken: 1,
    nodes: new Map(),
    contacts: new Map(),
    legs: new Map(),
    agents: new Map(),
    devices: new Map(),
    recordings: new Map(),
    callers: new Map(),
    missed: new Map(),
    sites: new Map(),
    levels: new Map(),
    paces: new Map(),
    closed: new Map(),
    alerts: new Map(),
    standing: emptyStanding(journalId),
  };
}
