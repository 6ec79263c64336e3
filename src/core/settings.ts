import type { Calendar, Workdays } from './calendar.ts';
import type { Grade } from './event.ts';
import type { AgentId } from './ids.ts';
import type { DigitalMedium, SlotName } from './medium.ts';

/**
 * Everything a city decides, as one document. Made by `src/city` from the city folder and by `src/store` from the seats table,
 * and heard by the core as one `settingsLoaded` event, so that a replay uses the rules that were live.
 */
export interface Settings {
  /** Content hash of the document without this field. The same version is not applied twice. */
  readonly version: string;
  /** Dialled number → name of the flow that answers it. */
  readonly lines: Readonly<Record<string, string>>;
  /** Number of a merged hotline → its flow, for calls that were diverted from it to another number of ours (A6). */
  readonly diverted?: Readonly<Record<string, string>>;
  readonly flows: Readonly<Record<string, Flow>>;
  readonly queues: Readonly<Record<string, QueueSetting>>;
  /** Plan name → its steps. A queue, or a flow's `queue` step, names one. */
  readonly plans?: Readonly<Record<string, readonly PlanStep[]>>;
  /** Name → what is said to those who wait, in the order in which it is said (Q21). A queue, or a flow's `queue` step, names one. */
  readonly messages?: Readonly<Record<string, readonly WaitMessage[]>>;
  /** Where agents sit. Absent: one site, always open. */
  readonly sites?: readonly SiteSetting[];
  /** What each mode changes; `normal` changes nothing. */
  readonly modes?: Readonly<Partial<Record<ModeName, ModeSetting>>>;
  readonly modeRules?: readonly ModeRule[];
  /** Calendar name → when it is open. */
  readonly hours?: Readonly<Record<string, Calendar>>;
  readonly workdays?: Workdays;
  /** Work beside calls. Absent: calls only. */
  readonly slots?: SlotRules;
  readonly agents: readonly AgentSetting[];
  /** Prompt id (`GRT-01`) → absolute path of its WAV file, as the switch opens it. */
  readonly prompts: Readonly<Record<string, string>>;
  /** There is a way out for calls to citizens. */
  readonly dialsOut?: boolean;
  /** What agents may call (Y1). Absent: nothing. */
  readonly dialOut?: DialOutSetting;
  /** Grade → the plan of its contacts, and what counts as time already waited (G3). */
  readonly grades?: Readonly<Partial<Record<Grade, GradeSetting>>>;
  /** How callers who were missed are called back (B1–B5). Absent: they are not. */
  readonly missedCalls?: MissedCallSetting;
  /** What a lead is told of at once (U1–U4). Absent: of nothing. */
  readonly alerts?: AlertLimits;
  /** Absolute folder the switch records into, one flat file a talk; absent: nothing is recorded. */
  readonly recordingFolder?: string;
}

export interface DialOutSetting {
  /** The number of ours that is shown. */
  readonly line: string;
  /** The catalogue, as dialled. */
  readonly numbers: readonly string[];
}

/** Each absent: not watched. */
export interface AlertLimits {
  /** Of a call. */
  readonly waitMs?: number;
  readonly chatWaitMs?: number;
  readonly mailWaitMs?: number;
  readonly holdMs?: number;
  readonly wrapUpMs?: number;
  /** Offers in a row that an agent has not taken. */
  readonly missedOffers?: number;
}

/** A small directed graph of steps; data, never code. `src/city/check.ts` proves that every path ends at a person or an end. */
export interface Flow {
  readonly start: string;
  /** Where known callers begin instead (G2). Each step is in `steps`. */
  readonly known?: KnownCallers;
  readonly steps: Readonly<Record<string, FlowStep>>;
}

export interface KnownCallers {
  /** Without the menu: who are elders, have an urgent order open, or called within the day. */
  readonly direct?: {
    readonly step: string;
    readonly callers: readonly ('elder' | 'urgent' | 'repeat')[];
    /** Of who calls again: counts as time already waited. Domain guide §3.9: before the others. */
    readonly repeatHeadStartMs?: number;
  };
  /** For callers who were warned of malicious calls, and for those who come after others. */
  readonly warned?: string;
  readonly limited?: string;
}

