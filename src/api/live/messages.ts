/**
 * All that passes over the live socket, `ws(s)://HOST/api/v1/live`. This file imports nothing, so that a page in a browser can take it.
 * Instants are Unix time in ms by the server's clock: `welcome` and `beat` tell what it shows, so that a page's clocks run right.
 * Calling numbers come masked.
 */

export const LIVE_PATH = '/api/v1/live';
/** `POST`, with the session: `{ticket, validMs}`. A ticket opens one socket, once, within `validMs`, in the session that drew it. */
export const LIVE_TICKET_PATH = '/api/v1/live/ticket';

/** Why the server closes a socket (RFC 6455 §7.4.2: 4000 to 4999 are ours). */
export const LIVE_CLOSE = {
  /** Roles, team or what is granted are others now: come again at once, and see what they show. */
  rightsChanged: 4001,
  /** Read too slowly: come again, and go on from the last sequence number. */
  tooSlow: 4008,
  /** A message that is none of ours, too long, or too many of them. Do not come again. */
  badMessage: 4400,
  /** The session has ended, or the ticket is not (or no longer) good for this session: log in, or draw another one. */
  sessionOver: 4401,
  /** Said nothing after connecting. */
  helloLate: 4408,
  /** The same session, or user, has opened as many newer sockets as it may. Do not come again. */
  replaced: 4409,
  /** RFC 6455: the server stops or restarts: come again. */
  restarting: 1012,
} as const;

/** Nothing heard for so long means that the connection is dead: a beat comes more often. */
export const LIVE_SILENCE_MAX_MS = 8_000;

/**
 * What somebody sees comes in streams. Each is a set of items by key, and has sequence numbers of its own: a snapshot stands at one, every
 * change is the next. `me`: the own seat. `floor`: queues, sites, mode and figures. `board`: agents, waiting contacts and alarms.
 */
export type StreamName = 'me' | 'floor' | 'board';

export type FromClient =
  /** The first message, within 5 s. `resume`: where an earlier socket stopped; streams that cannot go on from there begin with a snapshot. */
  | { readonly type: 'hello'; readonly ticket: string; readonly resume?: Resume }
  /** The person did something in the page: the session does not end for idleness. At most one a minute is needed. */
  | { readonly type: 'active' };

export interface Resume {
  readonly epoch: string;
  readonly seq: Readonly<Partial<Record<StreamName, number>>>;
}

/** What the person may do, as `GET /api/v1/me` has it. */
export interface Rights {
  readonly roles: readonly string[];
  readonly team: string | null;
  readonly mayReveal: boolean;
  readonly mayPlay: boolean;
}

export type FromServer =
  | {
      readonly type: 'welcome';
      /** Another one than before: nothing can be resumed. */
      readonly epoch: string;
      readonly nowMs: number;
      readonly user: string;
      readonly rights: Rights;
      readonly streams: readonly StreamName[];
    }
  | { readonly type: 'beat'; readonly nowMs: number }
  /** Replaces all that was known of the stream. */
  | { readonly type: 'snapshot'; readonly stream: StreamName; readonly seq: number; readonly items: readonly Item[] }
  /** `seq` is one more than before. Items replace those of the same key; `gone` are keys. */
  | {
      readonly type: 'changes';
      readonly stream: StreamName;
      readonly seq: number;
      readonly items: readonly Item[];
      readonly gone: readonly string[];
    };

export type Item =
  | SelfItem
  | ContactItem
  | EndedItem
  | HintItem
  | ConversationItem
  | MessagesItem
  | ReceiptsItem
  | WritingItem
  | FormItem
  | QueueItem
  | SiteItem
  | ModeItem
  | FiguresItem
  | AgentItem
  | WaitingItem
  | AlarmItem
  | AlertItem
  | ChannelsItem
  | SupervisionItem
  | CallsItem
  | QuarterItem
  | ForecastItem;

export type AgentStateName = 'offline' | 'notReady' | 'ready' | 'ringing' | 'talking' | 'held' | 'wrapUp';

