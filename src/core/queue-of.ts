import type { QueueSetting } from './settings.ts';
import type { State } from './state.ts';

export function queueOf(state: State, name: string): QueueSetting | undefined {
  const queues = state.settings?.queues ?? {};
  return Object.hasOwn(queues, name) ? queues[name] : undefined;
}
