import type { Flow, FlowStep, Need, PlanStep } from '../core/settings.ts';
import type { Hotline } from './city.ts';
import type { HotlineHouse } from './hotlines.ts';

/**
 * What a caller of a merged hotline hears and where the call waits: its own greeting, then its skill group. While the hotline is closed the
 * caller hears so and waits for anybody of the same queue: 12345 answers always.
 */
export function callersFlow(hotline: Hotline, { notice, closed }: HotlineHouse): Flow {
  const { queue, hours, messages } = hotline;
  const plan = planName(hotline);
  const wait = { kind: 'queue' as const, queue, prompts: [], ...(messages === undefined ? {} : { messages }) };
  const group: FlowStep = { ...wait, ...(plan === undefined ? {} : { plan }) };
  const greeting = [...hotline.greeting, ...notice];
  if (hours === undefined) return { start: 'greet', steps: { greet: say(greeting, 'group'), group } };
  return {
    start: 'greet',
    steps: {
      greet: say(greeting, 'when'),
      when: { kind: 'hours', hours, open: 'group', closed: 'sayClosed' },
      group,
      sayClosed: say(closed, 'duty'),
      duty: wait,
    },
  };
}

/**
 * First those of the hotline's own group, by skill and site; then by the plan of its queue, at once when nobody of the group is there today.
 *
 * @param rest plan of the queue; without one whoever has its skill.
 * @param withinMs how long only the group is asked; 0: nobody is asked first.
 */
export function groupPlan(
  hotline: Hotline,
  queueSkill: string,
  rest: readonly PlanStep[] | undefined,
  withinMs: number,
): readonly (readonly [string, readonly PlanStep[]])[] {
  const { skill, site } = hotline;
  const name = planName(hotline);
  if (name === undefined) return [];
  const ofQueue: Need = { skill: queueSkill, level: 1 };
  const ofGroup: Need = skill === undefined ? ofQueue : { skill, level: 1 };
  const group: PlanStep = {
    untilMs: withinMs,
    needs: ofGroup,
    skipIf: 'noneLoggedIn',
    ...(site === undefined ? {} : { sites: [site] }),
  };
  return [[name, [group, ...(rest ?? [{ untilMs: null, needs: { any: [ofGroup, ofQueue] } }])]]];
}

/** Hotlines of one queue, skill and site share a plan. No file of the city's has such a name. */
function planName({ queue, skill, site }: Hotline): string | undefined {
  if (skill === undefined && site === undefined) return undefined;
  return [queue, skill ?? '', ...(site === undefined ? [] : [site])].join(':');
}

export function say(prompts: readonly string[], then: string): FlowStep {
  return { kind: 'say', prompts, then };
}
