import type { AgentId } from './ids.ts';

/**
 * Everything a city decides, as one document. Made by `src/city` from the city folder and by `src/store` from the seats table,
 * and heard by the core as one `settingsLoaded` event, so that a replay uses the rules that were live.
 */
export interface Settings {
  /** Content hash of the document without this field. The same version is not applied twice. */
  readonly version: string;
  /** Dialled number → name of the flow that answers it. */
  readonly lines: Readonly<Record<string, string>>;
  readonly flows: Readonly<Record<string, Flow>>;
  readonly queues: Readonly<Record<string, QueueSetting>>;
  readonly agents: readonly AgentSetting[];
  /** Prompt id (`GRT-01`) → absolute path of its WAV file, as the switch opens it. */
  readonly prompts: Readonly<Record<string, string>>;
  /** Absolute folder the switch records into, one flat file a talk; absent: nothing is recorded. */
  readonly recordingFolder?: string;
}

/** A small directed graph of steps; data, never code. `src/city/check.ts` proves that every path ends at a person or an end. */
export interface Flow {
  readonly start: string;
  readonly steps: Readonly<Record<string, FlowStep>>;
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
  /** Enters a queue, after an optional prompt. Ends the flow: what follows is the queue's. */
  | { readonly kind: 'queue'; readonly queue: string; readonly prompts: readonly string[] }
  /** Says goodbye and ends the call. */
  | { readonly kind: 'end'; readonly prompts: readonly string[] };

export interface QueueSetting {
  readonly name: string;
  /** Only an agent with this skill is offered this queue's contacts. */
  readonly skill: string;
  /** How long a seat's phones ring before the offer counts as not answered. 20,000. */
  readonly ringMs: number;
  /** Longest wrap-up after a call; `ready` ends it sooner. 120,000. */
  readonly wrapUpMs: number;
  /** First position announcement, after entering; then every `positionEveryMs`. Domain guide §3.9: 15 s, then 30 s. */
  readonly positionFirstMs: number;
  readonly positionEveryMs: number;
  /** Most contacts that may wait; the next one is told so and ended with an apology, never dropped in silence. */
  readonly waitingMax: number;
}

export interface AgentSetting {
  readonly id: AgentId;
  /** Shown to callers and leads (工号). Digits. */
  readonly number: string;
  /** The seat's registration name; its devices are what rings. */
  readonly sipUser: string;
  /** Skill → level, 1..5. */
  readonly skills: Readonly<Record<string, number>>;
}