export type FlowStep =
  /** Plays the prompts one after another, then goes on. */
  | { readonly kind: 'say'; readonly prompts: readonly string[]; readonly then: string }
  /**
   * Plays the prompts and takes one key, which may come while they play (barge-in).
   * `choose` maps a key (0-9, *, #) to a step. A key not in it counts as wrong: `wrongPrompts` are played and the key is asked for once
   * more, `wrongMax` times; then `wrong`. No key within `waitMs` after the prompts: `none`.
   */
  | {
      readonly kind: 'ask';
      /** Played once before the first asking; a key may come while they play, too. */
      readonly opening: readonly string[];
      readonly prompts: readonly string[];
      readonly choose: Readonly<Record<string, string>>;
      readonly waitMs: number;
      readonly none: string;
      readonly wrongPrompts: readonly string[];
      readonly wrongMax: number;
      readonly wrong: string;
    }
  /**
   * Enters a queue, after an optional prompt. Ends the flow: what follows is the queue's. `plan` and `messages` stand in for the queue's
   * own; `headStartMs` counts as time already waited; below 0, the contact comes after those who enter so much later.
   */
  | {
      readonly kind: 'queue';
      readonly queue: string;
      readonly prompts: readonly string[];
      readonly plan?: string;
      readonly messages?: string;
      readonly headStartMs?: number;
    }
  /** Goes on by whether a calendar is open at that moment (H2). */
  | { readonly kind: 'hours'; readonly hours: string; readonly open: string; readonly closed: string }
  /** Says goodbye and ends the call. */
  | { readonly kind: 'end'; readonly prompts: readonly string[] };

/** Domain guide §2.2: 平时, 重大节假日, 重大任务, 应急. */
export type ModeName = 'normal' | 'holiday' | 'majorTask' | 'emergency';

/** What a mode changes of the rules while it holds. Queues, plans and flows that it does not name stay as they are. */
export interface ModeSetting {
  /** Queue → what is otherwise about it. */
  readonly queues?: Readonly<Record<string, Partial<Omit<QueueSetting, 'name' | 'skill'>>>>;
  /** Dialled number → the flow that answers it. */
  readonly lines?: Readonly<Record<string, string>>;
  /** Plan → the steps that stand in for its own. */
  readonly plans?: Readonly<Record<string, readonly PlanStep[]>>;
}

/** When a mode is proposed; a named person decides. The first rule that holds counts. */
export interface ModeRule {
  readonly mode: ModeName;
  /** More than so many (or, with `waitingUnder`, fewer) wait, for so long. */
  readonly waitingOver?: number;
  readonly waitingUnder?: number;
  readonly forMs: number;
}

/** What callers may hear beside Chinese. The recording of a prompt in it is named `ID.en`. */
export type Language = 'en';

export interface QueueSetting {
  readonly name: string;
  /** What its callers hear (F10). Absent: Chinese. */
  readonly language?: Language;
  /** Without a plan, only an agent with this skill is offered this queue's contacts. */
  readonly skill: string;
  /** Name of the plan by which the requirements relax. Absent: one step, anybody with `skill`. */
  readonly plan?: string;
  /** Least share (0..1) answered within 15 s over the last 5 min; below it this queue's own agents serve no other. Absent: no protection. */
  readonly floor?: number;
  /** Waited so long, a contact goes before every better rank, so that no class waits for ever. 600,000 when absent. */
  readonly boundMs?: number;
  /** How long a seat's phones ring before the offer counts as not answered. 20,000. */
  readonly ringMs: number;
  /** Longest wrap-up after a call; `ready` ends it sooner. 120,000. */
  readonly wrapUpMs: number;
  /** How long a talk is kept for an agent whose phone was lost (T8). 30,000 when absent; 0 brings the caller back to the queue at once. */
  readonly returnMs?: number;
  /** First position announcement, after entering; then every `positionEveryMs`. Domain guide §3.9: 15 s, then 30 s. */
  readonly positionFirstMs: number;
  readonly positionEveryMs: number;
  /** Name of what is said between those announcements. Absent: nothing. */
  readonly messages?: string;
  /** When it takes contacts, and who does while it is closed. Absent: always. */
  readonly hours?: QueueHours;
  /** What callers are asked when the agent has hung up. Absent: nothing. */
  readonly rating?: RatingSetting;
  /** When callers may have their place kept and be called back. Absent: never. */
  readonly callBack?: CallBackSetting;
  /**
   * Most callers that may wait on the line. The next one is offered to be called back where the queue does that, until the places of as many are
   * kept; else it is told so and ended with an apology, never dropped in silence (Q7, K8).
   */
  readonly waitingMax: number;
}

/** Offered with the place, from a wait of `afterMs` or from `ahead` before the caller. Domain guide §3.9: 45 s, 10. */
export interface CallBackSetting {
  readonly afterMs: number;
  readonly ahead: number;
  /** Times that the citizen is dialled, `pauseMs` apart. */
  readonly tries: number;
  readonly pauseMs: number;
  readonly ringMs: number;
}

/** Said to who waits, beside the place (Q21). */
export interface WaitMessage {
  readonly prompts: readonly string[];
  /** From `enqueuedAtMs`. */
  readonly afterMs: number;
  /** From one time to the next. Absent: it is said once. */
  readonly everyMs?: number;
  /** How long it takes to say: nothing else is said meanwhile. */
  readonly lastsMs: number;
}

export interface GradeSetting {
  readonly plan?: string;
  /** Whose callers it stands in for their queue's plan; absent: all. */
  readonly queues?: readonly string[];
  readonly headStartMs: number;
}

