import { unreachable } from '../../lib/assert.ts';
import type { Dialog } from './dialog.ts';
import { isReliable } from './flow.ts';
import { headersOf, type RequestIn, type SipResponse } from './message.ts';
import { BRANCH_COOKIE } from './parse-via.ts';
import { type ReplyParts, replyFlow, replyTo } from './response.ts';
import { serialize } from './serialize-message.ts';
import { emit, GIVE_UP_MS, randomHex, type State, T1_MS, T2_MS, T4_MS } from './state.ts';
import type { Flow } from './user-agent.ts';

type ServerStage = 'proceeding' | 'completed' | 'confirmed' | 'accepted';

export interface ServerTransaction {
  readonly key: string;
  readonly mergedKey: string | undefined;
  readonly request: RequestIn;
  /** Where the request came from. */
  readonly flow: Flow;
  readonly replyFlow: Flow;
  readonly toTag: string;
  stage: ServerStage;
  intervalMs: number;
  last: Uint8Array | undefined;
  /** INVITE only: the dialog whose owner has yet to answer it. */
  dialog: Dialog | undefined;
}

type ServerInput =
  | { readonly kind: 'request' }
  | { readonly kind: 'ack' }
  | { readonly kind: 'respond'; readonly response: SipResponse }
  /** Timer G. */
  | { readonly kind: 'retransmit' }
  /** Timers H, I, J and L. */
  | { readonly kind: 'end' };

/** Open transactions at once; the next request is answered 503 without one. */
export const SERVER_TRANSACTIONS_MAX = 20_000;

/** RFC 3261 §17.2.3; without the magic cookie the fields that RFC 2543 compared. An ACK finds the INVITE. */
export function serverKey(request: RequestIn, method = request.method): string {
  const { via } = request;
  const name = method === 'ACK' ? 'INVITE' : method;
  if (via.branch.startsWith(BRANCH_COOKIE) && via.branch.length > BRANCH_COOKIE.length) {
    return `s ${via.branch} ${via.host}:${via.port ?? ''} ${name}`;
  }
  return `o ${request.callId} ${request.cseq} ${request.fromTag} ${headersOf(request, 'Via')[0]} ${name}`;
}

export function mergedKeyOf(request: RequestIn): string | undefined {
  return request.toTag === '' ? `${request.fromTag} ${request.callId} ${request.cseq} ${request.method}` : undefined;
}

/** `toTag` is given for a CANCEL alone: that of the INVITE which it cancels (RFC 3261 §9.2). */
export function startServer(
  state: State,
  request: RequestIn,
  flow: Flow,
  toTag = request.toTag === '' ? randomHex(state, 8) : request.toTag,
): ServerTransaction {
  const transaction: ServerTransaction = {
    key: serverKey(request),
    mergedKey: mergedKeyOf(request),
    request,
    flow,
    replyFlow: replyFlow(request, flow),
    toTag,
    stage: 'proceeding',
    intervalMs: T1_MS,
    last: undefined,
    dialog: undefined,
  };
  state.servers.set(transaction.key, transaction);
  if (transaction.mergedKey !== undefined) state.merged.set(transaction.mergedKey, transaction.key);
  return transaction;
}

/** Returns what was sent, for the user that must repeat a 2xx. */
export function respond(
  state: State,
  transaction: ServerTransaction,
  parts: Omit<ReplyParts, 'toTag'>,
  nowMs: number,
): Uint8Array {
  const response = replyTo(transaction.request, transaction.flow, {
    ...parts,
    toTag: parts.status === 100 ? '' : transaction.toTag,
  });
  step(state, transaction, { kind: 'respond', response }, nowMs);
  return transaction.last ?? new Uint8Array(0);
}

export function requestRepeated(state: State, transaction: ServerTransaction, nowMs: number): void {
  step(state, transaction, { kind: 'request' }, nowMs);
}

export function ackArrived(state: State, transaction: ServerTransaction, nowMs: number): void {
  step(state, transaction, { kind: 'ack' }, nowMs);
}