interface AgentFields {
  readonly agent: string;
  /** 工号. */
  readonly number: string;
  readonly site: string;
  readonly state: AgentStateName;
  /** Of `notReady` and `offline`. */
  readonly reason?: string;
  readonly sinceMs: number;
  /** What will be the state when the call under way is over. */
  readonly next: 'ready' | 'notReady' | 'offline';
  /** Who set `next` in the agent's stead, and why. */
  readonly setBy?: { readonly by: string; readonly reason: string };
  /** Too many chats and mails were not taken: none is offered before, unless the agent asks for `ready` again. May be over. */
  readonly digitalFromMs?: number;
  /** Registered phones. A ready agent without one is offered nothing. */
  readonly devices: number;
  readonly skills: readonly string[];
}

/** In `me`, for who has a seat. */
export interface SelfItem extends AgentFields {
  readonly key: 'self';
  readonly kind: 'self';
  readonly sipUser: string;
}

/** In `me`: the contact that rings, is spoken with, or is wrapped up. */
export interface ContactItem {
  readonly key: 'contact';
  readonly kind: 'contact';
  readonly contact: string;
  readonly phase: 'ringing' | 'talking' | 'held' | 'wrapUp';
  /** Since when the phase lasts. */
  readonly phaseSinceMs: number;
  /** `callback`: the citizen was promised to be called back, and is dialled once the agent has answered. */
  readonly medium?: 'voice' | 'callback' | 'chat' | 'mail';
  /** The number that was dialled. What follows is absent in a wrap-up that an earlier version began. */
  readonly line?: string;
  /** Masked. */
  readonly from?: string;
  /** As the caller's phone says; never to be trusted. */
  readonly fromName?: string;
  readonly arrivedAtMs?: number;
  /** Who should have it, and the number's most urgent open order. */
  readonly grade?: 'business' | 'expert' | 'emergency';
  readonly order?: string;
  readonly elder?: true;
  /** We call back somebody who was missed. */
  readonly missed?: true;
  /** The agent who placed the call. */
  readonly calledBy?: string;
  /** The conversation beside which it is: one contact, one form. */
  readonly partOf?: string;
  readonly queue?: string;
  readonly enqueuedAtMs?: number;
  /** Until when the offer may be answered. */
  readonly offerUntilMs?: number;
  /** The agent's phone was lost: until when the talk is kept for one that comes back. */
  readonly gapUntilMs?: number;
  /** Agent and citizen hear each other since; of a wrap-up: since when they did. */
  readonly talkSinceMs?: number;
  readonly wrapUpUntilMs?: number;
}

/** In `me`: the agent's last call ended, and nobody at the seat brought that about. Until the next call. */
export interface EndedItem {
  readonly key: 'ended';
  readonly kind: 'ended';
  readonly contact: string;
  /**
   * `unreached`: who was dialled was not reached; `ownPhone`: no phone of the agent took up the call that the agent had placed, and nobody was
   * dialled; `returned`: the talk broke off, and the caller waits in the queue again.
   */
  readonly how: 'unreached' | 'ownPhone' | 'returned';
  /** Of `unreached`, as FreeSWITCH names causes: `USER_BUSY`, `NO_ANSWER`… */
  readonly cause?: string;
  /** Masked. */
  readonly from?: string;
  readonly atMs: number;
}

/** In `me`: the citizen wrote in a conversation that this agent has. Gone when the agent has it no longer. */
export interface MessagesItem {
  /** `messages/CONTACT`. */
  readonly key: string;
  readonly kind: 'messages';
  readonly contact: string;
  /** Number of the last message; what it says is asked for by `GET /api/v1/contacts/CONTACT/messages`. */
  readonly last: number;
  readonly atMs: number;
}

/** In `me`: a chat or mail that this agent has or is offered. */
export interface ConversationItem {
  /** `conversation/CONTACT`. */
  readonly key: string;
  readonly kind: 'conversation';
  readonly contact: string;
  readonly medium: 'chat' | 'mail';
  /** `left`: the citizen is gone; `untilMs` is the end of the time for notes. */
  readonly state: 'offered' | 'talking' | 'left';
  readonly sinceMs?: number;
  /** Of an offer, to answer it with, and until when. */
  readonly token?: number;
  readonly untilMs?: number;
  /** Masked. What follows is absent when the contact is over. */
  readonly from?: string;
  readonly fromName?: string;
  /** Channel and account. */
  readonly line?: string;
  readonly queue?: string;
  readonly arrivedAtMs?: number;
  /** The closed conversation that it goes on from. */
  readonly continues?: string;
}

