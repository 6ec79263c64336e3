import type { AlertName, SupervisionMode } from './command.ts';
import type { AgentId, CommandKey, ContactId, LegId, NodeId, OfferToken } from './ids.ts';
import type { DigitalMedium } from './medium.ts';
import type { ModeName, Settings } from './settings.ts';

/** What the core hears. `atMs` is stamped by the loop (Unix time, ms, never falling); the core knows no other clock. */
export type Event = EventBody & { readonly atMs: number };

export type EventBody = SwitchEvent | RuntimeEvent | PeopleEvent | ConversationEvent | ChannelEvent;

/** From the process itself. */
export type RuntimeEvent =
  /** The core process started (again) on this journal: no switch has been surveyed yet. */
  | { readonly type: 'started' }
  /** A deadline that the core asked for has come. */
  | { readonly type: 'tick' }
  /** The city's rules, whole. Ignored when `settings.version` is the one in force. */
  | { readonly type: 'settingsLoaded'; readonly settings: Settings };

/** Of digital contacts, through the API. What does not fit what is there (an unknown contact, a call, an older token) changes nothing. */
export type ConversationEvent =
  | ConversationOpened
  | OfferAnswered
  | ConversationEnded
  | ConversationReturned
  | ConversationReopened;

/** From the channels. */
export type ChannelEvent = MessageArrived | MessageReplied;

/** A citizen wants something by a digital medium. */
export interface ConversationOpened extends ConversationName {
  readonly type: 'conversationOpened';
  /** Counts as time already waited, 0..3,600,000. */
  readonly headStartMs?: number;
}

/** A citizen wrote, and it is stored: opens a conversation, or goes on with the one of that name (W14). */
export interface MessageArrived extends ConversationName {
  readonly type: 'messageArrived';
  /** Its number in the inbox. */
  readonly message: number;
  /** It says that the citizen has left. */
  readonly left?: true;
}

/** What an agent wrote to the citizen of this contact is stored (W16). */
export interface MessageReplied {
  readonly type: 'messageReplied';
  readonly contact: ContactId;
  /** Its number; said again, or of an older one, it changes nothing. */
  readonly message: number;
}

export interface ConversationName {
  readonly medium: DigitalMedium;
  readonly queue: string;
  /** What the citizen is known by there: a verified number, an openid, an address. At most 128 characters. */
  readonly from: string;
  /** At most 64 characters. Never trusted. */
  readonly fromName?: string;
  /** The account or address that it came to, at most 128 characters. */
  readonly to?: string;
  /** Its name outside. With the medium it names one open contact, so that it may be said twice. At most 128 characters. */
  readonly reference: string;
}

/** An agent takes what was offered, or does not. */
export interface OfferAnswered {
  readonly type: 'offerAnswered';
  readonly agent: AgentId;
  readonly contact: ContactId;
  readonly token: OfferToken;
  readonly take: boolean;
}

export interface ConversationEnded {
  readonly type: 'conversationEnded';
  readonly contact: ContactId;
  /** `agent`: the one who has it, or a lead. */
  readonly by: 'citizen' | 'agent';
  /** Who asked for it, at most 64 characters. */
  readonly who: string;
}

export interface ConversationReturned {
  readonly type: 'conversationReturned';
  readonly contact: ContactId;
  readonly queue: string;
  /** Who asked for it, at most 64 characters. */
  readonly who: string;
}

/** An agent takes up again a conversation that is closed (W20); the API knows who may, and has its name from the records. */
export interface ConversationReopened extends ConversationName {
  readonly type: 'conversationReopened';
  /** The closed one. */
  readonly contact: ContactId;
  readonly agent: AgentId;
}

/** From agents and leads, through the API. */
export type PeopleEvent =
  | AgentStateAsked
  | SiteAsked
  | ModeAsked
  | DispositionGiven
  | ContactRegraded
  | MissedCallHandled
  | SupervisionAsked
  | SupervisionApproved
  | SupervisionLeft
  | ContactMarked
  | AlertSeen
  | CallOutAsked;

/** Of the number that calls, from the records, when it calls (domain guide §3.2, §3.9). */
export interface CallerKnown {
  /** Goes to a person without a menu. */
  readonly elder?: true;
  /** Who should have this caller, whatever else is known. */
  readonly grade?: Grade;
  /** The most urgent order of this number that is open. */
  readonly order?: { readonly no: string; readonly urgency: 'emergency' | 'urgent' | 'normal' };
  /** Malicious calls: `warned` hears a notice, `limited` comes after others unless there is an emergency. */
  readonly stage?: 'warned' | 'limited';
}

/** Domain guide S0-010: a business seat, an expert, or at once. */
export type Grade = 'business' | 'expert' | 'emergency';

/** From the agent who has the contact, or a lead: it belongs to another grade. `null`: to none. */
export interface ContactRegraded {
  readonly type: 'contactRegraded';
  readonly contact: ContactId;
  readonly grade: Grade | null;
  /** At most 64 characters. */
  readonly by: string;
}

