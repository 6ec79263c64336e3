import { Deadlines } from '../../lib/deadlines.ts';
import { emptyAdmission } from './admission.ts';
import { headerSafe } from './characters.ts';
import { connectionBroken, peerUnreachable } from './client-transaction.ts';
import { Connected } from './connected.ts';
import { connectionLost, type Dialog } from './dialog.ts';
import { isWebSocket } from './flow.ts';
import { hangUp } from './hang-up.ts';
import { infoToPeer, pingPeer } from './in-dialog.ts';
import { startInvite } from './invite-client.ts';
import { acceptInvite, refuseInvite, ringInvite } from './invite-server.ts';
import { header } from './message.ts';
import { acceptTheirOffer, offerOrQueue, rejectTheirOffer } from './offer.ts';
import { takeMessage } from './receive.ts';
import { register } from './register-client.ts';
import {
  allRegistrations,
  dropRegistrations,
  emptyRegistrar,
  registrationAt,
  registrationsDisconnected,
  registrationsOf,
  restoreRegistrations,
} from './registrar.ts';
import { emit, type State } from './state.ts';
import { emptyStream, frame } from './stream.ts';
import type { Flow, UserAgent, UserAgentOptions } from './user-agent.ts';

/** Deadlines fired in one `advance`: more would be a loop, and is an error of ours. */
const FIRED_MAX = 1_000_000;

/** See user-agent.ts for the contract of each function. */
export function createUserAgent(options: UserAgentOptions): UserAgent {
  return userAgentOn(emptyState(options));
}

/** The same on a state that the caller can look into. */
export function userAgentOn(state: State): UserAgent {
  const on = (call: string, act: (dialog: Dialog) => void) => {
    const dialog = state.calls.get(call);
    if (dialog !== undefined) act(dialog);
  };
  const reasonOf = (reason: string | undefined) => (reason === undefined ? undefined : headerSafe(reason));
  return {
    receive: (flow, data, nowMs) => receive(state, flow, data, nowMs),
    connectionQuiet: (connection, quiet) => connectionQuiet(state, connection, quiet),
    connectionClosed: (connection, nowMs) => connectionClosed(state, connection, nowMs),
    unreachable: (flow, nowMs) => peerUnreachable(state, flow, nowMs),
    advance: (nowMs) => advance(state, nowMs),
    nextDeadlineMs: () => state.timers.nextMs(),
    takeOutputs: () => state.outputs.splice(0),
    ring: (call, sdp, reliable, nowMs) => on(call, (dialog) => ringInvite(state, dialog, sdp, reliable, nowMs)),
    accept: (call, sdp, nowMs) => on(call, (dialog) => acceptInvite(state, dialog, sdp, nowMs)),
    reject: (call, status, reason, nowMs) => on(call, (dialog) => reject(state, dialog, status, reason, nowMs)),
    invite: (invite, nowMs) => startInvite(state, invite, nowMs),
    acceptOffer: (call, sdp, nowMs) => on(call, (dialog) => acceptTheirOffer(state, dialog, sdp, nowMs)),
    rejectOffer: (call, status, nowMs) => on(call, (dialog) => rejectTheirOffer(state, dialog, status, nowMs)),
    offer: (call, sdp, nowMs) => on(call, (dialog) => offerOrQueue(state, dialog, sdp, nowMs)),
    end: (call, reason, nowMs) => on(call, (dialog) => hangUp(state, dialog, reasonOf(reason), nowMs)),
    ping: (call, nowMs) => on(call, (dialog) => pingPeer(state, dialog, nowMs)),
    sendInfo: (call, type, body, nowMs) =>
      on(call, (dialog) => infoToPeer(state, dialog, headerSafe(type), body, nowMs)),
    register: (id, registration, nowMs) => register(state, id, registration, nowMs),
    registrations: () => allRegistrations(state),
    registrationsOf: (user) => registrationsOf(state, user),
    registrationAt: (uri) => registrationAt(state, uri),
    keepOnly: (stays) => dropRegistrations(state, stays),
    restore: (registrations, nowMs) => restoreRegistrations(state, registrations, nowMs),
    callCount: () => state.calls.size,
  };
}

export function emptyState(options: UserAgentOptions): State {
  return {
    options,
    outputs: [],
    timers: new Deadlines(),
    clients: new Map(),
    servers: new Map(),
    merged: new Map(),
    calls: new Map(),
    dialogs: new Map(),
    registrar: emptyRegistrar(),
    registrations: new Map(),
    admission: emptyAdmission(),
    connected: { dialogs: new Connected(), clients: new Connected(), registrations: new Connected() },
    streams: new Map(),
  };
}

function receive(state: State, flow: Flow, data: Uint8Array, nowMs: number): void {
  if (flow.transport === 'udp') return takeDatagram(state, flow, data, nowMs);
  if (isWebSocket(flow)) return takeFrame(state, flow, data, nowMs);
  const connection = flow.connection ?? 0;
  const stream = state.streams.get(connection) ?? { flow, buffer: emptyStream() };
  state.streams.set(connection, stream);
  const framed = frame(stream.buffer, data);
  // RFC 5626 §3.5.1: one CRLF for each double one, however many came at once.
  if (framed.pings > 0) emit(state, { kind: 'send', flow, data: Buffer.from('\r\n') });
  for (const message of framed.messages) takeMessage(state, flow, message, nowMs);
  if (!framed.broken) return;
  state.streams.delete(connection);
  emit(state, { kind: 'close', flow });
}

/** Datagrams of a few bytes keep a NAT open; nothing answers them. */
function takeDatagram(state: State, flow: Flow, data: Uint8Array, nowMs: number): void {
  if (data.length > 4) takeMessage(state, flow, data, nowMs);
}

/** A WebSocket message is one SIP message (RFC 7118 §5), or a keep-alive of RFC 5626 §3.5.1: a double CRLF wants a CRLF back. */
function takeFrame(state: State, flow: Flow, data: Uint8Array, nowMs: number): void {
  if (data.length > 4) return takeMessage(state, flow, data, nowMs);
  if (data.length === 4 && data.every((byte, at) => byte === (at % 2 === 0 ? 13 : 10))) {
    emit(state, { kind: 'send', flow, data: Buffer.from('\r\n') });
  }
}

function connectionQuiet(state: State, connection: number, quiet: boolean): void {
  for (const { call } of state.connected.dialogs.on(connection)) emit(state, { kind: 'quiet', call, quiet });
}

function connectionClosed(state: State, connection: number, nowMs: number): void {
  state.streams.delete(connection);
  for (const dialog of state.connected.dialogs.on(connection)) connectionLost(state, dialog);
  registrationsDisconnected(state, connection);
  connectionBroken(state, connection, nowMs);
}

function advance(state: State, nowMs: number): void {
  for (let fired = 0; fired < FIRED_MAX; fired++) {
    const fire = state.timers.takeDue(nowMs);
    if (fire === undefined) return;
    fire(nowMs);
  }
}

/** `reason` is a phrase for people, or a Reason header (`Q.850;cause=17`). */
function reject(state: State, dialog: Dialog, status: number, reason: string, nowMs: number): void {
  const final = Number.isInteger(status) && status >= 300 && status <= 699 ? status : 480;
  const isHeader = /;\s*cause\s*=/i.test(reason);
  const headers = isHeader ? [header('Reason', headerSafe(reason))] : [];
  refuseInvite(state, dialog, final, isHeader ? undefined : reason, headers, nowMs);
}
