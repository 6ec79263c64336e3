import type { Account } from '../../channel/account.ts';
import { USUAL_CLOSING_WORDS, USUAL_REMINDER } from '../../channel/accounts.ts';
import { defineChannel } from '../../channel/channel.ts';
import { WEB_ACCOUNT, WEB_CHANNEL } from '../../store/chat-sessions.ts';
import type { ChatHub } from './chat-hub.ts';
import { CHAT_TEXT_CHARS_MAX } from './messages.ts';

const RECEIPT = '您的诉求已收到，受理编号 {contact}。请稍候，工作人员将为您服务。';
const ENDED_WORDS = '话务员已结束本次对话（受理编号 {contact}）。如需继续，请直接发送消息。';

/** The web chat as a channel like all others: its platform is this program, so that what is stored is what is sent. */
export function webAccount(hub: ChatHub): Account {
  const channel = defineChannel({
    name: WEB_CHANNEL,
    title: { zh: '网页在线咨询', en: 'Web chat' },
    settings: {},
    limits: { textChars: CHAT_TEXT_CHARS_MAX, sendPerSecond: 1_000 },
    capabilities: { media: ['image', 'audio', 'video', 'file'], receipts: ['delivered', 'read'] },
    /** It has its line since it was stored: whoever is there is shown it, whoever is not asks for it on coming back. */
    async send({ id, conversation }) {
      hub.show(conversation);
      return { remoteId: id };
    },
    async typing(conversation, writing) {
      hub.agentTypes(conversation, writing);
    },
  });
  const queues = { personal: 'personal', enterprise: 'enterprise' };
  return {
    channel,
    name: WEB_ACCOUNT,
    settings: {},
    previous: undefined,
    queues,
    receipt: RECEIPT,
    reminder: USUAL_REMINDER,
    closingWords: USUAL_CLOSING_WORDS,
    endedWords: ENDED_WORDS,
    gapMs: undefined,
    mediaHere: true,
  };
}
