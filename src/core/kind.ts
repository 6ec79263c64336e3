import { HOME_SITE } from '../lib/home-site.ts';
import { TimeOrder } from '../lib/time-order.ts';
import type { AgentId } from './ids.ts';
import { type Slot, VOICE } from './medium.ts';
import { meets, scoreOf } from './need.ts';
import { makeRoom, type Room, slotsOf } from './room.ts';
import type { Seat } from './seat.ts';
import type { AgentSetting, PlanStep, ProfileEntry, Settings } from './settings.ts';
import type { Place } from './standing.ts';

/** How many calls a site may have (Q14; absent: any number), and its offers and talks now. */
export interface SiteLoad {
  readonly capacity: number | undefined;
  calls: number;
}

/** All agents who are alike to routing: the same site, home, profile, skills and slots. Whom a step names is alike to nobody. */
export interface Kind {
  readonly named: AgentId | null;
  readonly site: string;
  readonly siteLoad: SiteLoad;
  readonly home: string | null;
  readonly skills: Readonly<Record<string, number>>;
  readonly profile: ReadonlyMap<string, ProfileEntry>;
  readonly room: Room;
  /** By slot: those who may be offered something in it now, longest idle first (W4). */
  readonly idle: readonly TimeOrder<Seat>[];
  /** How many are not offline. */
  loggedIn: number;
  /** What they may serve, best rank first. */
  readonly serves: Serving[];
}

/** Contacts that ask for the same: one queue, one slot, one step of one plan, and the same last agent if the step is for that one. */
export interface Bucket {
  readonly key: string;
  readonly queue: string;
  readonly slot: Slot;
  readonly step: PlanStep;
  readonly only: AgentId | null;
  /** Those that may be offered now, oldest effective age first. */
  readonly open: TimeOrder<Place>;
  /** Whose turn it can be, highest score first. Empty when `only` is set. */
  readonly servedBy: Serving[];
  /** Distinct delays above 0, ascending: the ages at which more agents may serve. */
  delaysMs: readonly number[];
}

export interface Serving {
  readonly kind: Kind;
  readonly bucket: Bucket;
  readonly rank: number;
  readonly delayMs: number;
  readonly score: number;
}

/** For a queue that is gone from the rules: nobody in it may be forgotten. */
const GONE: ProfileEntry = { queue: '', rank: 9, delayMs: 0 };

export function kindKey(agent: AgentSetting, settings: Settings): string {
  const skills = Object.keys(agent.skills)
    .sort()
    .map((name) => [name, agent.skills[name]]);
  const { chat = 0, mail = 0 } = slotsOf(agent, settings);
  const named = namedIn(agent, settings) ? [agent.id] : [];
  return JSON.stringify([
    agent.site ?? HOME_SITE,
    agent.home ?? null,
    skills,
    agent.profile ?? null,
    chat,
    mail,
    ...named,
  ]);
}

export function makeKind(agent: AgentSetting, settings: Settings, siteLoad: SiteLoad): Kind {
  const profile = agent.profile ?? defaultProfile(agent, settings);
  return {
    named: namedIn(agent, settings) ? agent.id : null,
    site: agent.site ?? HOME_SITE,
    siteLoad,
    home: agent.home ?? null,
    skills: agent.skills,
    profile: new Map(profile.map((entry) => [entry.queue, entry])),
    room: makeRoom(agent, settings),
    idle: [new TimeOrder(), new TimeOrder(), new TimeOrder()],
    loggedIn: 0,
    serves: [],
  };
}

/** What this kind would be to contacts of the bucket; undefined when it may not serve them at all. */
export function servingOf(kind: Kind, bucket: Bucket, settings: Settings): Serving | undefined {
  if (kind.room.slots[bucket.slot] === 0) return undefined;
  const gone = !Object.hasOwn(settings.queues, bucket.queue);
  const entry = gone ? GONE : kind.profile.get(bucket.queue);
  if (entry === undefined || !meets(bucket.step.needs, kind.skills)) return undefined;
  if (bucket.step.sites !== undefined && !bucket.step.sites.includes(kind.site)) return undefined;
  if (bucket.step.agents !== undefined && !bucket.step.agents.some((agent) => agent === kind.named)) return undefined;
  const { rank, delayMs } = entry;
  return { kind, bucket, rank, delayMs, score: scoreOf(bucket.step, kind.skills) };
}

/** Q12. An effective age below 0 is no delay: a call-back that is not due soon (B3). */
export function isDelayed(delayMs: number, waitedMs: number): boolean {
  return delayMs > 0 && waitedMs < delayMs;
}

/** Makes kind and bucket known to each other. */
export function join(serving: Serving): void {
  const { kind, bucket } = serving;
  insert(kind.serves, serving, (a, b) => a.rank - b.rank);
  insert(bucket.servedBy, serving, (a, b) => b.score - a.score);
  if (serving.delayMs > 0 && !bucket.delaysMs.includes(serving.delayMs)) {
    bucket.delaysMs = [...bucket.delaysMs, serving.delayMs].sort((a, b) => a - b);
  }
}

export function bucketKey(queue: string, slot: Slot, only: AgentId | null): string {
  if (slot !== VOICE) return `${queue}  ${slot} ${only ?? ''}`;
  return only === null ? queue : `${queue} ${only}`;
}

function namedIn({ id }: AgentSetting, { plans = {} }: Settings): boolean {
  return Object.values(plans).some((steps) => steps.some(({ agents }) => agents?.includes(id)));
}

/** Every queue, those of the agent's own skills first; what each step needs says the rest. */
function defaultProfile(agent: AgentSetting, settings: Settings): ProfileEntry[] {
  return Object.values(settings.queues).map(({ name, skill }) => {
    return { queue: name, rank: Object.hasOwn(agent.skills, skill) ? 1 : 2, delayMs: 0 };
  });
}

function insert(list: Serving[], serving: Serving, order: (a: Serving, b: Serving) => number): void {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order(list[middle]!, serving) <= 0) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, serving);
}