/** In `me`: what became of messages of ours in this conversation changed then: ask for them again. */
export interface ReceiptsItem {
  /** `receipts/CONTACT`. */
  readonly key: string;
  readonly kind: 'receipts';
  readonly contact: string;
  readonly atMs: number;
}

/** In `me`: the citizen of a conversation that this agent has is writing. Stale after 6 s: it is said again while it lasts. */
export interface WritingItem {
  /** `writing/CONTACT`. */
  readonly key: string;
  readonly kind: 'writing';
  readonly contact: string;
  readonly atMs: number;
}

/** In `me`: the form of this contact, which this person has read or saved, is stored anew: ask for it. The last few. */
export interface FormItem {
  /** `form/CONTACT`. */
  readonly key: string;
  readonly kind: 'form';
  readonly contact: string;
  /** What stands now has at least this one. */
  readonly revision: number;
  /** What it goes on from, 0: nothing. Absent: its writer did not say. */
  readonly base?: number;
  /** For good: it never changes again. */
  readonly submitted: boolean;
}

/** In `me`: what a lead wrote. The last few. */
export interface HintItem {
  /** `hint/` and a number that rises. */
  readonly key: string;
  readonly kind: 'hint';
  readonly by: string;
  readonly text: string;
  readonly atMs: number;
}

/** In `floor`, as `queue/NAME`. */
export interface QueueItem {
  readonly key: string;
  readonly kind: 'queue';
  readonly queue: string;
  /** The rules lack it; it is told of until nobody is in it any more. */
  readonly gone?: true;
  readonly waiting: number;
  /** Who of them has waited longest, since when. */
  readonly longestSinceMs?: number;
  /** How long a wait that begins now is likely to last. */
  readonly estimate?: { readonly lowMs: number; readonly highMs: number };
}

/** In `floor`, as `site/ID`. */
export interface SiteItem {
  readonly key: string;
  readonly kind: 'site';
  readonly site: string;
  readonly name: string;
  readonly status: 'open' | 'draining' | 'down';
  /** Calls at once. */
  readonly capacity?: number;
  readonly agents: Readonly<Record<AgentStateName, number>>;
}

/** In `floor`. */
export interface ModeItem {
  readonly key: 'mode';
  readonly kind: 'mode';
  readonly mode: 'normal' | 'holiday' | 'majorTask' | 'emergency';
  readonly sinceMs: number;
  /** Empty: nobody has set it yet. */
  readonly by: string;
  /** Waits for the word of a lead. */
  readonly proposed?: { readonly mode: ModeItem['mode']; readonly atMs: number };
}

/** In `floor`: the wallboard. */
export interface FiguresItem {
  readonly key: 'figures';
  readonly kind: 'figures';
  readonly waiting: number;
  readonly longestSinceMs?: number;
  /** Absent until the records can be read. */
  readonly day?: DayFigures;
}

/** Calls that arrived since `fromMs`, at most 24 h and a quarter of an hour ago. */
export interface DayFigures extends CallFigures {
  readonly fromMs: number;
  /** A connect rate below it raises an alarm; what the city aims at. Per cent. */
  readonly alarmPercent: number;
  readonly targetPercent: number;
}

export interface CallFigures {
  readonly inbound: number;
  readonly queued: number;
  readonly answered: number;
  readonly abandoned: number;
  /** 接通率, 15秒接通率, 服务水平: each with what it is made of. */
  readonly connectRate: Share;
  readonly answeredWithin15Rate: Share;
  readonly serviceLevel15: Share;
}

/** `value` in per cent, two decimals; null of nothing. */
export interface Share {
  readonly numerator: number;
  readonly denominator: number;
  readonly value: number | null;
}

