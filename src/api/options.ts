import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { Logger } from 'pino';
import type { AccountProblem } from '../channel/accounts.ts';
import type { ChannelHost } from '../channel/host.ts';
import type { CallOutVerdict } from '../core/call-out.ts';
import type { ConversationEvent, ConversationName, PeopleEvent } from '../core/event.ts';
import type { AgentId, ContactId } from '../core/ids.ts';
import type { DigitalMedium } from '../core/medium.ts';
import type { ReopenVerdict } from '../core/reopen.ts';
import type { TalkView } from '../core/talk-view.ts';
import type { AgentView, DigitalView, ModeView, QueueView, SiteView } from '../core/view.ts';
import type { ConnectLimits } from '../lib/measure-alarm.ts';
import type { DaySum } from '../store/day-counts.ts';
import type { Db } from '../store/store.ts';
import type { ChatHub } from './chat/chat-hub.ts';
import type { LiveCore } from './live/live-core.ts';
import type { Metrics } from './metrics.ts';

/** All that the API needs of the rest of the program. */
export interface ApiOptions {
  readonly db: Db;
  readonly core: {
    /** Resolves when the event is written down and its commands are released; rejects when it could not be written. */
    submit(event: PeopleEvent | ConversationEvent): Promise<unknown>;
    agents(): readonly AgentView[];
    queues(): readonly QueueView[];
    sites(): readonly SiteView[];
    /** Those that some queue or plan asks for; empty: not known yet. */
    skills(): readonly string[];
    mode(): ModeView;
    /** The open digital contact of that name outside. */
    conversation(medium: DigitalMedium, reference: string): ContactId | undefined;
    /** `call`: the contact is open and none of these; undefined: none that is open. */
    digital(contact: string): DigitalView | 'call' | undefined;
    /** Undefined when nobody talks in this contact. */
    talk(contact: ContactId): TalkView | undefined;
    /** Whether this agent may call that number now; `isCitizen`: of a contact that the agent had. */
    mayCallOut(agent: AgentId, number: string, isCitizen: boolean): CallOutVerdict;
    /** Whether this agent may take up a closed conversation of that name now. */
    mayReopen(agent: AgentId, name: Pick<ConversationName, 'medium' | 'reference' | 'queue'>): ReopenVerdict;
    /** Whether this agent's seat could be rung for a supervision now. */
    canSupervise(agent: AgentId): boolean;
    /** Every decision about a contact, with its rule; undefined when the journal knows none. */
    explain(contact: string): Promise<unknown | undefined>;
  };
  /** Absent: no platform delivers, and there are no messages. */
  readonly channels?: {
    readonly host: ChannelHost;
    observeAcknowledgement(durationMs: number): void;
    /** Why which account is not there. Absent: all are. */
    readonly leftOut?: readonly AccountProblem[];
    /** Files of messages lie here, under names that we gave them. */
    readonly fileFolder: string;
  };
  /** For the live socket; absent: there is none. */
  readonly live?: LiveSources;
  health(): Promise<Health> | Health;
  readonly metrics: Metrics;
  /** What alarms were raised by. */
  readonly connectLimits: ConnectLimits;
  readonly logger: Logger;
  /** Recordings are served from here and from nowhere else. */
  readonly recordingFolder: string;
  /** 32 bytes: what second factors are encrypted with in the database. Absent: nobody can set one up. */
  readonly fieldKey?: Buffer;
  /** Cookies for https only; when TLS is set. */
  readonly secureCookies?: boolean;
  /** Addresses and networks of proxies that tell who asks. Absent: none. */
  readonly trustedProxies?: readonly string[];
  /** PEM texts: the API then speaks https itself. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** Absent: nothing. */
  readonly reference?: Reference;
  /** The page; absent: none is served, and nothing is said of its telephone. */
  readonly desk?: DeskSource;
  /** Calls of citizens at the page `/call/`; absent: there is no such page. */
  readonly webCall?: WebCallSource;
  /** Conversations with citizens at the page `/chat/`; absent: there are none. */
  readonly webChat?: WebChatSource;
  /** What FreeSWITCH shows when it asks for seats; absent: nobody may ask. */
  readonly directorySecret?: string;
}

/** What an agent has beside a call: what to say, and how to class what is heard. */
export interface Reference {
  readonly stages: readonly {
    readonly stage: string;
    readonly title: { readonly zh: string; readonly en: string };
    readonly lines: readonly { readonly id: string; readonly text: string }[];
  }[];
  /** What they may call. Absent: nothing. */
  readonly dialOut?: readonly { readonly number: string; readonly name: string }[];
  readonly categories: readonly {
    readonly code: string;
    readonly path: readonly string[];
    readonly type: string;
    readonly urgency: string;
    readonly urgent: readonly string[];
  }[];
}

/** Where the page comes from, and where its telephone goes to. */
export interface DeskSource {
  /** As built by Vite: `index.html` and files named by their content. */
  readonly folder: string;
  /** The page itself comes over https. */
  readonly secure: boolean;
  /** SIP over WebSocket at the embedded switch, on the page's own host; undefined: a FreeSWITCH is the switch. */
  ws(): { readonly port: number; readonly secure: boolean } | undefined;
}

/** Who may call from a page without a seat, and how much. */
export interface WebCallSource {
  /** `local`: browsers on this machine alone. */
  readonly open: 'local' | 'public';
  /** The first is what the page's button calls. */
  readonly numbers: readonly string[];
  readonly perAddress: { readonly calls: number; readonly withinMs: number };
  readonly atOnceMax: number;
  /** Shared with the switch. */
  readonly key: string;
  /** Such calls that are open now. */
  count(): number;
  /** A ticket was drawn beside this conversation (W15). Absent: they are calls like any other. */
  drawn?(ticket: string, expiresAtMs: number, beside: ContactId): void;
}

/** Citizens who write from a page. */
export interface WebChatSource {
  /** `local`: browsers on this machine alone. */
  readonly open: 'local' | 'public';
  readonly hub: ChatHub;
  /** The open contact of a conversation. Absent: none. */
  contactOf?(session: string): ContactId | undefined;
  /** What citizens send lies here, under names that we gave it. */
  readonly fileFolder: string;
  /** What is left free on the disk, whatever citizens send; default 1 GiB. */
  readonly reservedBytes?: number;
  /** Files announced from one network, in MiB, each at least one; default 400 in an hour. */
  readonly fileUnitsPerNetwork?: { readonly times: number; readonly withinMs: number };
  /** Conversations begun from one network; default 20 in 10 min. */
  readonly sessionsPerNetwork?: { readonly times: number; readonly withinMs: number };
}

/** What the live socket hears of. */
export interface LiveSources {
  readonly core: LiveCore;
  /** Calls back whenever accounts or seats may be other than before. @returns what ends it. */
  onAccounts(listener: () => void): () => void;
  /** Calls back at each new alarm. @returns what ends it. */
  onAlarm(listener: () => void): () => void;
  /** The calls of the last day; undefined until the records were read. */
  day(): DaySum | undefined;
  /** Calls back when they may be others. @returns what ends it. */
  onDay(listener: () => void): () => void;
}

export interface Health {
  readonly switch: boolean;
  /** Each node of the switch by its name, such as `embedded` or `127.0.0.1:8021`: whether calls can be taken through it. */
  readonly nodes: Readonly<Record<string, boolean>>;
  readonly journal: boolean;
  readonly store: boolean;
}

export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
