import { authenticate, seconds } from './authenticate.ts';
import { decodeText } from './characters.ts';
import { connectionBroken } from './client-transaction.ts';
import { connectionLost, returned } from './dialog.ts';
import { flowToText, isWebSocket, unconnected } from './flow.ts';
import { type Header, header, headerOf, headersOf, type RequestIn } from './message.ts';
import { type Address, parseAddress } from './parse-address.ts';
import { listValues } from './parse-message.ts';
import { parseUri, type SipUri } from './parse-uri.ts';
import { respond, startServer } from './server-transaction.ts';
import { emit, type State } from './state.ts';
import { refuse } from './stateless.ts';
import type { Flow, Registration } from './user-agent.ts';

export interface Registrar {
  /** Bindings by user, then by Contact URI. */
  readonly users: Map<string, Map<string, Registration>>;
  /** The same bindings by their bare Contact: a phone is dialled without looking at the others. */
  readonly byContact: Map<string, Set<Registration>>;
  /** How many bindings came from an address, and how many there are. */
  readonly perIp: Map<string, number>;
  count: number;
}

export function emptyRegistrar(): Registrar {
  return { users: new Map(), byContact: new Map(), perIp: new Map(), count: 0 };
}

export const CONTACTS_MAX = 10;
export const REGISTRATIONS_MAX = 20_000;
export const EXPIRES_S_MIN = 60;
/** Short, so that after a loss of the file every phone is back within two minutes. */
export const EXPIRES_S_MAX = 120;

/** RFC 3261 §10.3. */
export function takeRegister(state: State, request: RequestIn, flow: Flow, nowMs: number): void {
  const claimed = decodeText(request.to.uri.user);
  const verdict = authenticate(state, request, claimed, flow, nowMs);
  if (verdict.kind === 'challenge') return refuse(state, request, flow, { status: 401, headers: [verdict.header] });
  const transaction = startServer(state, request, flow);
  const isOwn = verdict.kind === 'user' && verdict.user === claimed;
  const outcome = isOwn ? update(state, request, claimed, flow, nowMs) : { status: 403 };
  const list = outcome.status === 200 ? contactHeaders(state, claimed, nowMs) : [];
  respond(state, transaction, { status: outcome.status, headers: [...(outcome.headers ?? []), ...list] }, nowMs);
}

interface Outcome {
  readonly status: number;
  readonly headers?: readonly Header[];
}

interface Wish {
  readonly contact: Address;
  readonly expiresS: number;
}

function update(state: State, request: RequestIn, user: string, flow: Flow, nowMs: number): Outcome {
  const values = listValues(headersOf(request, 'Contact')) ?? [];
  const expires = seconds(headerOf(request, 'Expires'));
  if (values[0] === '*') {
    if (expires !== 0) return { status: 400 };
    return removeAll(state, request, user);
  }
  const wishes = values.map((value) => wishOf(value, expires));
  const bindings = state.registrar.users.get(user) ?? new Map<string, Registration>();
  for (const wish of wishes) {
    if (wish === undefined) return { status: 400 };
    if (wish.expiresS > 0 && wish.expiresS < EXPIRES_S_MIN) {
      return { status: 423, headers: [header('Min-Expires', EXPIRES_S_MIN)] };
    }
    if (isOld(bindings.get(wish.contact.uriText), request)) return { status: 500 };
  }
  const added = wishes.filter((wish) => wish!.expiresS > 0 && !bindings.has(wish!.contact.uriText)).length;
  if (bindings.size + added > CONTACTS_MAX || state.registrar.count + added > REGISTRATIONS_MAX) {
    return { status: 503, headers: [header('Retry-After', EXPIRES_S_MAX)] };
  }
  for (const wish of wishes) apply(state, request, user, wish!, flow, nowMs);
  return { status: 200 };
}

function wishOf(value: string, header: number | undefined): Wish | undefined {
  const contact = parseAddress(value);
  if (contact === undefined || contact.uri.foreign || contact.uri.scheme === 'tel') return undefined;
  const given = contact.parameters.get('expires');
  const asked = given === undefined ? header : (seconds(given) ?? header);
  return { contact, expiresS: Math.min(asked ?? EXPIRES_S_MAX, EXPIRES_S_MAX) };
}

/** RFC 3261 §10.3 step 7: within one Call-ID the CSeq must rise. */
function isOld(known: Registration | undefined, request: RequestIn): boolean {
  return known !== undefined && known.callId === request.callId && request.cseq <= known.cseq;
}

function removeAll(state: State, request: RequestIn, user: string): Outcome {
  const bindings = registrationsOf(state, user);
  if (bindings.some((binding) => isOld(binding, request))) return { status: 500 };
  for (const binding of bindings) remove(state, binding, false);
  return { status: 200 };
}

function apply(state: State, request: RequestIn, user: string, wish: Wish, flow: Flow, nowMs: number): void {
  const contact = wish.contact.uriText;
  const known = state.registrar.users.get(user)?.get(contact);
  if (wish.expiresS === 0) {
    if (known !== undefined) remove(state, known, false);
    return;
  }
  const registration: Registration = {
    user,
    contact,
    flow,
    expiresAtMs: nowMs + wish.expiresS * 1_000,
    callId: request.callId,
    cseq: request.cseq,
    userAgent: headerOf(request, 'User-Agent'),
  };
  if (known !== undefined) giveUpOlder(state, known.flow, flow, nowMs);
  put(state, registration);
  if (isWebSocket(flow)) takeUpCalls(state, wish.contact.uri, flow);
  emit(state, { kind: 'registered', registration, refreshed: known !== undefined });
}

