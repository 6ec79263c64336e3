import { describe, expect, test } from 'vitest';
import type { AgentItem } from '../../src/api/live/messages.ts';
import { en } from '../../src/desk/language/en.ts';
import { zh } from '../../src/desk/language/zh.ts';
import { agentTags } from '../../src/desk/work/agent-tags.ts';

const agent = (is: Partial<AgentItem>): AgentItem => ({
  ...{ key: 'agent/ana', kind: 'agent', agent: 'ana', number: '1', site: 'main', state: 'talking', contact: 'c1' },
  ...{ sinceMs: 0, next: 'ready', devices: 1, skills: [] },
  ...is,
});

describe('the leads’ list shows beside an agent', () => {
  test.each([
    ['nothing, as a rule', agent({}), false, [], []],
    ['an alert', agent({}), true, ['超时'], ['Alert']],
    ['a seat that the rules lack', agent({ gone: true }), false, ['座席已删除'], ['Seat removed']],
    ['both', agent({ gone: true }), true, ['座席已删除', '超时'], ['Seat removed', 'Alert']],
  ] as const)('%s', (_name, item, isAlerted, inChinese, inEnglish) => {
    const tags = agentTags(item, isAlerted);
    expect(tags.map(({ word }) => zh.supervision[word])).toEqual(inChinese);
    expect(tags.map(({ word }) => en.supervision[word])).toEqual(inEnglish);
  });
});
