import type { Calendar } from '../core/calendar.ts';
import type { ProfileEntry, Settings, SlotCounts } from '../core/settings.ts';
import type { ConnectLimits } from '../lib/measure-alarm.ts';
import type { Reference } from './reference.ts';

/** All that the city folder says, checked. The seats here are the first ones only: afterwards the database is the truth. */
export interface City {
  /** The part of the core's rules that comes from files; `makeSettings` adds the agents and the version. */
  readonly settings: Omit<Settings, 'agents' | 'version'>;
  readonly seats: readonly Seat[];
  readonly trunks: readonly Trunk[];
  /** Active or not. */
  readonly hotlines: readonly Hotline[];
  /** What agents have beside a call. */
  readonly reference: Reference;
  /** What pages without a seat may call. Absent: nothing. */
  readonly webCall?: WebCall;
  /** What agents may call. Absent: nothing. */
  readonly dialOut?: DialOut;
  /** By what the connect rate is watched. */
  readonly connectLimits: ConnectLimits;
  /** IANA time zone of every calendar. */
  readonly zone: string;
  /** The working time that limits are counted in: the calendar `office`, or else ours. */
  readonly office: Calendar;
  /** Absolute path of the folder that holds every prompt. */
  readonly promptFolder: string;
  /** Absolute path of the music on hold. */
  readonly musicFile: string;
  /** Absolute path of what a caller hears whom nobody took over. */
  readonly apologyFile: string;
  /** Prompt id → what is known of its recording. */
  readonly recordings: Readonly<Record<string, Recording>>;
}

/** One place to work at: an account, its number and its softphone. */
export interface Seat {
  readonly user: string;
  /** 工号, shown to callers and leads. Digits. */
  readonly number: string;
  /** Registration name of the softphone. */
  readonly sipUser: string;
  /** Digest algorithm this seat's phones are challenged with (RFC 8760). */
  readonly digest: 'md5' | 'sha256';
  /** Skill → level, 1..5. */
  readonly skills: Readonly<Record<string, number>>;
  /** As in the core's `AgentSetting`. */
  readonly site?: string;
  readonly home?: string;
  readonly profile?: readonly ProfileEntry[];
  readonly slots?: SlotCounts;
}

/** A carrier's line into the hotline. */
export interface Trunk {
  readonly name: string;
  /** Source networks, CIDR. */
  readonly from: readonly string[];
  /** The hotline's numbers this trunk may call. */
  readonly numbers: readonly string[];
}

/** The catalogue of numbers that agents call. */
export interface DialOut {
  /** The number of ours that is shown. */
  readonly line: string;
  readonly numbers: readonly { readonly number: string; readonly name: string }[];
}

/** Calls that citizens place from a page. */
export interface WebCall {
  /** The first is what the page's button calls. */
  readonly numbers: readonly string[];
  /** So many calls of one network address within this time. */
  readonly perAddress: { readonly calls: number; readonly withinMs: number };
  /** At the same moment: all together, and from one address. */
  readonly atOnce: { readonly all: number; readonly each: number };
}

/** A hotline that was merged into 12345 and is still called under its own number (domain guide S0-005). */
export interface Hotline {
  readonly number: string;
  readonly name: string;
  /** The department that it belongs to. */
  readonly owner: string;
  /** 整体并入, 双号并行, 设分中心. */
  readonly mergeMode: 'whole' | 'dual' | 'subCentre';
  /** Prompts that its callers hear first. */
  readonly greeting: readonly string[];
  readonly queue: string;
  /** Those who have it are asked first. */
  readonly skill?: string;
  /** Those who sit there are asked first. */
  readonly site?: string;
  /** What its callers hear while they wait, in the place of the queue's. */
  readonly messages?: string;
  /** Calendar of its own skill group. Absent: always. */
  readonly hours?: string;
  readonly active: boolean;
  /** What becomes of a call while it is not active: refused, or answered as the main number. */
  readonly inactive: 'refuse' | 'main';
}

export interface Recording {
  readonly text: string;
  readonly file: string;
  readonly durationMs: number;
}

/** One thing to mend in the city folder. `message` and `fix` each hold a Chinese and an English sentence. */
export interface CityProblem {
  /** Relative to the city folder. */
  readonly file: string;
  /** 1 for what has no line, such as a file that is missing. */
  readonly line: number;
  readonly message: string;
  readonly fix: string;
}

export type CityResult =
  | { readonly ok: true; readonly city: City }
  | { readonly ok: false; readonly problems: readonly CityProblem[] };

/** Chinese first, English second: one sentence each. */
export type Words = readonly [zh: string, en: string];
