import { computed, reactive, watch } from 'vue';
import { nowMs } from '../live/clock.ts';
import { itemsOf, liveStatus } from '../live/live.ts';
import { Away, ask, Refused } from '../request.ts';
import type { Attached, FileRules } from './attached.ts';
import { newKey } from './new-key.ts';

/** As `GET /contacts/ID/messages` has it. */
export interface ChatMessage {
  readonly id: number;
  readonly direction: 'in' | 'out';
  readonly kind: string;
  readonly state: string;
  readonly atMs: number;
  readonly by: string | null;
  readonly key: string | null;
  readonly error: string | null;
  readonly text: string;
  readonly subject: string | null;
  readonly media: readonly FileOfMessage[];
  readonly place: PlaceOfMessage | null;
  readonly fields: Readonly<Record<string, string>> | null;
  readonly template: FilledTemplate | null;
  /** The citizen has sent it once more, edited. */
  readonly replacedBy: number | null;
}

export interface FileOfMessage {
  readonly id: string;
  readonly name: string;
  /** `waiting`: the platform has it still; `gone`: it cannot be had. */
  readonly state: 'here' | 'waiting' | 'gone';
  readonly type?: string;
  readonly bytes?: number;
  /** Why it is gone. */
  readonly reason?: string;
}

export interface PlaceOfMessage {
  readonly latitude: number;
  readonly longitude: number;
  readonly datum: string;
  readonly address?: string;
  readonly fromPhoto?: boolean;
}

/** What the platform lets through at any time. */
export interface Template {
  readonly name: string;
  readonly about: string;
  /** Field → most characters. */
  readonly fields: Readonly<Record<string, number>>;
}

export interface FilledTemplate {
  readonly name: string;
  readonly values: Readonly<Record<string, string>>;
}

/** How often, and until when, one may still write. */
export interface ReplyWindow {
  readonly messages: number;
  readonly untilMs: number;
}

interface Unsent {
  key: string;
  readonly text: string;
  readonly files: readonly Attached[];
  readonly template: FilledTemplate | null;
  readonly atMs: number;
  /** Why it will not go; empty while it is on its way. */
  failure: string;
}

export interface Thread {
  readonly contact: string;
  messages: ChatMessage[];
  unsent: Unsent[];
  window: ReplyWindow | null;
  files: FileRules;
  /** Characters of one reply. */
  textChars: number;
  templates: readonly Template[];
  /** To go with the next reply. */
  attached: Attached[];
  draft: string;
  /** Number of the last message of the citizen that the agent has looked at. */
  seen: number;
  away: boolean;
}

interface Answer {
  readonly messages: readonly ChatMessage[];
  readonly window: ReplyWindow | null;
  readonly files: FileRules;
  readonly textChars: number;
  readonly templates: readonly Template[];
}

const NO_FILES: FileRules = { kinds: [], bytesMax: 0, countMax: 0 };
/** Until the server has said what the channel takes. */
const TEXT_CHARS_FIRST = 2_000;
const PAGE = 200;
const WRITING_SHOWN_MS = 6_000;
const TYPING_EVERY_MS = 3_000;
const TYPING_OVER_MS = 4_000;
const TRIES = 6;
const AGAIN_MS = 1_500;
const SETTLED_MS = 1_000;

export const conversations = itemsOf('me', 'conversation');
const arrivals = itemsOf('me', 'messages');
const receipts = itemsOf('me', 'receipts');
const writers = itemsOf('me', 'writing');

const threads = reactive(new Map<string, Thread>());

export function threadOf(contact: string): Thread {
  const known = threads.get(contact);
  if (known !== undefined) return known;
  const empty = { messages: [], unsent: [], window: null, files: NO_FILES, attached: [], draft: '' };
  const takes = { textChars: TEXT_CHARS_FIRST, templates: [] };
  threads.set(contact, { contact, ...empty, ...takes, seen: 0, away: false });
  const made = threads.get(contact)!;
  void load(made);
  return made;
}

export const isWriting = (contact: string): boolean =>
  writers.value.some((each) => each.contact === contact && nowMs.value - each.atMs < WRITING_SHOWN_MS);

/** Messages of the citizen that the agent has not looked at. */
export function unreadOf(contact: string): number {
  const thread = threads.get(contact);
  if (thread === undefined) return 0;
  return thread.messages.filter(({ id, direction }) => direction === 'in' && id > thread.seen).length;
}

export const unreadInAll = computed(() => conversations.value.reduce((sum, { contact }) => sum + unreadOf(contact), 0));

/** Answers may overtake each other: an older one must not take back what a newer one said. */
let asked = 0;
const heard = new Map<string, number>();

async function load(thread: Thread, tries = 1): Promise<void> {
  asked += 1;
  const turn = asked;
  try {
    const answer = await ask<Answer>(`/contacts/${thread.contact}/messages?limit=${PAGE}`);
    const { messages, window, files } = answer;
    if (turn < (heard.get(thread.contact) ?? 0)) return;
    heard.set(thread.contact, turn);
    const byId = new Map(thread.messages.map((each) => [each.id, each]));
    for (const each of messages) if (each.kind !== 'event') byId.set(each.id, each);
    thread.messages = [...byId.values()].sort((a, b) => a.id - b.id);
    const stored = new Set(messages.map(({ key }) => key));
    thread.unsent = thread.unsent.filter(({ key }) => !stored.has(key));
    thread.window = window;
    thread.files = files;
    thread.textChars = answer.textChars;
    thread.templates = answer.templates;
    thread.away = false;
    tell(thread, 'delivered');
  } catch (error) {
    thread.away = error instanceof Away;
    // What was told while nobody could ask is not told again.
    const passes = thread.away || (error instanceof Refused && error.status >= 500);
    if (passes && tries < TRIES) setTimeout(() => void load(thread, tries + 1), AGAIN_MS);
  }
}

