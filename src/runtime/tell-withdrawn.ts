import type { RecordFact } from '../core/command.ts';
import { inChinese } from './chinese.ts';
import { type Said, said } from './tell.ts';

/** By the rule. */
const WITHDRAWN: Readonly<Record<string, Said>> = {
  B3: said('the call-back was withdrawn', '回拨已撤回'),
  K7: said('the citizen called again and took the place', '市民再次来电，接用原位置'),
};

/** A wait recorded as `lost` that no line broke: its call-back is not needed any more. Undefined: told as every other. */
export function tellWithdrawn(fact: RecordFact, rule: string): Said | undefined {
  if (fact.fact !== 'waitEnded' || fact.result !== 'lost' || !Object.hasOwn(WITHDRAWN, rule)) return undefined;
  const { en, zh } = WITHDRAWN[rule]!;
  return said(
    `The wait in ${fact.queue} is over: ${en}.`,
    `队列“${inChinese('queue', fact.queue)}”的等候结束：${zh}。`,
  );
}