/** In `board`, as `agent/ID`. */
export interface AgentItem extends AgentFields {
  readonly key: string;
  readonly kind: 'agent';
  /** The rules lack the seat; it is told of until its call is over. */
  readonly gone?: true;
  readonly contact?: string;
  /** Of that contact: masked, the number dialled, and whether it is heard only with a second person's word. */
  readonly from?: string;
  readonly line?: string;
  readonly sensitive?: true;
  /** Who would have that mark gone, and waits for a second person. */
  readonly unmarkAskedBy?: string;
}

/** In `board`, as `waiting/CONTACT`. Lists are shown in the order of `orderMs`, then of the contact's id. */
export interface WaitingItem {
  readonly key: string;
  readonly kind: 'waiting';
  readonly contact: string;
  readonly queue: string;
  /** Masked. */
  readonly from: string;
  readonly line: string;
  readonly medium: 'voice' | 'callback' | 'chat' | 'mail';
  readonly enqueuedAtMs: number;
  /** `enqueuedAtMs` less head starts. */
  readonly orderMs: number;
  /** Whose phone rings for it. */
  readonly ringing?: string;
}

/** In `board`, as `alarm/ID`: alarms that nobody has acknowledged. */
export interface AlarmItem {
  readonly key: string;
  readonly kind: 'alarm';
  readonly id: number;
  readonly scope: 'site' | 'number';
  /** Site or dialled number. */
  readonly about: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly raisedAtMs: number;
  readonly figure: Share;
  readonly limitPercent: number;
}

/** In `board`, as `alert/NAME/OF`: what lasts too long now. It goes when it no longer does. */
export interface AlertItem {
  readonly key: string;
  readonly kind: 'alert';
  readonly alert: 'longWait' | 'longAnswer' | 'longHold' | 'longWrapUp' | 'missedOffers';
  readonly contact?: string;
  readonly agent?: string;
  /** Since when it lasts. */
  readonly sinceMs: number;
  /** Who leads and has said that it was seen, and when. */
  readonly seenBy?: string;
  readonly seenAtMs?: number;
}

/** In `board`: how the channels are, or what is amiss among their messages, is other than before. Asked for again by `GET /api/v1/channels` and `/messages?only=amiss`. */
export interface ChannelsItem {
  readonly key: 'channels';
  readonly kind: 'channels';
  /** Rises with every change, told at most once a second. */
  readonly changes: number;
}

/** In `board`, as `supervision/CONTACT`: who hears a talk, or is about to. Agents are not shown. */
export interface SupervisionItem {
  readonly key: string;
  readonly kind: 'supervision';
  readonly contact: string;
  readonly agent: string;
  readonly by: string;
  readonly mode: 'listen' | 'whisper' | 'barge' | 'takeOver';
  /** The last one given. */
  readonly reason: string;
  /** `asked`: a second person must agree, until `untilMs`. */
  readonly step: 'asked' | 'ringing' | 'on';
  /** A mode to which a second person must agree, until `untilMs`. */
  readonly wanted?: SupervisionItem['mode'];
  readonly untilMs?: number;
}

/** In `board`, as `line/NUMBER` and `calls/SITE`: the calls of `FiguresItem.day` that came to one number, or count at one site. */
export interface CallsItem extends CallFigures {
  readonly key: string;
  readonly kind: 'calls';
  readonly by: 'line' | 'site';
  readonly of: string;
}

/** In `board`, as `quarter/START`: the calls of today, in the city, that arrived in that quarter of an hour. */
export interface QuarterItem {
  readonly key: string;
  readonly kind: 'quarter';
  readonly fromMs: number;
  readonly inbound: number;
  readonly answered: number;
}

/** In `board`: what today may bring, by what the same weekday of the last four weeks did. */
export interface ForecastItem {
  readonly key: 'forecast';
  readonly kind: 'forecast';
  /** The first instant of today, in the city. */
  readonly dayMs: number;
  /** The days that it is the mean of, such as `2026-02-13`. Empty: no records of such days yet, so there is no forecast. */
  readonly days: readonly string[];
  /** Calls by quarter of an hour, from the day's first on; as empty as `days`. */
  readonly inbound: readonly number[];
}
