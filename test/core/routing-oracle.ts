import type { Medium, SlotName } from '../../src/core/medium.ts';
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

const NAMES: readonly SlotName[] = ['voice', 'chat', 'mail'];

export function slotNameOf(medium: Medium): SlotName {
  return medium === 'callback' ? 'voice' : medium;
}

/** What the agent has, offers and a call's wrap-up included. */
export function countOf(agent: Agent, slot: SlotName): number {
  if (slot === 'voice') return agent.work === null ? 0 : 1;
  return agent.conversations.filter((each) => NAMES[each.slot] === slot).length;
}

/** How many of a medium an agent may have beside all else that it has. */
export function mostOf(state: State, agent: Agent, slot: SlotName): number {
  const settings = state.settings!;
  const setting = settings.agents.find(({ id }) => id === agent.id)!;
  const own = (name: SlotName) => (name === 'voice' ? 1 : ((setting.slots ?? settings.slots?.each)?.[name] ?? 0));
  const limits = NAMES.filter((other) => other !== slot && countOf(agent, other) > 0).map(
    (other) => settings.slots?.beside[other]?.[slot] ?? (other === 'voice' ? 0 : own(slot)),
  );
  return Math.min(own(slot), ...limits);
}

/** Free for one more of this medium. */
export function isFree(state: State, agent: Agent, slot: SlotName = 'voice'): boolean {
  if (agent.wish !== 'ready' || agent.notBeforeMs > state.nowMs) return false;
  if (countOf(agent, slot) >= mostOf(state, agent, slot)) return false;
  const offer = agent.conversations.find((each) => each.in === 'offer');
  if (slot === 'voice') return agent.legs.length === 0 && !(offer?.in === 'offer' && offer.firm);
  return offer === undefined && agent.deskNotBeforeMs <= state.nowMs;
}

export function ageMs(state: State, { enqueuedAtMs, headStartMs }: Wait): number {
  return state.nowMs - enqueuedAtMs + headStartMs;
}

/** May this agent, once free, have this wait? Exclusions apart. `own`: calls of the agent's site that are this wait's own offer. */
export function mayServe(state: State, agent: Agent, wait: Wait, slot: SlotName = 'voice', own = 0): boolean {
  const settings = state.settings!;
  const setting = settings.agents.find(({ id }) => id === agent.id)!;
  const step = stepOf(settings, wait);
  const served = servedAs(settings, setting, wait.queue);
  if (served === undefined || ageMs(state, wait) < served.delayMs) return false;
  if (!satisfied(step.needs, setting.skills)) return false;
  const site = setting.site ?? 'main';
  if (step.sites !== undefined && !step.sites.includes(site)) return false;
  if (step.agents !== undefined && !step.agents.includes(agent.id)) return false;
  if (step.lastAgent === true && wait.lastAgent !== null && wait.lastAgent !== agent.id) return false;
  if ((state.sites.get(site) ?? 'open') !== 'open') return false;
  const capacity = settings.sites?.find(({ id }) => id === site)?.capacity ?? Number.POSITIVE_INFINITY;
  if (slot === 'voice' && callsAt(state, site) - own >= capacity) return false;
  if (slot !== 'voice' && ((setting.slots ?? settings.slots?.each)?.[slot] ?? 0) === 0) return false;
  const home = setting.home;
  return home === undefined || home === wait.queue || state.levels.get(home)?.kept !== false;
}

/** Whether the step that this wait is in should hold no longer; asked for when nobody is free for it. */
export function isPassedOver(state: State, { contact, wait }: Open): boolean {
  const { skipIf, untilMs, lastAgent } = stepOf(state.settings!, wait);
  if (untilMs === null) return false;
  if (state.nowMs >= wait.enqueuedAtMs + untilMs) return true;
  if (lastAgent === true && wait.lastAgent === null) return true;
  if (typeof skipIf === 'number') return oldestMs(state, wait.queue, slotNameOf(contact.medium)) > skipIf;
  return skipIf === 'noneAvailable';
}

/** How long anybody has waited in this queue, the ringing ones too. */
function oldestMs(state: State, queue: string, slot: SlotName): number {
  const waits = [...state.contacts.values()].flatMap(({ medium, stage }) =>
    (stage.in === 'queue' || stage.in === 'connecting') && slotNameOf(medium) === slot ? [stage.wait] : [],
  );
  return Math.max(0, ...waits.filter((each) => each.queue === queue).map((each) => state.nowMs - each.enqueuedAtMs));
}

/** Who has waited for its bound is 0; then calls, chats, mails; in each the rank. */
export function rankOf(state: State, agent: Agent, wait: Wait, slot: SlotName = 'voice'): number {
  const settings = state.settings!;
  const setting = settings.agents.find(({ id }) => id === agent.id)!;
  const ofQueue = settings.queues[wait.queue]?.boundMs ?? 600_000;
  const boundMs = slot === 'voice' ? ofQueue : (settings.slots?.media[slot]?.boundMs ?? 600_000);
  // Past their bounds calls come first, too.
  if (ageMs(state, wait) >= boundMs) return NAMES.indexOf(slot);
  return 100 * (1 + NAMES.indexOf(slot)) + servedAs(settings, setting, wait.queue)!.rank;
}

export function isExcludedFor(state: State, agent: Agent, contact: Contact): boolean {
  return contact.excluded.some((entry) => entry.agent === agent.id && entry.untilMs > state.nowMs);
}

/** Q3, O5, W4: whether this agent had the better right to the wait than the one who was offered it. `more`: what that one had beside what it has now; below 0 what it had not yet. */
export function isBetterFor(
  state: State,
  contact: Contact,
  wait: Wait,
  other: Agent,
  chosen: Agent,
  more: number,
): boolean {
  const key = (agent: Agent, has: number) => {
    const skills = state.settings!.agents.find(({ id }) => id === agent.id)!.skills;
    const prefer = stepOf(state.settings!, wait).prefer ?? [];
    const score = prefer.reduce((sum, { skill, weight }) => sum + weight * (skills[skill] ?? 0), 0);
    return [isExcludedFor(state, agent, contact) ? 1 : 0, -score, agent.idleSinceMs + has * 86_400_000];
  };
  const has = (agent: Agent) => agent.conversations.length + (agent.work === null ? 0 : 1);
  const [theirs, mine] = [key(other, has(other)), key(chosen, has(chosen) + more)];
  const nth = theirs.findIndex((part, index) => part !== mine[index]);
  return nth < 0 ? other.id < chosen.id : theirs[nth]! < mine[nth]!;
}

export function siteOf(state: State, agent: Agent): string {
  return state.settings!.agents.find(({ id }) => id === agent.id)!.site ?? 'main';
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
