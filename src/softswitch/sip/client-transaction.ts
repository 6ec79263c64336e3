import { unreachable } from '../../lib/assert.ts';
import { isReliable, sameAddress, unconnected, viaValue } from './flow.ts';
import { type Header, header, headersOf, type ResponseIn, type SipRequest } from './message.ts';
import { BRANCH_COOKIE } from './parse-via.ts';
import { serialize } from './serialize-message.ts';
import { emit, GIVE_UP_MS, randomHex, type State, T1_MS, T2_MS, T4_MS } from './state.ts';
import type { Flow } from './user-agent.ts';

/** Whom a transaction reports to. `failed`: 408 for silence, 503 for a peer that cannot be reached (RFC 3261 §8.1.3.1). */
export interface TransactionUser {
  response(response: ResponseIn, nowMs: number): void;
  failed(status: 408 | 503, nowMs: number): void;
  /** INVITE only: a provisional answer buys so much time and no more; undefined: the user gives up when it likes. */
  readonly finalWithinMs?: number;
}

type ClientStage = 'calling' | 'trying' | 'proceeding' | 'completed' | 'accepted';

export interface ClientTransaction {
  readonly key: string;
  readonly request: SipRequest;
  readonly bytes: Uint8Array;
  flow: Flow;
  stage: ClientStage;
  intervalMs: number;
  readonly user: TransactionUser;
}

type ClientInput =
  | { readonly kind: 'response'; readonly response: ResponseIn }
  /** Timers A and E. */
  | { readonly kind: 'retransmit' }
  /** Timers B and F. */
  | { readonly kind: 'giveUp' }
  | { readonly kind: 'broken' }
  /** Timers D, K and M. */
  | { readonly kind: 'end' };

/**
 * RFC 3261 §17.1, RFC 6026 §8.4. `request` comes without Via; `via` is given for a CANCEL alone, which takes the branch of what it cancels.
 */
export function startClient(
  state: State,
  request: SipRequest,
  flow: Flow,
  user: TransactionUser,
  nowMs: number,
  via = viaValue(state, flow, `${BRANCH_COOKIE}${randomHex(state, 12)}`),
): ClientTransaction {
  const whole = { ...request, headers: [header('Via', via), ...request.headers] };
  const transaction: ClientTransaction = {
    key: clientKey(via.slice(via.lastIndexOf('=') + 1), request.method),
    request: whole,
    bytes: serialize(whole),
    flow,
    stage: request.method === 'INVITE' ? 'calling' : 'trying',
    intervalMs: T1_MS,
    user,
  };
  state.clients.set(transaction.key, transaction);
  state.connected.clients.place(transaction, flow);
  emit(state, { kind: 'send', flow, data: transaction.bytes });
  if (flow.transport === 'udp') schedule(state, transaction, 'retransmit', nowMs + T1_MS);
  schedule(state, transaction, 'giveUp', nowMs + GIVE_UP_MS);
  return transaction;
}

export function clientKey(branch: string, method: string): string {
  return `c ${branch} ${method}`;
}

/** False when no transaction waits for it: the response is dropped. RFC 3261 §17.1.3. */
export function responseArrived(state: State, response: ResponseIn, flow: Flow, nowMs: number): boolean {
  const transaction = state.clients.get(clientKey(response.via.branch, response.cseqMethod));
  if (transaction === undefined || response.viaCount !== 1) return false;
  if (flow.connection !== undefined) {
    transaction.flow = flow;
    state.connected.clients.place(transaction, flow);
  }
  step(state, transaction, { kind: 'response', response }, nowMs);
  return true;
}

/** The owner of the sockets could not reach this peer: whatever still waits for it fails now. */
export function peerUnreachable(state: State, flow: Flow, nowMs: number): void {
  for (const transaction of [...state.clients.values()]) {
    const same = sameAddress(transaction.flow, flow) && transaction.flow.connection === flow.connection;
    if (same) step(state, transaction, { kind: 'broken' }, nowMs);
  }
}

export function connectionBroken(state: State, connection: number, nowMs: number): void {
  for (const transaction of state.connected.clients.on(connection)) step(state, transaction, { kind: 'broken' }, nowMs);
}

/** Ends it without a word to its user. */
export function dropClient(state: State, transaction: ClientTransaction): void {
  for (const kind of ['retransmit', 'giveUp', 'end']) state.timers.delete(`${transaction.key} ${kind}`);
  state.clients.delete(transaction.key);
  state.connected.clients.drop(transaction);
}

function schedule(
  state: State,
  transaction: ClientTransaction,
  kind: 'retransmit' | 'giveUp' | 'end',
  atMs: number,
): void {
  state.timers.set(`${transaction.key} ${kind}`, atMs, (nowMs) => step(state, transaction, { kind }, nowMs));
}

function step(state: State, transaction: ClientTransaction, input: ClientInput, nowMs: number): void {
  switch (transaction.stage) {
    case 'calling':
      return calling(state, transaction, input, nowMs);
    case 'trying':
      return trying(state, transaction, input, nowMs);
    case 'proceeding':
      return transaction.request.method === 'INVITE'
        ? calling(state, transaction, input, nowMs)
        : trying(state, transaction, input, nowMs);
    case 'completed':
    case 'accepted':
      return answered(state, transaction, input, nowMs);
    default:
      unreachable(transaction.stage);
  }
}