const told = new Map<string, number>();

/** So that the citizen's page can say so. */
function tell(thread: Thread, as: 'delivered' | 'read'): void {
  const last = thread.messages.findLast(({ direction }) => direction === 'in');
  if (last === undefined || !isTalking(thread.contact)) return;
  const key = `${thread.contact} ${as}`;
  if ((told.get(key) ?? 0) >= last.id) return;
  told.set(key, last.id);
  ask(`/contacts/${thread.contact}/seen`, { method: 'PUT', body: { message: last.id, as } }).catch(() =>
    told.delete(key),
  );
}

function isTalking(contact: string): boolean {
  return conversations.value.some((each) => each.contact === contact && each.state === 'talking');
}

/** The agent looks at it. */
export function look(contact: string): void {
  const thread = threadOf(contact);
  const last = thread.messages.findLast(({ direction }) => direction === 'in');
  thread.seen = Math.max(thread.seen, last?.id ?? 0);
  tell(thread, 'read');
}

/** Stored under one key, however often it is sent. */
export function reply(contact: string, text: string, files: readonly Attached[] = []): void {
  push(contact, { text, files, template: null });
}

/** As `reply`, in the words of a template of the channel. */
export function replyByTemplate(contact: string, template: FilledTemplate): void {
  push(contact, { text: '', files: [], template });
}

function push(contact: string, said: Pick<Unsent, 'text' | 'files' | 'template'>): void {
  const thread = threadOf(contact);
  thread.unsent.push({ key: newKey(), ...said, atMs: Date.now(), failure: '' });
  void send(thread, thread.unsent.at(-1)!);
}

/** @returns the contact that goes on from the closed one, and is this agent's. */
export async function reopen(contact: string): Promise<string> {
  const opened = await ask<{ contact: string }>(`/contacts/${contact}/reopen`, { method: 'POST', body: {} });
  return opened.contact;
}

export function again(contact: string, key: string): void {
  const thread = threadOf(contact);
  const one = thread.unsent.find((each) => each.key === key);
  if (one === undefined) return;
  one.failure = '';
  void send(thread, one);
}

async function send(thread: Thread, one: Unsent): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const files = one.files.length === 0 ? {} : { files: one.files.map(({ id }) => id) };
      const template = one.template === null ? {} : { template: one.template };
      const body = { text: one.text, key: one.key, ...files, ...template };
      await ask(`/contacts/${thread.contact}/messages`, { method: 'POST', body });
      await load(thread);
      // What the platform said of it comes behind.
      setTimeout(() => void load(thread), SETTLED_MS);
      return;
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      if (!(error instanceof Away) || tries === TRIES) {
        one.failure = failure || '—';
        // Said again under a key of its own.
        if (error instanceof Refused && error.code === 'KEY_REUSED') one.key = newKey();
        // The answer to an earlier try may have been lost, and the message be there.
        else await load(thread);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS * tries));
    }
  }
}

/** A file that could not be had is asked for at its platform anew; the live socket tells what becomes of it. @throws Refused, Away. */
export async function fetchAgain(contact: string, file: string): Promise<void> {
  await ask(`/contacts/${contact}/files/${file}/fetch`, { method: 'POST' });
  await load(threadOf(contact));
}

let typingIn = '';
let typedAtMs = 0;
let typingTimer: ReturnType<typeof setTimeout> | undefined;

export function typed(contact: string, on: boolean): void {
  clearTimeout(typingTimer);
  const wasOn = typingIn === contact;
  if (!on) {
    typingIn = '';
    typedAtMs = 0;
    if (wasOn) tellTyping(contact, false);
    return;
  }
  if (!wasOn || Date.now() - typedAtMs > TYPING_EVERY_MS) tellTyping(contact, true);
  if (!wasOn || Date.now() - typedAtMs > TYPING_EVERY_MS) typedAtMs = Date.now();
  typingIn = contact;
  typingTimer = setTimeout(() => typed(contact, false), TYPING_OVER_MS);
}

function tellTyping(contact: string, on: boolean): void {
  ask(`/contacts/${contact}/typing`, { method: 'PUT', body: { on } }).catch(() => undefined);
}

/** Follows what the live socket tells, for as long as somebody is signed in. */
watch(
  [conversations, arrivals, receipts, liveStatus],
  ([now, came, marked, status], [, cameBefore, markedBefore, statusBefore]) => {
    for (const { contact, state } of now) if (state !== 'offered') threadOf(contact);
    const before = new Set([...(cameBefore ?? []), ...(markedBefore ?? [])].map((each) => JSON.stringify(each)));
    const fresh = [...came, ...marked].filter((each) => !before.has(JSON.stringify(each)));
    const wanted = new Set(fresh.map(({ contact }) => contact));
    // Back after a while: whatever was missed.
    if (status === 'open' && statusBefore !== 'open') for (const { contact } of now) wanted.add(contact);
    for (const contact of wanted) {
      const thread = threads.get(contact);
      if (thread !== undefined) void load(thread);
    }
  },
);