/** The same Contact on another WebSocket: the page has given the older one up, whether or not its end was noticed here. */
function giveUpOlder(state: State, older: Flow, flow: Flow, nowMs: number): void {
  const { connection } = older;
  if (!isWebSocket(older) || connection === undefined || connection === flow.connection) return;
  for (const dialog of state.connected.dialogs.on(connection)) connectionLost(state, dialog);
  connectionBroken(state, connection, nowMs);
  emit(state, { kind: 'close', flow: older });
}

/** Who lost the WebSocket and registers the same Contact on a new one has its calls there from now on (as RFC 5626 §5.3 does). */
function takeUpCalls(state: State, contact: SipUri, flow: Flow): void {
  for (const dialog of state.calls.values()) {
    if (!isWebSocket(dialog.flow) || dialog.flow.connection !== undefined) continue;
    const target = parseUri(dialog.remoteTarget);
    if (target?.user === contact.user && target.host === contact.host) returned(state, dialog, flow);
  }
}

function put(state: State, registration: Registration): void {
  const { users } = state.registrar;
  const bindings = users.get(registration.user) ?? new Map<string, Registration>();
  const replaced = bindings.get(registration.contact);
  if (replaced !== undefined) uncount(state, replaced);
  count(state, registration, 1);
  const bare = bareContact(registration.contact);
  state.registrar.byContact.set(bare, (state.registrar.byContact.get(bare) ?? new Set()).add(registration));
  state.connected.registrations.place(registration, registration.flow);
  bindings.set(registration.contact, registration);
  users.set(registration.user, bindings);
  state.timers.set(timerKey(registration), registration.expiresAtMs, () => remove(state, registration, true));
}

function remove(state: State, registration: Registration, expired: boolean): void {
  const { users } = state.registrar;
  const bindings = users.get(registration.user);
  const removed = bindings?.get(registration.contact);
  if (bindings === undefined || removed === undefined) return;
  uncount(state, removed);
  bindings.delete(registration.contact);
  if (bindings.size === 0) users.delete(registration.user);
  state.timers.delete(timerKey(registration));
  emit(state, { kind: 'unregistered', registration, expired });
}

function uncount(state: State, registration: Registration): void {
  count(state, registration, -1);
  const bare = bareContact(registration.contact);
  const there = state.registrar.byContact.get(bare);
  there?.delete(registration);
  if (there?.size === 0) state.registrar.byContact.delete(bare);
  state.connected.registrations.drop(registration);
}

function count(state: State, registration: Registration, by: 1 | -1): void {
  const { registrar } = state;
  const ip = registration.flow.remoteIp;
  const left = (registrar.perIp.get(ip) ?? 0) + by;
  registrar.count += by;
  if (left === 0) registrar.perIp.delete(ip);
  else registrar.perIp.set(ip, left);
}

function timerKey(registration: Registration): string {
  return `r ${registration.user} ${registration.contact}`;
}

function contactHeaders(state: State, user: string, nowMs: number): Header[] {
  return registrationsOf(state, user).map(({ contact, expiresAtMs }) =>
    header('Contact', `<${contact}>;expires=${Math.max(0, Math.round((expiresAtMs - nowMs) / 1_000))}`),
  );
}

export function allRegistrations(state: State): Registration[] {
  return [...state.registrar.users.values()].flatMap((bindings) => [...bindings.values()]);
}

export function registrationsOf(state: State, user: string): Registration[] {
  return [...(state.registrar.users.get(user)?.values() ?? [])];
}

/** The binding that this URI dials: as it was registered, else in another spelling of the same Contact. */
export function registrationAt(state: State, uri: string): Registration | undefined {
  const there = [...(state.registrar.byContact.get(bareContact(uri)) ?? [])];
  return there.find(({ contact }) => contact === uri) ?? there[0];
}

/** Without parameters: what a controller dials was once told to it by us, in one of several spellings. */
function bareContact(uri: string): string {
  return uri
    .replace(/^.*</, '')
    .replace(/[>;].*$/, '')
    .toLowerCase();
}

/** Bindings of users who may not register any more end like any other. */
export function dropRegistrations(state: State, stays: (user: string) => boolean): void {
  for (const registration of allRegistrations(state)) if (!stays(registration.user)) remove(state, registration, false);
}

/** What the file kept. Connections did not outlive the process. */
export function restoreRegistrations(state: State, registrations: readonly Registration[], nowMs: number): void {
  for (const registration of registrations.slice(0, REGISTRATIONS_MAX)) {
    const size = state.registrar.users.get(registration.user)?.size ?? 0;
    const usable = registration.expiresAtMs > nowMs && size < CONTACTS_MAX;
    if (usable && !isWebSocket(registration.flow)) put(state, { ...registration, flow: reconnectable(registration) });
  }
}

/** A phone that closed its connection is looked for where its Contact says; a browser cannot be, so its binding ends. */
export function registrationsDisconnected(state: State, connection: number): void {
  for (const registration of state.connected.registrations.on(connection)) {
    if (isWebSocket(registration.flow)) remove(state, registration, false);
    else put(state, { ...registration, flow: reconnectable(registration) });
  }
}

function reconnectable(registration: Registration): Flow {
  if (registration.flow.transport === 'udp') return registration.flow;
  const named = flowToText(registration.contact);
  return named?.transport === 'tcp' ? named : unconnected(registration.flow);
}

/** Is anyone (or this user) registered from this address? */
export function isRegisteredAt(state: State, ip: string, user?: string): boolean {
  if (user === undefined) return state.registrar.perIp.has(ip);
  return registrationsOf(state, user).some((binding) => binding.flow.remoteIp === ip);
}
