import type { ModeName, ModeRule, ModeSetting, Settings } from './settings.ts';

/** M2: the rules as a mode changes them. */
export function inMode(base: Settings, name: ModeName): Settings {
  const mode: ModeSetting = base.modes?.[name] ?? {};
  const queues = Object.fromEntries(
    Object.entries(base.queues).map(([queue, setting]) => {
      const change = mode.queues !== undefined && Object.hasOwn(mode.queues, queue) ? mode.queues[queue]! : {};
      return [queue, { ...setting, ...change }];
    }),
  );
  return {
    ...base,
    queues,
    lines: { ...base.lines, ...mode.lines },
    ...(base.diverted === undefined ? {} : { diverted: divertedIn(base.diverted, mode) }),
    ...(mode.plans === undefined ? {} : { plans: { ...base.plans, ...mode.plans } }),
  };
}

/** A call diverted from a number goes where a call to it goes. */
function divertedIn(diverted: NonNullable<Settings['diverted']>, { lines = {} }: ModeSetting): typeof diverted {
  return Object.fromEntries(
    Object.entries(diverted).map(([number, flow]) => [number, Object.hasOwn(lines, number) ? lines[number]! : flow]),
  );
}

/** M4: how long none of a mode's conditions must have held for its proposal to be withdrawn. */
export function lastsMs(rules: readonly ModeRule[], mode: ModeName): number {
  return Math.max(0, ...rules.filter((rule) => rule.mode === mode).map(({ forMs }) => forMs));
}