/** Domain guide §3.9: within 2 h of the call from 08:00 to 21:30, those of the night by 09:30. */
export interface MissedCallSetting {
  /** When citizens are dialled. Not among the rules' hours: always. */
  readonly calendar: string;
  /** From the call to the latest moment of the call-back, when that is within open hours. */
  readonly withinMs: number;
  /** Else from the next opening. */
  readonly afterOpeningMs: number;
  /** Most that stand in the queues at once. */
  readonly standingMax: number;
}

/** One key, 1 (worst) to 5, within `waitMs` after the prompts; then the thanks. */
export interface RatingSetting {
  readonly prompts: readonly string[];
  readonly thanks: readonly string[];
  readonly waitMs: number;
}

/** While `calendar` is closed its contacts hear `closedPrompts` and wait in `closedQueue`, which has no hours of its own. */
export interface QueueHours {
  readonly calendar: string;
  readonly closedQueue: string;
  readonly closedPrompts: readonly string[];
}

/** How many of each medium one agent has at once, 0..20; one call always. */
export type SlotCounts = Readonly<Partial<Record<DigitalMedium, number>>>;

/** W2–W9. */
export interface SlotRules {
  /** Of agents whose seat says nothing else. */
  readonly each: SlotCounts;
  /**
   * What an agent has → how many of another medium it may have meanwhile. Where nothing is said, a call leaves room for nothing and
   * anything else for a call and for all the other slots.
   */
  readonly beside: Readonly<Partial<Record<SlotName, Readonly<Partial<Record<SlotName, number>>>>>>;
  readonly media: Readonly<Partial<Record<DigitalMedium, MediumSetting>>>;
}

export interface MediumSetting {
  /** How long an agent may think about an offer. */
  readonly offerMs: number;
  /** Waited so long, it goes before calls. */
  readonly boundMs: number;
  /** After the citizen has left it, for the agent's notes. */
  readonly wrapUpMs: number;
  /** Most that may wait in one queue. */
  readonly waitingMax: number;
  /** Of chats, from the agent's last reply without a word from the citizen until a reminder; absent: none. */
  readonly remindMs?: number;
  /** Likewise, until it is closed; more than `remindMs`. */
  readonly closeMs?: number;
  /** From the citizen's first word, or a mail, without a reply until an alert; absent: none. */
  readonly answerMs?: number;
  /** From its end, so long a citizen who writes again goes on with it (W19); absent: never. */
  readonly reopenMs?: number;
}

export interface AgentSetting {
  readonly id: AgentId;
  /** Shown to callers and leads (工号). Digits. */
  readonly number: string;
  /** The seat's registration name; its devices are what rings. */
  readonly sipUser: string;
  /** Skill → level, 1..5. */
  readonly skills: Readonly<Record<string, number>>;
  readonly site?: string;
  /** The queue this agent is paid for: others only while its `floor` is kept. */
  readonly home?: string;
  /** In the place of the city's. */
  readonly slots?: SlotCounts;
  /** What this agent serves. Absent: every queue with a step that the skills meet. */
  readonly profile?: readonly ProfileEntry[];
}

/** A queue as one agent serves it. */
export interface ProfileEntry {
  readonly queue: string;
  /** Lower ranks are served first, 1..9. */
  readonly rank: number;
  /** Only contacts that have waited so long. */
  readonly delayMs: number;
}

/** One step of a plan: who may have a contact until `untilMs`, counted from `enqueuedAtMs`; the last step has none. */
export interface PlanStep {
  readonly untilMs: number | null;
  readonly needs: Need;
  /** Only the agent who had this caller last. */
  readonly lastAgent?: true;
  /** Only agents of these sites. */
  readonly sites?: readonly string[];
  /** Only these agents. */
  readonly agents?: readonly AgentId[];
  /** Of several idle agents the one with the largest Σ weight × level; then the longest idle. */
  readonly prefer?: readonly { readonly skill: string; readonly weight: number }[];
  /** Counts as time already waited, from this step on. */
  readonly headStartMs?: number;
  /** `noneLoggedIn`, `noneAvailable`: nobody whom this step names; a number: the queue's oldest contact has waited longer (ms). */
  readonly skipIf?: 'noneLoggedIn' | 'noneAvailable' | number;
}

/** A condition on an agent's skills. `{ all: [] }` is met by everybody. */
export type Need =
  | { readonly skill: string; readonly level: number }
  | { readonly all: readonly Need[] }
  | { readonly any: readonly Need[] }
  | { readonly not: Need };

/** Domain guide S0-006: one main platform, sub-platforms, sub-centres. */
export interface SiteSetting {
  readonly id: string;
  readonly name: string;
  readonly kind: 'main' | 'subPlatform' | 'subCentre';
  /** Calls that the site can have at once. Absent: no limit of its own. */
  readonly capacity?: number;
}
