import type { RecordFact } from '../core/command.ts';
import type { DigitalMedium } from '../core/medium.ts';
import { inChinese } from './chinese.ts';
import { type Said, said } from './tell.ts';

/** What of a chat or mail is said otherwise than of a call: nobody calls, answers or hangs up. Undefined: nothing else. */
export function tellDigital(fact: RecordFact, medium: DigitalMedium): Said | undefined {
  const [en, zh] = medium === 'mail' ? ['mail', '邮件'] : ['conversation', '会话'];
  switch (fact.fact) {
    case 'waitStarted':
      return said(`The citizen waits in queue ${fact.queue}.`, `市民进入队列“${inChinese('queue', fact.queue)}”。`);
    case 'waitEnded':
      return said(
        `The wait in ${fact.queue} is over: ${fact.result === 'connected' ? 'taken by an agent' : fact.result}.`,
        `队列“${inChinese('queue', fact.queue)}”的等候结束：${inChinese('digitalWait', fact.result)}。`,
      );
    case 'offerMade':
      return said(
        `Offered to ${fact.agent} (offer ${fact.token}).`,
        `${zh}派给 ${fact.agent}（第 ${fact.token} 次派发）。`,
      );
    case 'offerEnded':
      return said(
        `The offer to ${fact.agent} ended: ${fact.result}.`,
        `派给 ${fact.agent} 的${zh}：${inChinese('digitalOffer', fact.result)}。`,
      );
    case 'talkStarted':
      return said(`${fact.agent} has the ${en}.`, `${fact.agent} 开始处理${zh}。`);
    case 'talkEnded':
      return said(
        `The ${en} with ${fact.agent} ended by ${fact.endedBy}.`,
        `${fact.agent} 处理的${zh}结束（${inChinese('digitalTalk', fact.endedBy)}）。`,
      );
    case 'contactClosed':
      return said(
        `The contact is closed: ${fact.outcome}.`,
        `联络结束：${inChinese('digitalOutcome', fact.outcome)}。`,
      );
    default:
      return undefined;
  }
}