/** From somebody who leads: to hear the talk of this contact at the own seat, or, while that lasts, to hear it in another way. */
export interface SupervisionAsked {
  readonly type: 'supervisionAsked';
  readonly contact: ContactId;
  readonly by: AgentId;
  readonly mode: SupervisionMode;
  /** 1 to 40 characters. May be empty of a change by which no more hear the supervisor: that before stays. */
  readonly reason: string;
}

/**
 * From a second person who leads: this supervision of a sensitive contact may begin, or be heard by more. What is asked for may have become
 * another meanwhile: `supervisor` and `mode` are what was agreed to; absent in older journals, where it was whatever waited.
 */
export interface SupervisionApproved {
  readonly type: 'supervisionApproved';
  readonly contact: ContactId;
  readonly supervisor?: AgentId;
  readonly mode?: SupervisionMode;
  /** At most 64 characters. */
  readonly by: string;
}

/** `rightsLost`: who supervises may no longer, by the accounts. */
export interface SupervisionLeft {
  readonly type: 'supervisionLeft';
  readonly contact: ContactId;
  readonly by: AgentId;
  readonly because?: 'rightsLost';
}

/** From a lead. The mark goes when two have said so. */
export interface ContactMarked {
  readonly type: 'contactMarked';
  readonly contact: ContactId;
  readonly sensitive: boolean;
  /** At most 64 characters. */
  readonly by: string;
}

/** From a lead: it is known, somebody sees to it. */
export interface AlertSeen {
  readonly type: 'alertSeen';
  readonly alert: AlertName;
  /** The contact, or the agent, that it is about. */
  readonly of: ContactId | AgentId;
  /** At most 64 characters. */
  readonly by: string;
}

/** From an agent: to call a number of the catalogue, or, with `of`, the citizen of that contact; the API knows that the agent had it. */
export interface CallOutAsked {
  readonly type: 'callOutAsked';
  readonly agent: AgentId;
  /** As it is dialled, 1 to 20 digits. */
  readonly number: string;
  readonly of?: ContactId;
  /** `of` is a conversation, and the number is proved to be its citizen's (Y6). */
  readonly beside?: true;
}

/** From a lead: the number need not be called back any more. */
export interface MissedCallHandled {
  readonly type: 'missedCallHandled';
  readonly number: string;
  /** At most 64 characters. */
  readonly by: string;
  /** At most 500 characters. */
  readonly note?: string;
}

/** From the agent who had the contact, or a lead; the API knows who may. The contact may be closed. */
export interface DispositionGiven {
  readonly type: 'dispositionGiven';
  readonly contact: ContactId;
  /** At most 64 characters, as `by` of a site. */
  readonly by: string;
  /** At most 40 characters. */
  readonly code: string;
  /** At most 500 characters. */
  readonly note?: string;
}

/** A named person sets the mode, or confirms a proposed one. */
export interface ModeAsked {
  readonly type: 'modeAsked';
  readonly mode: ModeName;
  /** At most 64 characters. */
  readonly by: string;
  /** At most 40 characters. */
  readonly reason: string;
}

/** From a lead: a site takes calls, takes no more, or is gone. Unknown sites are ignored. */
export interface SiteAsked {
  readonly type: 'siteAsked';
  readonly site: string;
  readonly status: 'open' | 'draining' | 'down';
  /** Who asked, at most 64 characters. */
  readonly by: string;
}

export type AgentStateAsked = {
  readonly type: 'agentStateAsked';
  readonly agent: AgentId;
  readonly state: 'ready' | 'notReady' | 'offline';
  /** Reason code for `notReady`, at most 40 characters. */
  readonly reason?: string;
  /** A lead who asks in the agent's stead, at most 64 characters (P8). */
  readonly by?: string;
};

/** From a switch. `node` says which; a leg never moves between nodes. */
export type SwitchEvent = { readonly node: NodeId } & SwitchEventBody;

