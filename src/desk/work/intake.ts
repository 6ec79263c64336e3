import { computed, reactive } from 'vue';
import { itemsOf } from '../live/live.ts';
import { ask, Refused } from '../request.ts';
import { isOneOf, LEADS } from '../rights.ts';
import { whyNot } from '../why-not.ts';

export interface Named {
  readonly channel: string;
  readonly account: string;
}

/** An account of a channel, as `GET /channels` has it. */
export interface ChannelAccount extends Named {
  readonly healthy: boolean;
  readonly lastArrivalMs?: number;
  readonly silentSinceMs?: number;
  readonly broken?: string;
  readonly waitingOut?: number;
  readonly pausedUntilMs?: number;
  readonly pulled?: boolean;
  readonly trouble?: { readonly sinceMs: number; readonly reason: string };
  readonly gapMs?: number;
  readonly previousKeysUntilMs?: number;
  readonly limits?: {
    readonly sends: boolean;
    readonly sendPerSecond: number;
    readonly textChars: number;
    readonly tries: number;
    readonly waitingMax: number;
    readonly replyWindow?: { readonly forMs: number; readonly messages: number };
  };
}

export interface LeftOut extends Named {
  readonly line: number;
  readonly message: string;
  readonly fix: string;
}

/** A message as `GET /messages` has it. */
export interface AmissMessage extends Named {
  readonly id: number;
  readonly direction: 'in' | 'out';
  readonly kind: string;
  readonly state: string;
  readonly contact: string | null;
  readonly atMs: number;
  readonly tries: number;
  readonly by: string | null;
  readonly error: string | null;
  readonly text: string;
}

interface Overview {
  readonly channels: readonly ChannelAccount[];
  readonly leftOut: readonly LeftOut[];
  readonly backlog: {
    readonly storing: number;
    readonly deciding: number;
    readonly held: number;
    readonly most: number;
  };
}

/** What was asked for one message here, and what came of it so far. */
export interface Tried {
  readonly message: AmissMessage;
  /** `asked`: of the server; `waiting`: for the platform. */
  state: 'asked' | 'waiting' | 'done' | 'failed';
  why: string;
}

const ROWS = 50;
export const ROWS_MAX = 200;

export const intake = reactive({
  overview: undefined as Overview | undefined,
  amiss: undefined as readonly AmissMessage[] | undefined,
  more: false,
  rows: ROWS,
  /** Of this account alone; empty: of all. */
  of: '',
  failed: false,
  tried: new Map<number, Tried>(),
});

export const keyOf = ({ channel, account }: Named): string => `${channel}/${account}`;
export const isOut = ({ direction }: Pick<AmissMessage, 'direction'>): boolean => direction === 'out';

/** What is amiss, and what was tried from here and no longer is: the newest first. */
export const shown = computed(() => {
  const listed = intake.amiss ?? [];
  const ids = new Set(listed.map(({ id }) => id));
  const gone = [...intake.tried.values()].map(({ message }) => message).filter(({ id }) => !ids.has(id));
  return [...listed, ...gone].sort((a, b) => b.id - a.id);
});

/** Another one: how the channels are is other than before. */
export const changes = itemsOf('board', 'channels');

const AGAIN_MS = 5_000;
let loading = false;
let stale = false;
let isOpen = false;
let again: ReturnType<typeof setTimeout> | undefined;

export function openIntake(): Promise<void> {
  isOpen = true;
  intake.tried.clear();
  return load();
}

export function closeIntake(): void {
  isOpen = false;
  clearTimeout(again);
}

/** Reads all of it; while it is read already, once more afterwards. What cannot be read now is asked for again. */
export async function load(): Promise<void> {
  clearTimeout(again);
  stale = true;
  if (loading) return;
  loading = true;
  while (stale) {
    stale = false;
    try {
      await read();
      intake.failed = false;
    } catch {
      intake.failed = true;
      if (isOpen) again = setTimeout(() => void load(), AGAIN_MS);
    }
  }
  loading = false;
}

interface Amiss {
  readonly messages: readonly AmissMessage[];
  readonly next: string | null;
}

const NOTHING: Amiss = { messages: [], next: null };

async function read(): Promise<void> {
  const [channel = '', account = ''] = intake.of.split('/').map(encodeURIComponent);
  const of = intake.of === '' ? '' : `&channel=${channel}&account=${account}`;
  const [overview, { messages, next }] = await Promise.all([
    ask<Overview>('/channels'),
    isOneOf(LEADS) ? ask<Amiss>(`/messages?only=amiss&limit=${intake.rows}${of}`) : NOTHING,
  ]);
  Object.assign(intake, { overview, amiss: messages, more: next !== null });
  await Promise.all([...intake.tried.values()].filter(({ state }) => state === 'waiting').map(follow));
}

export function showMore(): Promise<void> {
  intake.rows = Math.min(intake.rows + ROWS, ROWS_MAX);
  return load();
}

/** What the platform made of one that goes again. */
async function follow(tried: Tried): Promise<void> {
  const { id } = tried.message;
  const [channel, account] = [tried.message.channel, tried.message.account].map(encodeURIComponent);
  const { messages } = await ask<{ messages: readonly AmissMessage[] }>(
    `/messages?only=out&channel=${channel}&account=${account}&before=${id + 1}&limit=1`,
  );
  const now = messages.find((each) => each.id === id);
  if (now === undefined || now.state === 'waiting') return;
  const isDead = now.state === 'dead' || now.state === 'failed';
  Object.assign(tried, { state: isDead ? 'failed' : 'done', why: isDead ? (now.error ?? '') : '' });
}

/** Hands a dead letter to its platform again, or reads what was set aside once more. */
export async function tryAgain(message: AmissMessage): Promise<void> {
  intake.tried.set(message.id, { message, state: 'asked', why: '' });
  const tried = intake.tried.get(message.id)!;
  try {
    await ask(`/messages/${message.id}/${isOut(message) ? 'resend' : 'reread'}`, { method: 'POST' });
    tried.state = isOut(message) ? 'waiting' : 'done';
  } catch (error) {
    Object.assign(tried, { state: 'failed', why: whatItSaid(error) });
  }
  await load();
}

/** The platform's own word, where there is one. */
function whatItSaid(error: unknown): string {
  return error instanceof Refused && error.detail !== '' ? error.detail : whyNot(error);
}
