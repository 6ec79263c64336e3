import type { Need, PlanStep, Settings } from '../../src/core/settings.ts';
import type { Agent, Contact, State, Wait } from '../../src/core/state.ts';

/** Who may be offered what, straight from the rules and by trying everybody: slow, and sharing no code with the core. */
export interface Open {
  readonly contact: Contact;
  readonly wait: Wait;
}

export function openContacts(state: State): Open[] {
  return [...state.contacts.values()].flatMap((contact) =>
    contact.stage.in === 'queue' && contact.stage.offer === null ? [{ contact, wait: contact.stage.wait }] : [],
  );
}

export function isFree(state: State, agent: Agent): boolean {
  return agent.wish === 'ready' && agent.work === null && agent.legs.length === 0 && agent.notBeforeMs <= state.nowMs;
}

export function ageMs(state: State, { enqueuedAtMs, headStartMs }: Wait): number {
  return state.nowMs - enqueuedAtMs + headStartMs;
}

/** May this agent, once free, have this wait? Exclusions apart. */
export function mayServe(state: State, agent: Agent, wait: Wait): boolean {
  const settings = state.settings!;
  const setting = settings.agents.find(({ id }) => id === agent.id)!;
  const step = stepOf(settings, wait);
  const served = servedAs(settings, setting, wait.queue);
  if (served === undefined || ageMs(state, wait) < served.delayMs) return false;
  if (!satisfied(step.needs, setting.skills)) return false;
  const site = setting.site ?? 'main';
  if (step.sites !== undefined && !step.sites.includes(site)) return false;
  if (step.lastAgent === true && wait.lastAgent !== null && wait.lastAgent !== agent.id) return false;
  if ((state.sites.get(site) ?? 'open') !== 'open') return false;
  const capacity = settings.sites?.find(({ id }) => id === site)?.capacity ?? Number.POSITIVE_INFINITY;
  if (callsAt(state, site) >= capacity) return false;
  const home = setting.home;
  return home === undefined || home === wait.queue || state.levels.get(home)?.kept !== false;
}

export function rankOf(state: State, agent: Agent, wait: Wait): number {
  const settings = state.settings!;
  const setting = settings.agents.find(({ id }) => id === agent.id)!;
  const boundMs = settings.queues[wait.queue]?.boundMs ?? 600_000;
  return ageMs(state, wait) >= boundMs ? 0 : servedAs(settings, setting, wait.queue)!.rank;
}

export function isExcludedFor(state: State, agent: Agent, contact: Contact): boolean {
  return contact.excluded.some((entry) => entry.agent === agent.id && entry.untilMs > state.nowMs);
}

function stepOf(settings: Settings, wait: Wait): PlanStep {
  const name = wait.plan === '' ? settings.queues[wait.queue]!.plan : wait.plan;
  const steps = name === undefined ? undefined : settings.plans?.[name];
  return steps?.[wait.step] ?? { untilMs: null, needs: { skill: settings.queues[wait.queue]!.skill, level: 1 } };
}

function servedAs(settings: Settings, agent: Settings['agents'][number], queue: string) {
  if (agent.profile !== undefined) return agent.profile.find((entry) => entry.queue === queue);
  return { queue, rank: settings.queues[queue]!.skill in agent.skills ? 1 : 2, delayMs: 0 };
}

function satisfied(need: Need, skills: Readonly<Record<string, number>>): boolean {
  if ('skill' in need) return (skills[need.skill] ?? 0) >= need.level;
  if ('all' in need) return need.all.filter((part) => !satisfied(part, skills)).length === 0;
  if ('any' in need) return need.any.filter((part) => satisfied(part, skills)).length > 0;
  return !satisfied(need.not, skills);
}

function callsAt(state: State, site: string): number {
  return [...state.agents.values()].filter(({ id, work }) => {
    const setting = state.settings!.agents.find((each) => each.id === id);
    return (work?.in === 'offer' || work?.in === 'talk') && (setting?.site ?? 'main') === site;
  }).length;
}
