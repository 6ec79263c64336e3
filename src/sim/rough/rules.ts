import { agentId } from '../../core/ids.ts';
import type { QueueSetting, Settings } from '../../core/settings.ts';
import type { AgentPlan } from './scenario.ts';

export const LINE = '12345';
const PROMPTS = [
  'GRT-01',
  'MNU-01',
  'MNU-04',
  'MNU-05',
  'ENT-01',
  'QUE-02',
  'QUE-03a',
  'QUE-03b',
  'FUL-01',
  'TONE-FAULT',
  'NUM-1',
];

/** The shipped hotline in small: a menu with every way through it, two queues, recordings. */
export function roughRules(agents: readonly AgentPlan[]): Settings {
  return {
    version: 'rough',
    lines: { [LINE]: 'hotline' },
    flows: {
      hotline: {
        start: 'greet',
        steps: {
          // biome-ignore lint/suspicious/noThenProperty: a flow's own word for what comes next.
          greet: { kind: 'say', prompts: ['GRT-01'], then: 'menu' },
          menu: {
            kind: 'ask',
            opening: [],
            prompts: ['MNU-01'],
            choose: { '1': 'personal', '2': 'enterprise', '9': 'goodbye' },
            waitMs: 3_000,
            none: 'noKey',
            wrongPrompts: ['MNU-05'],
            wrongMax: 1,
            wrong: 'personal',
          },
          // biome-ignore lint/suspicious/noThenProperty: as above.
          noKey: { kind: 'say', prompts: ['MNU-04'], then: 'personal' },
          personal: { kind: 'queue', queue: 'personal', prompts: [] },
          enterprise: { kind: 'queue', queue: 'enterprise', prompts: ['ENT-01'] },
          goodbye: { kind: 'end', prompts: ['QUE-02'] },
        },
      },
    },
    queues: { personal: queue('personal'), enterprise: queue('enterprise') },
    agents: agents.map(({ name, skills }) => ({
      id: agentId(name),
      number: name,
      sipUser: name,
      skills: Object.fromEntries(skills.map((skill) => [skill, 3])),
    })),
    prompts: Object.fromEntries(PROMPTS.map((id) => [id, `/prompts/${id}.wav`])),
    recordingFolder: '/recordings',
  };
}

function queue(name: string): QueueSetting {
  return {
    name,
    skill: name,
    ringMs: 20_000,
    wrapUpMs: 30_000,
    positionFirstMs: 15_000,
    positionEveryMs: 30_000,
    waitingMax: 8,
  };
}
