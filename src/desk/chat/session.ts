import {
  CHAT_FILE_BYTES_MAX,
  CHAT_FILES_PATH,
  CHAT_SESSIONS_PATH,
  type ChatBegun,
  type ChatFileSaid,
} from '../../api/chat/messages.ts';
import type { ChatWords } from '../language/chat-zh.ts';
import type { Pending } from './chat-client.ts';
import { sha256 } from './sha256.ts';

/** What outlives the page: whose conversation it is, and what was not stored yet. */
const SESSION = 'minhu.chat.session';
const PENDING = 'minhu.chat.pending';
const PENDING_MAX = 200;
const FILE_TRIES = 3;
const FILE_AGAIN_MS = 2_000;
const FILE_AGAIN_MS_MAX = 10_000;

export type Fault = keyof ChatWords['fault'];

export class ChatFault extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault);
    this.fault = fault;
  }
}

export function keptSession(): ChatBegun | undefined {
  const kept = read<ChatBegun>(SESSION);
  return kept !== undefined && kept.expiresAtMs > Date.now() ? kept : undefined;
}

export function forgetSession(): void {
  localStorage.removeItem(SESSION);
}

export function keptPending(): Pending[] {
  return read<Pending[]>(PENDING) ?? [];
}

export function keepPending(pending: readonly Pending[]): void {
  const kept = pending.filter(({ refused }) => refused === undefined).slice(-PENDING_MAX);
  if (kept.length === 0) localStorage.removeItem(PENDING);
  else localStorage.setItem(PENDING, JSON.stringify(kept));
}

function read<Kept>(name: string): Kept | undefined {
  try {
    return (JSON.parse(localStorage.getItem(name) ?? 'null') as Kept | null) ?? undefined;
  } catch {
    return undefined;
  }
}

/** @throws ChatFault */
export async function beginSession(entry: 'personal' | 'enterprise'): Promise<ChatBegun> {
  const answer = await fetch(CHAT_SESSIONS_PATH, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ entry }),
  });
  if (answer.status === 429) throw new ChatFault('throttled');
  if (answer.status === 404) throw new ChatFault('closed');
  if (!answer.ok) throw new Error(`began with ${answer.status}`);
  const begun = (await answer.json()) as ChatBegun;
  localStorage.setItem(SESSION, JSON.stringify(begun));
  return begun;
}

/** Asks, and once more and once again while the server cannot keep files now. */
async function insist(ask: () => Promise<Response>): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    const answer = await ask();
    if (answer.status < 500 || tries >= FILE_TRIES) return answer;
    const askedMs = Number(answer.headers.get('retry-after') ?? 0) * 1_000;
    await new Promise((resolve) => setTimeout(resolve, Math.min(Math.max(askedMs, FILE_AGAIN_MS), FILE_AGAIN_MS_MAX)));
  }
}

/** @returns its id. @throws ChatFault */
export async function sendFile(token: string, file: File): Promise<string> {
  if (file.size === 0) throw new ChatFault('fileEmpty');
  if (file.size > CHAT_FILE_BYTES_MAX) throw new ChatFault('fileSize');
  const content = await file.arrayBuffer();
  const digest = await sha256(content);
  const authorization = `Bearer ${token}`;
  const name = file.name.replace(/[\p{Cc}/\\]/gu, '_').slice(-200) || 'file';
  const announced = await insist(() =>
    fetch(CHAT_FILES_PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ name, bytes: file.size, sha256: digest }),
    }),
  );
  if (announced.status === 429) throw new ChatFault('throttled');
  if (!announced.ok) throw new ChatFault('fileAway');
  const { id, url } = (await announced.json()) as { id: string; url: string };
  const sent = await insist(() =>
    fetch(url, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', authorization },
      body: content,
    }),
  );
  if (sent.status === 422) throw new ChatFault('fileType');
  if (!sent.ok) throw new ChatFault('fileAway');
  return id;
}

/** The file's bytes, for whoever has the token. @throws ChatFault */
export async function fetchFile(token: string, { id }: ChatFileSaid): Promise<Blob> {
  const answer = await fetch(`${CHAT_FILES_PATH}/${id}`, { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new ChatFault('fileAway');
  return await answer.blob();
}
