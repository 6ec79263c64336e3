import { expect, test } from 'vitest';
import { loadCity } from '../../src/city/load.ts';
import { makeSettings } from '../../src/city/settings.ts';
import { agentId } from '../../src/core/ids.ts';
import type { AgentSetting } from '../../src/core/settings.ts';

const loaded = loadCity(new URL('../../dialplans/', import.meta.url).pathname);
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
const { city } = loaded;
const ana: AgentSetting = { id: agentId('ana'), number: '1', sipUser: '1', skills: { personal: 3, enterprise: 1 } };
const ben: AgentSetting = { id: agentId('ben'), number: '2', sipUser: '2', skills: { personal: 3 } };

test('equal rules have equal versions, whatever the order of agents and skills', () => {
  const turned = { ...ana, skills: { enterprise: 1, personal: 3 } };
  expect(makeSettings(city, [ana, ben])).toEqual(makeSettings(city, [ben, turned]));
});

test('any change of a rule changes the version', () => {
  const base = makeSettings(city, [ana, ben]).version;
  const queues = { ...city.settings.queues, personal: { ...city.settings.queues['personal']!, ringMs: 15_000 } };
  const versions = [
    makeSettings(city, [ana]).version,
    makeSettings(city, [ana, { ...ben, skills: { personal: 4 } }]).version,
    makeSettings({ settings: { ...city.settings, queues } }, [ana, ben]).version,
  ];
  expect(new Set([base, ...versions]).size).toBe(4);
});
