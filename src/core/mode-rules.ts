import type { ModeName, ModeSetting, Settings } from './settings.ts';

/** M2: the rules as a mode changes them. */
export function inMode(base: Settings, name: ModeName): Settings {
  const mode: ModeSetting = base.modes?.[name] ?? {};
  const queues = Object.fromEntries(
    Object.entries(base.queues).map(([queue, setting]) => {
      const change = mode.queues !== undefined && Object.hasOwn(mode.queues, queue) ? mode.queues[queue]! : {};
      return [queue, { ...setting, ...change }];
    }),
  );
  return { ...base, queues, lines: { ...base.lines, ...mode.lines } };
}
