import { seconds } from './authenticate.ts';
import { startClient } from './client-transaction.ts';
import { answerChallenge } from './digest.ts';
import { localUri } from './flow.ts';
import { type Header, header, headerOf, headersOf, type ResponseIn } from './message.ts';
import { parseAddress } from './parse-address.ts';
import { listValues } from './parse-message.ts';
import { emit, randomHex, type State } from './state.ts';
import type { Flow } from './user-agent.ts';

/** A registration of ours at another registrar: what a phone does. */
export interface OwnRegistration {
  readonly id: string;
  readonly callId: string;
  readonly fromTag: string;
  cseq: number;
  registrar: string;
  user: string;
  password: string;
  flow: Flow;
  expiresMs: number;
}

const RETRY_MS = 10_000;

export interface RegisterWish {
  readonly registrar: string;
  readonly user: string;
  readonly password: string;
  readonly flow: Flow;
  readonly expiresMs: number;
}

export function register(state: State, id: string, wish: RegisterWish, nowMs: number): void {
  const known = state.registrations.get(id);
  const own: OwnRegistration = known ?? {
    id,
    callId: randomHex(state, 16),
    fromTag: randomHex(state, 8),
    cseq: 0,
    ...wish,
  };
  Object.assign(own, wish);
  own.registrar = /^sips?:/i.test(wish.registrar) ? wish.registrar : `sip:${wish.registrar}`;
  state.registrations.set(id, own);
  send(state, own, [], nowMs);
}

function send(state: State, own: OwnRegistration, authorization: readonly Header[], nowMs: number): void {
  const host = own.registrar.replace(/^sips?:/i, '').replace(/;.*$/, '');
  own.cseq += 1;
  const { cseq } = own;
  const request = {
    kind: 'request' as const,
    method: 'REGISTER',
    uri: own.registrar,
    headers: [
      header('Max-Forwards', 70),
      header('From', `<sip:${own.user}@${host}>;tag=${own.fromTag}`),
      header('To', `<sip:${own.user}@${host}>`),
      header('Call-ID', own.callId),
      header('CSeq', `${cseq} REGISTER`),
      header('Contact', `<${localUri(state, own.flow, own.user)}>`),
      header('Expires', Math.ceil(own.expiresMs / 1_000)),
      ...authorization,
    ],
    body: '',
  };
  const user = {
    response: (response: ResponseIn, atMs: number) =>
      own.cseq === cseq ? answered(state, own, response, authorization.length > 0, atMs) : undefined,
    failed: (status: number, atMs: number) => (own.cseq === cseq ? settled(state, own, status, 0, atMs) : undefined),
  };
  startClient(state, request, own.flow, user, nowMs);
}

function answered(state: State, own: OwnRegistration, response: ResponseIn, tried: boolean, nowMs: number): void {
  if (response.status < 200) return;
  if (response.status === 401 || response.status === 407) {
    const challenges = [...headersOf(response, 'WWW-Authenticate'), ...headersOf(response, 'Proxy-Authenticate')];
    const stale = challenges.some((value) => /stale\s*=\s*"?true/i.test(value));
    const target = { method: 'REGISTER', uri: own.registrar };
    const value = answerChallenge(challenges, own, state.options.realm, target, randomHex(state, 8));
    const name = response.status === 401 ? 'Authorization' : 'Proxy-Authorization';
    if (value !== undefined && (!tried || stale)) return send(state, own, [header(name, value)], nowMs);
  }
  const least = seconds(headerOf(response, 'Min-Expires'));
  if (response.status === 423 && least !== undefined && least * 1_000 > own.expiresMs && own.expiresMs > 0) {
    own.expiresMs = Math.min(least, 3_600) * 1_000;
    return send(state, own, [], nowMs);
  }
  settled(state, own, response.status, grantedMs(state, own, response), nowMs);
}

function grantedMs(state: State, own: OwnRegistration, response: ResponseIn): number {
  if (response.status >= 300 || own.expiresMs === 0) return 0;
  const ours = localUri(state, own.flow, own.user);
  const contacts = (listValues(headersOf(response, 'Contact')) ?? []).map(parseAddress);
  const mine = contacts.find((contact) => contact?.uriText === ours);
  const granted = seconds(mine?.parameters.get('expires')) ?? seconds(headerOf(response, 'Expires'));
  return granted === undefined ? own.expiresMs : granted * 1_000;
}

function settled(state: State, own: OwnRegistration, status: number, expiresMs: number, nowMs: number): void {
  emit(state, { kind: 'registerResult', id: own.id, status, expiresMs });
  state.timers.delete(`own ${own.id}`);
  if (own.expiresMs === 0) {
    state.registrations.delete(own.id);
    return;
  }
  const again = expiresMs > 0 ? expiresMs / 2 : status === 408 || status >= 500 ? RETRY_MS : undefined;
  if (again === undefined) return;
  state.timers.set(`own ${own.id}`, nowMs + again, (firedMs) => send(state, own, [], firedMs));
}
