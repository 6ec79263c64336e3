import type { RecordFact } from '../core/command.ts';
import type {
  AlertSeen,
  ContactMarked,
  SupervisionApproved,
  SupervisionAsked,
  SupervisionLeft,
} from '../core/event.ts';
import { inChinese } from './chinese.ts';
import { type Said, said } from './tell.ts';

type LeadEvent = SupervisionAsked | SupervisionApproved | SupervisionLeft | ContactMarked | AlertSeen;

/** What somebody who leads asked for. */
export function tellLeadEvent(event: LeadEvent): Said {
  switch (event.type) {
    case 'supervisionAsked':
      return event.reason === ''
        ? said(
            `${event.by} asked to hear the talk: ${event.mode}.`,
            `${event.by} 申请介入通话：${inChinese('supervision', event.mode)}。`,
          )
        : said(
            `${event.by} asked to hear the talk (${event.mode}): ${event.reason}.`,
            `${event.by} 申请介入通话（${inChinese('supervision', event.mode)}）：${event.reason}。`,
          );
    case 'supervisionApproved':
      return event.mode === undefined
        ? said(`${event.by} agreed to it.`, `${event.by} 同意介入通话。`)
        : said(
            `${event.by} agreed to it: ${event.mode}.`,
            `${event.by} 同意介入通话：${inChinese('supervision', event.mode)}。`,
          );
    case 'supervisionLeft':
      return event.because === undefined
        ? said(`${event.by} left the talk.`, `${event.by} 退出通话。`)
        : said(`${event.by} may hear the talk no longer.`, `${event.by} 不再有权介入通话。`);
    case 'contactMarked':
      return said(
        `${event.by} wants the contact ${event.sensitive ? '' : 'not '}marked as sensitive.`,
        event.sensitive ? `${event.by} 要求将该联络标为敏感。` : `${event.by} 要求取消该联络的敏感标记。`,
      );
    case 'alertSeen':
      return said(
        `${event.by} has seen the alert ${event.alert}.`,
        `${event.by} 已知悉提醒“${inChinese('alert', event.alert)}”。`,
      );
  }
}

type SupervisionFact = Extract<
  RecordFact,
  { fact: `supervision${string}` | 'contactMarked' | 'unmarkAsked' | 'stateForced' | `alert${string}` }
>;

const OF_SUPERVISION: ReadonlySet<RecordFact['fact']> = new Set<SupervisionFact['fact']>([
  'supervisionAsked',
  'supervisionApproved',
  'supervisionStarted',
  'supervisionChanged',
  'supervisionWanted',
  'supervisionEnded',
  'contactMarked',
  'unmarkAsked',
  'stateForced',
  'alertRaised',
  'alertEnded',
  'alertSeen',
]);

export function isOfSupervision(fact: RecordFact): fact is SupervisionFact {
  return OF_SUPERVISION.has(fact.fact);
}

export function tellSupervision(fact: SupervisionFact): Said {
  switch (fact.fact) {
    case 'supervisionAsked':
      return said(
        `${fact.by} asks for the talk (${fact.mode}): ${fact.reason}.`,
        `${fact.by} 申请介入（${inChinese('supervision', fact.mode)}）：${fact.reason}。`,
      );
    case 'supervisionApproved':
      return said(`${fact.by} agrees, for ${fact.supervisor}.`, `${fact.by} 同意 ${fact.supervisor} 介入。`);
    case 'supervisionStarted':
      return said(
        `${fact.by} is on the talk: ${fact.mode}.`,
        `${fact.by} 介入通话：${inChinese('supervision', fact.mode)}。`,
      );
    case 'supervisionChanged':
      return said(`${fact.by} goes over to ${fact.mode}.`, `${fact.by} 切换为${inChinese('supervision', fact.mode)}。`);
    case 'supervisionWanted':
      return said(
        `${fact.by} asks to go over to ${fact.mode}; a second person must agree.`,
        `${fact.by} 申请切换为${inChinese('supervision', fact.mode)}，等待另一人同意。`,
      );
    case 'supervisionEnded':
      return said(
        `${fact.by} is not on the talk any more: ${fact.result}.`,
        `${fact.by} 的介入结束：${inChinese('supervisionEnd', fact.result)}。`,
      );
    case 'unmarkAsked':
      return said(
        `${fact.by} asks to take the mark of sensitive away; a second person must agree.`,
        `${fact.by} 申请取消敏感标记，等待另一人同意。`,
      );
    case 'contactMarked':
      return fact.sensitive
        ? said(`${fact.by} marked it as sensitive.`, `${fact.by} 标为敏感。`)
        : said(`${fact.by} took the mark of sensitive away.`, `${fact.by} 取消敏感标记。`);
    case 'stateForced':
      return said(
        `${fact.by} set ${fact.agent} to ${fact.state}: ${fact.reason}.`,
        `${fact.by} 将 ${fact.agent} 置为“${inChinese('state', fact.state)}”：${fact.reason}。`,
      );
    case 'alertRaised':
      return said(`Too long or too often: ${fact.alert}.`, `提醒：${inChinese('alert', fact.alert)}。`);
    case 'alertSeen':
      return said(`${fact.by} has seen it: ${fact.alert}.`, `${fact.by} 已知悉：${inChinese('alert', fact.alert)}。`);
    case 'alertEnded':
      return said(`No longer: ${fact.alert}.`, `提醒解除：${inChinese('alert', fact.alert)}。`);
  }
}
