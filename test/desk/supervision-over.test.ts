import { describe, expect, test } from 'vitest';
import type { AgentItem, SupervisionItem } from '../../src/api/live/messages.ts';
import { whyOver } from '../../src/desk/work/supervision-over.ts';

const agent = (is: Partial<AgentItem>): AgentItem => ({
  ...{ key: 'agent/ana', kind: 'agent', agent: 'ana', number: '1', site: 'main', state: 'talking', contact: 'c1' },
  ...{ sinceMs: 0, next: 'ready', devices: 1, skills: [] },
  ...is,
});
const heard = (is: Partial<SupervisionItem>): SupervisionItem => ({
  ...{ key: 'supervision/c1', kind: 'supervision', contact: 'c1', agent: 'ana', by: 'lead' },
  ...{ mode: 'barge', reason: 'why', step: 'on' },
  ...is,
});

describe('why a supervision is over', () => {
  test.each([
    ['nobody agreed in time', heard({ step: 'asked' }), agent({ sensitive: true }), 'notAgreed'],
    ['the talk ended before anybody agreed', heard({ step: 'asked' }), agent({ state: 'wrapUp' }), 'talkOver'],
    ['the own phone was not answered', heard({ step: 'ringing' }), agent({}), 'notAnswered'],
    ['the talk ended', heard({}), agent({ state: 'wrapUp' }), 'talkOver'],
    ['the agent talks with somebody else', heard({}), agent({ contact: 'c2' }), 'talkOver'],
    ['it was marked sensitive', heard({}), agent({ sensitive: true }), 'sensitive'],
    ['the agent’s phone was lost', heard({}), agent({ state: 'held' }), 'lost'],
    ['the talk is the supervisor’s own now', heard({ mode: 'takeOver' }), agent({ state: 'wrapUp' }), undefined],
  ] as const)('%s', (_name, last, now, why) => {
    expect(whyOver(last, now)).toBe(why);
  });
});