type SwitchEventBody =
  /** The link to the node was lost: its legs live on, unseen, until the next survey. */
  | { readonly type: 'nodeLost' }
  /** The link is (back) up and this is everything the node holds. Comes before any other event of that connection. */
  | { readonly type: 'surveyed'; readonly survey: Survey }
  /** A call for the hotline is parked, unanswered. Numbers are as the trunk gave them, at most 32 characters. */
  | {
      readonly type: 'callArrived';
      readonly leg: LegId;
      readonly from: string;
      /** From display name, as readable text, at most 64 characters. Never trusted. */
      readonly fromName?: string;
      readonly dialled: string;
      /** First diverting number (RFC 5806, RFC 7044), when the trunk gave one. */
      readonly diversion?: string;
      /** Trunk name or address that brought the call. */
      readonly trunk?: string;
      /** What the city's records know of the number (G1). */
      readonly known?: CallerKnown;
      /** Of a page: what the core drew its ticket for. Never written down. */
      readonly ticket?: string;
      /** The conversation beside which its citizen calls (W15). */
      readonly partOf?: ContactId;
    }
  /** The far end of a leg we rang is ringing (SIP 180/183). */
  | { readonly type: 'legRinging'; readonly leg: LegId }
  /** Either direction: the leg's call is answered (SIP 200 sent or received). */
  | { readonly type: 'legAnswered'; readonly leg: LegId }
  /**
   * The leg is over; nothing more is heard of it. `cause` is FreeSWITCH's name (`NORMAL_CLEARING`, `USER_BUSY`, `CALL_REJECTED`, `NO_ANSWER`,
   * `ORIGINATOR_CANCEL`, `LOSE_RACE`, `MEDIA_TIMEOUT`, `USER_NOT_REGISTERED`, `LOST_NODE`, …). Also the answer to a `ring` that never made a leg.
   */
  | { readonly type: 'legEnded'; readonly leg: LegId; readonly cause: string; readonly sipStatus?: number }
  /** The `play` with this key is over: to its end, cut short by a command, or not possible (a file that is missing). */
  | {
      readonly type: 'playEnded';
      readonly leg: LegId;
      readonly key: CommandKey;
      readonly outcome: 'done' | 'broken' | 'failed';
    }
  /** The `collect` with this key is over. `digits` is empty when none came in time. */
  | { readonly type: 'digitsCollected'; readonly leg: LegId; readonly key: CommandKey; readonly digits: string }
  /** Any key, in any state (RFC 4733 or INFO), beside `digitsCollected`. Of a leg that supervises not every switch tells: nothing may rest on it. */
  | { readonly type: 'digitPressed'; readonly leg: LegId; readonly digit: string; readonly durationMs: number }
  /** Two legs hear each other now. One event per bridge; `leg` is the first leg of the command. */
  | { readonly type: 'bridged'; readonly leg: LegId; readonly other: LegId }
  | { readonly type: 'unbridged'; readonly leg: LegId; readonly other: LegId }
  /** A `supervise` of this leg, which lives on, is over without having been told to end, or could not begin. */
  | { readonly type: 'superviseEnded'; readonly leg: LegId }
  /** The phone on this leg put the other side on hold, or took it back (re-INVITE). The switch plays the music by itself. */
  | { readonly type: 'legHeld'; readonly leg: LegId }
  | { readonly type: 'legResumed'; readonly leg: LegId }
  | { readonly type: 'recordingStarted'; readonly leg: LegId; readonly file: string }
  /** `durationMs` is what the file holds, not what the clock says. */
  | {
      readonly type: 'recordingEnded';
      readonly leg: LegId;
      readonly file: string;
      readonly durationMs: number;
      readonly bytes?: number;
    }
  /** A seat's phone (un)registered. `device` is the contact URI that `ring` takes. */
  | { readonly type: 'deviceRegistered'; readonly device: Device }
  | { readonly type: 'deviceGone'; readonly sipUser: string; readonly device: string }
  /** The switch refused a command, or the link was down when it was due. The leg may be gone: `legEnded` follows then. */
  | { readonly type: 'commandFailed'; readonly key: CommandKey; readonly leg: LegId; readonly reason: string };

export interface Device {
  readonly sipUser: string;
  /** Contact URI with the source it was registered from, as the switch dials it. */
  readonly uri: string;
  /** When the registration ends unless refreshed. Unix time, ms. */
  readonly expiresAtMs: number;
  readonly userAgent?: string;
}

/** All that a node holds at one moment. */
export interface Survey {
  /** Changes when the switch process restarts: every leg from before it is gone. */
  readonly bootId: string;
  readonly legs: readonly SurveyedLeg[];
  readonly devices: readonly Device[];
  /** Legs the core asked about that are confirmed gone, with the end that the switch's own log knows. */
  readonly ended: readonly EndedLeg[];
}

export interface SurveyedLeg {
  readonly leg: LegId;
  readonly direction: 'inbound' | 'outbound';
  readonly state: 'ringing' | 'answered';
  readonly from: string;
  readonly fromName?: string;
  readonly dialled: string;
  readonly diversion?: string;
  /** G1: of an inbound leg that arrives by this survey (S9). */
  readonly known?: CallerKnown;
  readonly bridgedTo?: LegId;
  /** Key of the last command that the leg carries out (`minhu_key`). */
  readonly key?: CommandKey;
  /** What the leg is doing: nothing, a prompt, collecting a key, music, hearing a talk. */
  readonly doing: 'nothing' | 'playing' | 'collecting' | 'music' | 'supervising';
  /** Digit already taken by the collect with `key`, when it ended unseen. */
  readonly digits?: string;
  readonly held?: boolean;
  readonly recording?: string;
}

export interface EndedLeg {
  readonly leg: LegId;
  readonly cause: string;
  readonly endedAtMs: number;
  /** True when no log knew the end and the survey's own time stands in for it. */
  readonly approximate: boolean;
}
