import type { RecordFact } from '../core/command.ts';
import { inChinese } from './chinese.ts';
import { type Said, said } from './tell.ts';

/** What concerns the whole hotline: modes and sites. */
export function tellRunning(fact: Extract<RecordFact, { fact: `mode${string}` | 'siteStatus' }>): Said {
  switch (fact.fact) {
    case 'modeProposed':
      return said(`The mode ${fact.mode} is proposed.`, `建议切换到模式“${inChinese('mode', fact.mode)}”。`);
    case 'modeProposalWithdrawn':
      return said(
        `The mode ${fact.mode} is proposed no longer.`,
        `不再建议切换到模式“${inChinese('mode', fact.mode)}”。`,
      );
    case 'modeChanged':
      return said(
        `${fact.by} changed the mode from ${fact.from} to ${fact.mode}.`,
        `${fact.by} 将模式由“${inChinese('mode', fact.from)}”切换为“${inChinese('mode', fact.mode)}”。`,
      );
    case 'siteStatus':
      return said(
        `Site ${fact.site} is ${fact.status}.`,
        `站点 ${fact.site} 的状态为“${inChinese('site', fact.status)}”。`,
      );
  }
}
