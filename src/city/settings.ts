import { createHash } from 'node:crypto';
import type { AgentSetting, Settings } from '../core/settings.ts';
import type { City } from './city.ts';

/** The core's rules: what the files say and who works here. The version is a hash of the content, so equal rules are equal versions. */
export function makeSettings(city: Pick<City, 'settings'>, agents: readonly AgentSetting[]): Settings {
  const sorted = [...agents].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const content = { ...city.settings, agents: sorted };
  const version = createHash('sha256').update(canonical(content)).digest('hex').slice(0, 32);
  return { version, ...content };
}

/** JSON with the names of every object in order, so that the order of lines in a file changes nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
