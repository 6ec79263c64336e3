import { createHmac } from 'node:crypto';
import { ChatHub } from '../api/chat/chat-hub.ts';
import type { ChatState } from '../api/chat/messages.ts';
import { webAccount } from '../api/chat/web-channel.ts';
import type { WebChatSource } from '../api/options.ts';
import type { Account } from '../channel/account.ts';
import type { ChannelHost } from '../channel/host.ts';
import { referenceOf } from '../channel/intake.ts';
import { deskView } from '../core/desk-view.ts';
import type { AgentId, ContactId } from '../core/ids.ts';
import { conversationView, digitalView, placeInQueue } from '../core/view.ts';
import type { Store } from '../store/store.ts';
import type { Calls } from './core.ts';
import { fieldKeyOf } from './field-key.ts';

export interface OpenWebChat {
  readonly account: Account;
  readonly source: WebChatSource;
}

/** What is there only later. */
export interface WebChatParts {
  host(): ChannelHost;
  /** The citizen of a contact that this agent has writes, or no longer. */
  writes(agent: AgentId, contact: ContactId, on: boolean): void;
  /** What became of this agent's messages is other than before. */
  receiptsCame(agent: AgentId, contact: ContactId): void;
}

/** Conversations with citizens at the page `/chat/`; undefined: there are none. */
export function openWebChat(calls: Calls, store: Store, parts: WebChatParts): OpenWebChat | undefined {
  const { config, folders, loop, logger } = calls;
  if (config.webChat === 'off') return undefined;
  const contactOf = (session: string): ContactId | undefined =>
    conversationView(loop.state, 'chat', referenceOf({ account, conversation: session }));
  const atDesk = (session: string, tell: (agent: AgentId, contact: ContactId) => void): void => {
    const contact = contactOf(session);
    const view = contact === undefined ? undefined : digitalView(loop.state, contact);
    if (contact !== undefined && view !== undefined && view !== 'call' && view.agent !== undefined)
      tell(view.agent, contact);
  };
  const hub: ChatHub = new ChatHub({
    db: store.db,
    // Known to this data folder alone, and the same after a restart: conversations outlive the core.
    key: createHmac('sha256', fieldKeyOf(folders)).update('conversations of the web chat').digest(),
    logger,
    take: (inbound) => parts.host().take(account, inbound),
    stateOf: (session) => stateOf(calls, contactOf(session)),
    onTyping: (session, on) => atDesk(session, (agent, contact) => parts.writes(agent, contact, on)),
    onReceipts: (session) => atDesk(session, (agent, contact) => parts.receiptsCame(agent, contact)),
  });
  const account = webAccount(hub);
  loop.subscribe(() => hub.statesChanged());
  return { account, source: { open: config.webChat, hub, fileFolder: folders.chatFiles, contactOf } };
}

function stateOf({ loop }: Calls, contact: ContactId | undefined): ChatState {
  const view = contact === undefined ? undefined : digitalView(loop.state, contact);
  if (view === undefined || view === 'call') return { is: 'none' };
  if (view.state === 'waiting' || view.state === 'offered') {
    const place = placeInQueue(loop.state, view.contact);
    return { is: 'waiting', ...(place === undefined ? {} : { queue_pos: place }) };
  }
  const number = view.agent === undefined ? undefined : deskView(loop.state, view.agent)?.number;
  return { is: view.state === 'talking' ? 'talking' : 'none', ...(number === undefined ? {} : { agent: number }) };
}
