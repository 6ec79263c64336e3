import { expect, test } from 'vitest';
import { tellWhyChosen, tellWhyNot } from '../../src/runtime/tell-offer.ts';

const RULES = ['W4', 'Q3', 'Q11', 'Q12', 'Q13', 'Q14', 'Q15', 'Q18', 'T10', 'O5', 'W13'];

test.each([
  ['Q3', 'Has been idle for less long.', '空闲时间较短。'],
  ['W4', 'Has more to do already.', '手头已有更多工作。'],
  ['Q11', 'Does not serve this queue, or the step of its plan names others.', '不服务该队列，或当前步骤不含该座席。'],
  ['Q12', 'Serves this queue only after a longer wait.', '需等待更久才由该座席服务。'],
  ['Q13', 'Fits less what the step prefers.', '与当前步骤的优先条件匹配较低。'],
  ['Q14', 'The site takes no calls now.', '所在站点目前不接来电。'],
  ['Q15', 'Is kept for the own queue, which is answered too slowly.', '本队列接通不达标，暂不支援其他队列。'],
  ['Q18', 'The caller spoke with another agent last; that one is asked first.', '优先由来电人上次的座席接听。'],
  ['T10', 'The agent whose phone was lost in the talk is asked first.', '优先由通话中掉线的座席接回。'],
  [
    'W13',
    'Is being asked for a conversation, which a call-back does not take back.',
    '正被派给一个会话，回拨不收回它。',
  ],
  ['O5', 'Did not take this contact a short while ago.', '不久前未接这一联络。'],
])('[%s] why an agent who was idle did not get the caller is told in words of its own: %s', (rule, en, zh) => {
  expect(tellWhyNot(rule, false)).toEqual({ en, zh });
});

test('each rule has words of its own, and those of chats and mails say nothing of calls', () => {
  const said = RULES.map((rule) => tellWhyNot(rule, false).en);
  expect(new Set(said).size).toBe(RULES.length);
  for (const rule of RULES.filter((each) => each !== 'T10' && each !== 'W13')) {
    const { en, zh } = tellWhyNot(rule, true);
    expect(`${en} ${zh}`).not.toMatch(/caller|calls|来电|接听/);
  }
});

test.each([
  ['T10', ['Q18', 'T10', 'Q3'], 'Had this talk when the phone was lost.'],
  ['Q18', ['Q3', 'Q18'], 'Spoke with this caller last.'],
  ['nobody', [], 'The only one idle.'],
  ['who might not', ['Q11', 'Q12', 'Q14', 'Q15', 'O5'], 'The only one idle who may have it.'],
  ['Q3', ['O5', 'W4', 'Q13', 'Q3'], 'Has been idle longest of those who fit best.'],
  ['Q13', ['O5', 'W4', 'Q13'], 'Fits best what the step prefers.'],
  ['W4', ['O5', 'W4'], 'Has least to do.'],
])('[Q3] why one was chosen is told by the first of what the others were passed over for: %s', (_rule, others, en) => {
  expect(tellWhyChosen(others, false).en).toBe(en);
});

test('[Q18] of a chat, why one was chosen says nothing of calls', () => {
  expect(tellWhyChosen(['Q18'], true)).toEqual({ en: 'Had this citizen last.', zh: '最近一次由其处理该市民。' });
  expect(tellWhyChosen(['Q11'], true).zh).toBe('空闲座席中只有其可以处理。');
});
