import type { PlanStep, QueueSetting, Settings } from './settings.ts';

const ANYONE: readonly PlanStep[] = [{ untilMs: null, needs: { all: [] } }];
const plainSteps = new WeakMap<QueueSetting, readonly PlanStep[]>();

/** Q11: the steps of a wait. A queue that is gone from the rules is everybody's, so that nobody waits in it for ever. */
export function stepsOf(settings: Settings | null, queue: string, plan: string): readonly PlanStep[] {
  if (settings === null) return ANYONE;
  const setting = Object.hasOwn(settings.queues, queue) ? settings.queues[queue]! : undefined;
  const name = plan === '' ? setting?.plan : plan;
  const plans = settings.plans ?? {};
  if (name !== undefined && Object.hasOwn(plans, name)) return plans[name]!;
  return setting === undefined ? ANYONE : plainStepsOf(setting);
}

/** Q17: what the steps of a plan that have begun, the one with `step` as its number the last, have counted as waited. */
export function stepsBegunMs(steps: readonly PlanStep[], step: number): number {
  return steps.slice(0, step + 1).reduce((sum, { headStartMs = 0 }) => sum + headStartMs, 0);
}

function plainStepsOf(queue: QueueSetting): readonly PlanStep[] {
  let steps = plainSteps.get(queue);
  if (steps === undefined) {
    steps = [{ untilMs: null, needs: { skill: queue.skill, level: 1 } }];
    plainSteps.set(queue, steps);
  }
  return steps;
}