export function hasAnswered(transaction: ServerTransaction): boolean {
  return transaction.stage !== 'proceeding';
}

function step(state: State, transaction: ServerTransaction, input: ServerInput, nowMs: number): void {
  switch (transaction.stage) {
    case 'proceeding':
      return proceeding(state, transaction, input, nowMs);
    case 'completed':
      return completed(state, transaction, input, nowMs);
    case 'confirmed':
    case 'accepted':
      return absorbing(state, transaction, input);
    default:
      unreachable(transaction.stage);
  }
}

/** RFC 3261 figures 7 and 8, trying and proceeding. */
function proceeding(state: State, transaction: ServerTransaction, input: ServerInput, nowMs: number): void {
  switch (input.kind) {
    case 'request':
      return resend(state, transaction);
    case 'respond':
      transaction.last = serialize(input.response);
      resend(state, transaction);
      return input.response.status < 200 ? undefined : finish(state, transaction, input.response.status, nowMs);
    case 'ack':
    case 'retransmit':
    case 'end':
      return;
    default:
      unreachable(input);
  }
}

function finish(state: State, transaction: ServerTransaction, status: number, nowMs: number): void {
  const udp = transaction.flow.transport === 'udp';
  const invite = transaction.request.method === 'INVITE';
  if (invite && status < 300) {
    transaction.stage = 'accepted';
    return endAt(state, transaction, nowMs + GIVE_UP_MS);
  }
  transaction.stage = 'completed';
  if (!invite && !udp) return drop(state, transaction);
  if (invite && udp) scheduleRetransmit(state, transaction, nowMs);
  endAt(state, transaction, nowMs + GIVE_UP_MS);
}

/** A refused INVITE waits for its ACK, any other method for repeats of the request. */
function completed(state: State, transaction: ServerTransaction, input: ServerInput, nowMs: number): void {
  switch (input.kind) {
    case 'request':
      return resend(state, transaction);
    case 'ack':
      transaction.stage = 'confirmed';
      state.timers.delete(`${transaction.key} retransmit`);
      if (isReliable(transaction.flow)) return drop(state, transaction);
      return endAt(state, transaction, nowMs + T4_MS);
    case 'retransmit':
      resend(state, transaction);
      transaction.intervalMs = Math.min(transaction.intervalMs * 2, T2_MS);
      return scheduleRetransmit(state, transaction, nowMs);
    case 'end':
      return drop(state, transaction);
    case 'respond':
      return;
    default:
      unreachable(input);
  }
}

/** Confirmed (RFC 3261 §17.2.1) and accepted (RFC 6026 §7.1): repeats are swallowed until the end. */
function absorbing(state: State, transaction: ServerTransaction, input: ServerInput): void {
  switch (input.kind) {
    case 'end':
      return drop(state, transaction);
    case 'request':
    case 'ack':
    case 'respond':
    case 'retransmit':
      return;
    default:
      unreachable(input);
  }
}

function resend(state: State, transaction: ServerTransaction): void {
  if (transaction.last === undefined) return;
  emit(state, { kind: 'send', flow: transaction.replyFlow, data: transaction.last });
}

function scheduleRetransmit(state: State, transaction: ServerTransaction, nowMs: number): void {
  state.timers.set(`${transaction.key} retransmit`, nowMs + transaction.intervalMs, (firedMs) =>
    step(state, transaction, { kind: 'retransmit' }, firedMs),
  );
}

function endAt(state: State, transaction: ServerTransaction, atMs: number): void {
  state.timers.set(`${transaction.key} end`, atMs, (firedMs) => step(state, transaction, { kind: 'end' }, firedMs));
}

function drop(state: State, transaction: ServerTransaction): void {
  state.timers.delete(`${transaction.key} retransmit`);
  state.timers.delete(`${transaction.key} end`);
  state.servers.delete(transaction.key);
  const { mergedKey } = transaction;
  if (mergedKey !== undefined && state.merged.get(mergedKey) === transaction.key) state.merged.delete(mergedKey);
}