/** INVITE, calling and proceeding: RFC 3261 figure 5. In proceeding nothing is repeated. */
function calling(state: State, transaction: ClientTransaction, input: ClientInput, nowMs: number): void {
  switch (input.kind) {
    case 'response':
      return inviteAnswered(state, transaction, input.response, nowMs);
    case 'retransmit':
      return retransmit(state, transaction, Number.POSITIVE_INFINITY, nowMs);
    case 'giveUp':
      return fail(state, transaction, 408, nowMs);
    case 'broken':
      return fail(state, transaction, 503, nowMs);
    case 'end':
      return;
    default:
      unreachable(input);
  }
}

function inviteAnswered(state: State, transaction: ClientTransaction, response: ResponseIn, nowMs: number): void {
  stopTimers(state, transaction);
  if (response.status < 200) {
    transaction.stage = 'proceeding';
    const withinMs = transaction.user.finalWithinMs;
    if (withinMs !== undefined) schedule(state, transaction, 'giveUp', nowMs + withinMs);
  } else if (response.status < 300) {
    transaction.stage = 'accepted';
    schedule(state, transaction, 'end', nowMs + GIVE_UP_MS);
  } else {
    transaction.stage = 'completed';
    acknowledge(state, transaction, response);
    endAfter(state, transaction, transaction.flow.transport === 'udp' ? GIVE_UP_MS : 0, nowMs);
  }
  transaction.user.response(response, nowMs);
}

/** Other methods, trying and proceeding: RFC 3261 figure 6. */
function trying(state: State, transaction: ClientTransaction, input: ClientInput, nowMs: number): void {
  switch (input.kind) {
    case 'response':
      if (input.response.status < 200) {
        transaction.stage = 'proceeding';
      } else {
        stopTimers(state, transaction);
        transaction.stage = 'completed';
        endAfter(state, transaction, transaction.flow.transport === 'udp' ? T4_MS : 0, nowMs);
      }
      return transaction.user.response(input.response, nowMs);
    case 'retransmit':
      if (transaction.stage === 'proceeding') transaction.intervalMs = T2_MS;
      return retransmit(state, transaction, T2_MS, nowMs);
    case 'giveUp':
      return fail(state, transaction, 408, nowMs);
    case 'broken':
      return fail(state, transaction, 503, nowMs);
    case 'end':
      return;
    default:
      unreachable(input);
  }
}

/** Answered for good: what still comes are repeats, and the end of the wait for them. */
function answered(state: State, transaction: ClientTransaction, input: ClientInput, nowMs: number): void {
  if (input.kind === 'end') dropClient(state, transaction);
  else if (input.kind === 'response') heardAgain(state, transaction, input.response, nowMs);
}

/** RFC 6026 §7.2: every 2xx goes up, repeats and forks alike; the user acknowledges. Every other end of an INVITE is acknowledged here. */
function heardAgain(state: State, transaction: ClientTransaction, response: ResponseIn, nowMs: number): void {
  const isSuccess = response.status >= 200 && response.status < 300;
  if (transaction.stage === 'accepted') {
    if (isSuccess) transaction.user.response(response, nowMs);
  } else if (transaction.request.method === 'INVITE' && response.status >= 300) {
    acknowledge(state, transaction, response);
  }
}

function retransmit(state: State, transaction: ClientTransaction, capMs: number, nowMs: number): void {
  emit(state, { kind: 'send', flow: transaction.flow, data: transaction.bytes });
  transaction.intervalMs = Math.min(transaction.intervalMs * 2, capMs);
  schedule(state, transaction, 'retransmit', nowMs + transaction.intervalMs);
}

function fail(state: State, transaction: ClientTransaction, status: 408 | 503, nowMs: number): void {
  dropClient(state, transaction);
  transaction.user.failed(status, nowMs);
}

function stopTimers(state: State, transaction: ClientTransaction): void {
  state.timers.delete(`${transaction.key} retransmit`);
  state.timers.delete(`${transaction.key} giveUp`);
}

function endAfter(state: State, transaction: ClientTransaction, delayMs: number, nowMs: number): void {
  if (delayMs === 0) dropClient(state, transaction);
  else schedule(state, transaction, 'end', nowMs + delayMs);
}

/** The ACK of a refusal belongs to the transaction: same branch, To of the response. RFC 3261 §17.1.1.3. */
function acknowledge(state: State, transaction: ClientTransaction, response: ResponseIn): void {
  const { request } = transaction;
  const to = headersOf(response, 'To').map((value) => header('To', value));
  const kept = request.headers.filter(({ name }) => ACK_KEEPS.includes(name));
  const cseq = header('CSeq', `${response.cseq} ACK`);
  const headers: Header[] = [...kept, ...to, cseq];
  emit(state, {
    kind: 'send',
    flow: isReliable(transaction.flow) ? transaction.flow : unconnected(transaction.flow),
    data: serialize({ kind: 'request', method: 'ACK', uri: request.uri, headers, body: '' }),
  });
}

const ACK_KEEPS = ['Via', 'Max-Forwards', 'Route', 'From', 'Call-ID'];
