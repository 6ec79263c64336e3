import type { RecordFact } from '../core/command.ts';
import type { ChannelEvent, ConversationEvent, Event } from '../core/event.ts';
import { maskKey } from '../lib/mask-number.ts';
import { inChinese } from './chinese.ts';
import { type Said, said } from './tell.ts';

export type OfConversation = ConversationEvent['type'] | ChannelEvent['type'];

/** The citizen of a chat or mail, masked, in both languages. */
export function tellCitizen(from: string): Said {
  const shown = maskKey(from);
  const visitor = /^visitor-(.*)$/.exec(shown)?.[1];
  return visitor === undefined ? said(shown, shown) : said(`web visitor ${visitor}`, `网页市民 ${visitor}`);
}

export function tellConversationEvent(event: Extract<Event, { type: OfConversation }>): Said {
  switch (event.type) {
    case 'messageArrived':
      if (event.left === true) return said('The citizen left.', '市民离开会话。');
      return said(
        `Message ${event.message} from ${tellCitizen(event.from).en} came by ${event.medium}.`,
        `${tellCitizen(event.from).zh} 通过${inChinese('medium', event.medium)}发来第 ${event.message} 号消息。`,
      );
    case 'messageReplied':
      return said(`Message ${event.message} went to the citizen.`, `第 ${event.message} 号消息发给市民。`);
    case 'conversationOpened':
      return said(
        `A ${event.medium} from ${tellCitizen(event.from).en} came for queue ${event.queue}.`,
        `${tellCitizen(event.from).zh} 通过${inChinese('medium', event.medium)}进入队列“${inChinese('queue', event.queue)}”。`,
      );
    case 'offerAnswered':
      return event.take
        ? said(`${event.agent} took offer ${event.token}.`, `${event.agent} 接受第 ${event.token} 次派话。`)
        : said(`${event.agent} declined offer ${event.token}.`, `${event.agent} 拒绝第 ${event.token} 次派话。`);
    case 'conversationEnded':
      return event.by === 'citizen'
        ? said('The citizen left.', '市民离开会话。')
        : said(`${event.who} ended it.`, `${event.who} 结束会话。`);
    case 'conversationReopened':
      return said(`${event.agent} took up ${event.contact} again.`, `${event.agent} 重新开启 ${event.contact}。`);
    case 'conversationReturned':
      return said(
        `${event.who} gave it to queue ${event.queue}.`,
        `${event.who} 转至队列“${inChinese('queue', event.queue)}”。`,
      );
  }
}

export function tellMessage(fact: Extract<RecordFact, { fact: 'messageTaken' | 'citizenReminded' }>): Said {
  if (fact.fact === 'citizenReminded')
    return said(
      `The citizen is reminded: nothing came since message ${fact.message}.`,
      `提醒市民：第 ${fact.message} 号消息之后未收到回复。`,
    );
  return said(
    `Message ${fact.message} ${fact.opened ? 'opened the contact' : 'belongs to the contact'}.`,
    `第 ${fact.message} 号消息${fact.opened ? '开启该联络' : '归入该联络'}。`,
  );
}
