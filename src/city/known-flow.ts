import type { Flow, FlowStep } from '../core/settings.ts';
import { targetsOf } from './check.ts';
import type { PlacedFlow } from './flows.ts';
import { say } from './hotline-flow.ts';

/**
 * G5: callers of merged hotlines who are warned or limited go through the same steps as those of the main number, and on to the hotline's own
 * beginning; at which those with an urgent order begin at once, where they do on the main number.
 */
export function withKnownCallers(hotlines: readonly PlacedFlow[], main: Flow | undefined): readonly PlacedFlow[] {
  if (main?.known === undefined) return hotlines;
  return hotlines.map((placed) => ({ ...placed, flow: joinKnown(placed.flow, main) }));
}

function joinKnown(hotline: Flow, main: Flow): Flow {
  const { direct, warned, limited } = main.known!;
  const steps: Record<string, FlowStep> = { ...hotline.steps };
  const nameHere = (name: string): string => {
    if (name === main.start) return hotline.start;
    return Object.hasOwn(hotline.steps, name) ? `${name}:main` : name;
  };
  const bring = (name: string): void => {
    const step = main.steps[name];
    const here = nameHere(name);
    if (name === main.start || step === undefined || Object.hasOwn(steps, here)) return;
    steps[here] = renamed(step, nameHere);
    for (const target of targetsOf(step)) bring(target);
  };
  for (const name of [warned, limited]) if (name !== undefined) bring(name);
  const callers = direct?.callers.filter((each) => each === 'urgent') ?? [];
  const known = {
    ...(callers.length === 0 ? {} : { direct: { step: hotline.start, callers } }),
    ...(warned === undefined ? {} : { warned: nameHere(warned) }),
    ...(limited === undefined ? {} : { limited: nameHere(limited) }),
  };
  return { ...hotline, known, steps };
}

function renamed(step: FlowStep, nameOf: (name: string) => string): FlowStep {
  switch (step.kind) {
    case 'say':
      return say(step.prompts, nameOf(step.then));
    case 'hours':
      return { ...step, open: nameOf(step.open), closed: nameOf(step.closed) };
    case 'ask': {
      const choose = Object.fromEntries(Object.entries(step.choose).map(([key, name]) => [key, nameOf(name)]));
      return { ...step, choose, none: nameOf(step.none), wrong: nameOf(step.wrong) };
    }
    case 'queue':
    case 'end':
      return step;
  }
}
