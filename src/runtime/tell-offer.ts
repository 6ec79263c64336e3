import { type Said, said } from './tell.ts';

const WHY_NOT: Readonly<Record<string, Said>> = {
  W4: said('Has more to do already.', '手头已有更多工作。'),
  Q3: said('Has been idle for less long.', '空闲时间较短。'),
  Q11: said('Does not serve this queue, or the step of its plan names others.', '不服务该队列，或当前步骤不含该座席。'),
  Q12: said('Serves this queue only after a longer wait.', '需等待更久才由该座席服务。'),
  Q13: said('Fits less what the step prefers.', '与当前步骤的优先条件匹配较低。'),
  Q14: said('The site takes no calls now.', '所在站点目前不接来电。'),
  Q15: said('Is kept for the own queue, which is answered too slowly.', '本队列接通不达标，暂不支援其他队列。'),
  Q18: said('The caller spoke with another agent last; that one is asked first.', '优先由来电人上次的座席接听。'),
  T10: said('The agent whose phone was lost in the talk is asked first.', '优先由通话中掉线的座席接回。'),
  W13: said(
    'Is being asked for a conversation, which a call-back does not take back.',
    '正被派给一个会话，回拨不收回它。',
  ),
  O5: said('Did not take this contact a short while ago.', '不久前未接这一联络。'),
};

/** Of chats and mails, what is said of a caller above. */
const WHY_NOT_DIGITAL: Readonly<Record<string, Said>> = {
  Q14: said('The site takes nothing new now.', '所在站点目前不接新的工作。'),
  Q18: said('The citizen was with another agent last; that one is asked first.', '优先由上次处理该市民的座席处理。'),
};

/** Why an idle agent was passed over. */
export function tellWhyNot(rule: string, digital: boolean): Said {
  return (digital ? WHY_NOT_DIGITAL[rule] : undefined) ?? WHY_NOT[rule] ?? WHY_NOT['Q3']!;
}

/** Rules by which an agent who might have had the contact came after the chosen one. */
const RUNNERS_UP = new Set(['Q3', 'Q13', 'W4']);

/** Why the chosen one: by what the others were passed over for. */
export function tellWhyChosen(others: readonly string[], digital: boolean): Said {
  if (others.includes('T10'))
    return said('Had this talk when the phone was lost.', '通话因其话机掉线而中断，优先由其接回。');
  if (others.includes('Q18'))
    return digital
      ? said('Had this citizen last.', '最近一次由其处理该市民。')
      : said('Spoke with this caller last.', '最近一次由其接听该来电人。');
  const rivals = others.filter((rule) => RUNNERS_UP.has(rule));
  if (others.length === 0) return said('The only one idle.', '当时只有该座席空闲。');
  if (rivals.length === 0)
    return said(
      'The only one idle who may have it.',
      digital ? '空闲座席中只有其可以处理。' : '空闲座席中只有其可以接听。',
    );
  if (rivals.includes('Q3'))
    return said('Has been idle longest of those who fit best.', '在最符合条件的座席中空闲最久。');
  if (rivals.includes('Q13')) return said('Fits best what the step prefers.', '最符合当前步骤的优先条件。');
  return said('Has least to do.', '手头工作最少。');
}
