import type { ClientTransaction } from './client-transaction.ts';
import { flowTo, isReliable, isWebSocket, localUri, sameAddress, unconnected } from './flow.ts';
import {
  type Header,
  header,
  headerOf,
  headersOf,
  type RequestIn,
  type ResponseIn,
  type SipRequest,
  tokensOf,
} from './message.ts';
import { parseAddress } from './parse-address.ts';
import { listValues } from './parse-message.ts';
import { isIpLiteral, parseUri } from './parse-uri.ts';
import type { ReliableProvisional } from './reliable-provisional.ts';
import type { ServerTransaction } from './server-transaction.ts';
import type { SessionTimer } from './session-timer.ts';
import { emit, type Fire, type State } from './state.ts';
import type { Flow, OutgoingInvite } from './user-agent.ts';

/** `calling`: our INVITE has no final answer. `ringing`: theirs has none. `accepted`: our 200 waits for its ACK. */
export type DialogStage = 'calling' | 'ringing' | 'accepted' | 'confirmed' | 'over';

/** One SIP dialog and the INVITE that makes it. RFC 3261 §12. */
export interface Dialog {
  readonly call: string;
  readonly role: 'uac' | 'uas';
  readonly callId: string;
  readonly localTag: string;
  /** Empty until the peer's first tagged response. */
  remoteTag: string;
  /** From of our requests, To of our requests; both with their tags. */
  readonly localParty: string;
  remoteParty: string;
  /** User part of our Contact. */
  readonly localUser: string;
  remoteTarget: string;
  routeSet: readonly string[];
  flow: Flow;
  /** The peer is behind a NAT or was given by its flow: requests go there, not where its Contact says. */
  pinned: boolean;
  localSeq: number;
  /** Highest CSeq seen from the peer, -1 before the first. */
  remoteSeq: number;
  stage: DialogStage;
  /** The last description that we sent. */
  localSdp: string | undefined;
  peerTakesUpdate: boolean;
  readonly keys: Set<string>;
  /** Until its final answer: the peer's INVITE, or ours. */
  incoming: ServerTransaction | undefined;
  outgoing: Outgoing | undefined;
  /** A 2xx of ours to INVITE or re-INVITE that waits for its ACK. RFC 3261 §13.3.1.4. */
  unacknowledged: Unacknowledged | undefined;
  /** The ACK of the last 2xx that we got, to be repeated with it. */
  ack: { readonly cseq: number; readonly flow: Flow; readonly data: Uint8Array } | undefined;
  /** Ended while the 200 waited for its ACK: the BYE follows the ACK. RFC 3261 §15. */
  byeAfterAck: { readonly reason: string | undefined } | undefined;
  /** Their re-INVITE or UPDATE that the owner has not answered. */
  theirOffer: ServerTransaction | undefined;
  /** Ours that the peer has not answered. */
  ourOffer: OurOffer | undefined;
  queuedOffer: string | undefined;
  reliable: ReliableProvisional | undefined;
  timer: SessionTimer | undefined;
}

/** The state of our INVITE. */
export interface Outgoing {
  readonly invite: OutgoingInvite;
  request: SipRequest;
  transaction: ClientTransaction | undefined;
  provisional: boolean;
  /** The owner ended the call: CANCEL as soon as the rules allow. */
  cancelled: { readonly reason: string | undefined; sent: boolean } | undefined;
  authTried: boolean;
  minExpiresS: number;
  /** Tags of forks that were refused with ACK and BYE. */
  readonly refusedForks: Set<string>;
  /** Description of a provisional, when the 200 brings none. */
  earlySdp: string | undefined;
  /** Last RSeq by To tag, RFC 3262 §4. */
  readonly reliableSeen: Map<string, number>;
  lateAck: { readonly cseq: number } | undefined;
}

export interface Unacknowledged {
  readonly data: Uint8Array;
  readonly flow: Flow;
  readonly cseq: number;
  /** Our 200 held the offer, so the ACK holds the answer. */
  readonly awaitsAnswer: boolean;
  intervalMs: number;
}

export interface OurOffer {
  readonly sdp: string;
  /** A session refresh of our own, of which the owner hears nothing. */
  readonly refresh: boolean;
}

export const FORKS_MAX = 16;

export function dialogKey(callId: string, localTag: string, remoteTag: string): string {
  return `${callId}\n${localTag}\n${remoteTag}`;
}

export function findDialog(state: State, request: RequestIn): Dialog | undefined {
  return state.dialogs.get(dialogKey(request.callId, request.toTag, request.fromTag));
}

export function listDialog(state: State, dialog: Dialog, remoteTag: string): void {
  const key = dialogKey(dialog.callId, dialog.localTag, remoteTag);
  if (dialog.keys.size > FORKS_MAX || state.dialogs.has(key)) return;
  dialog.keys.add(key);
  state.dialogs.set(key, dialog);
  state.connected.dialogs.place(dialog, dialog.flow);
}

export function setTimer(state: State, dialog: Dialog, name: string, atMs: number, fire: Fire): void {
  state.timers.set(`d ${dialog.call} ${name}`, atMs, fire);
}

export function clearTimer(state: State, dialog: Dialog, name: string): void {
  state.timers.delete(`d ${dialog.call} ${name}`);
}

const TIMERS = ['invite', '2xx', '2xxEnd', 'reliable', 'reliableEnd', 'session', 'retryOffer', 'ping', 'cancel'];

export interface Ending {
  readonly by: 'peer' | 'us' | 'timeout';
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
}

/** Tells the owner, once. The dialog itself may live on for an ACK or a late 2xx. */
export function tellEnded(state: State, dialog: Dialog, ending: Ending): void {
  if (!state.calls.delete(dialog.call)) return;
  emit(state, { kind: 'ended', call: dialog.call, by: ending.by, status: ending.status, reason: ending.reason });
}

export function forget(state: State, dialog: Dialog): void {
  dialog.stage = 'over';
  for (const name of TIMERS) clearTimer(state, dialog, name);
  for (const key of dialog.keys) state.dialogs.delete(key);
  dialog.keys.clear();
  state.connected.dialogs.drop(dialog);
}

export function isOpen(state: State, dialog: Dialog): boolean {
  return state.calls.get(dialog.call) === dialog;
}

/** Where the next request of this dialog goes. */
export function dialogFlow(dialog: Dialog): Flow {
  if (isWebSocket(dialog.flow)) return dialog.flow;
  const route = dialog.routeSet[0];
  if (route === undefined && dialog.pinned) return dialog.flow;
  const uri = route === undefined ? parseUri(dialog.remoteTarget) : parseAddress(route)?.uri;
  const next = flowTo(uri);
  if (next === undefined) return dialog.flow;
  // Many who call over TCP leave `transport` out of their Contact: the connection that they came by is the better guess.
  const tcp = next.transport === 'tcp' || uri?.parameters.has('transport') === false;
  const connected = dialog.flow.connection !== undefined && tcp;
  if (connected && (route === undefined || next.remoteIp === dialog.flow.remoteIp)) return dialog.flow;
  return next;
}

export interface RequestParts {
  readonly headers?: readonly Header[];
  readonly contentType?: string | undefined;
  readonly body?: string | undefined;
  /** Given for ACK (the CSeq of its INVITE); else the next number. */
  readonly cseq?: number;
}

const WITH_CONTACT = ['INVITE', 'UPDATE', 'ACK'];

/** RFC 3261 §12.2.1.1, without Via. A first route without `lr` is a strict router: it takes the place of the Request-URI. */
export function requestIn(state: State, dialog: Dialog, method: string, parts: RequestParts): SipRequest {
  const [first, ...rest] = dialog.routeSet;
  const firstUri = first === undefined ? undefined : parseAddress(first);
  const strict = firstUri !== undefined && !firstUri.uri.parameters.has('lr');
  const routes = strict ? [...rest, `<${dialog.remoteTarget}>`] : dialog.routeSet;
  const cseq = parts.cseq ?? ++dialog.localSeq;
  const body = parts.body ?? '';
  return {
    kind: 'request',
    method,
    uri: strict ? firstUri.uriText : dialog.remoteTarget,
    headers: [
      header('Max-Forwards', 70),
      ...routes.map((route) => header('Route', route)),
      header('From', dialog.localParty),
      header('To', dialog.remoteParty),
      header('Call-ID', dialog.callId),
      header('CSeq', `${cseq} ${method}`),
      ...(WITH_CONTACT.includes(method) ? [contactOf(state, dialogFlow(dialog), dialog.localUser)] : []),
      ...(parts.headers ?? []),
      ...(body === '' ? [] : [header('Content-Type', parts.contentType ?? 'application/sdp')]),
    ],
    body,
  };
}

export function contactOf(state: State, flow: Flow, user: string): Header {
  return header('Contact', `<${localUri(state, flow, user)}>`);
}

/** The Contact of a request or 2xx becomes the remote target. RFC 3261 §12.2.1.2, §12.2.2. */
export function refreshTarget(dialog: Dialog, message: RequestIn | ResponseIn): void {
  const contact = listValues(headersOf(message, 'Contact'))?.[0];
  const address = contact === undefined ? undefined : parseAddress(contact);
  if (address !== undefined && !address.uri.foreign) dialog.remoteTarget = address.uriText;
  const allow = tokensOf(message, 'Allow');
  if (allow.length > 0) dialog.peerTakesUpdate = allow.includes('update');
}

/** A request came from the peer: its connection is the way back, and behind a NAT its address. */
export function sawFlow(state: State, dialog: Dialog, flow: Flow): void {
  if (isWebSocket(dialog.flow)) returned(state, dialog, flow);
  else if (isReliable(flow) || dialog.pinned) moveTo(state, dialog, flow);
}

/** The peer of a WebSocket call is there, perhaps on a new connection. A request over anything else does not move the call. */
export function returned(state: State, dialog: Dialog, flow: Flow): void {
  if (!isWebSocket(flow)) return;
  const wasLost = dialog.flow.connection === undefined;
  moveTo(state, dialog, flow);
  if (wasLost && isOpen(state, dialog)) emit(state, { kind: 'connection', call: dialog.call, alive: true });
}

/** Its connection ended: where its target or its address says, it may be reached anew. */
export function connectionLost(state: State, dialog: Dialog): void {
  if (isWebSocket(dialog.flow)) {
    moveTo(state, dialog, unconnected(dialog.flow));
    if (isOpen(state, dialog)) emit(state, { kind: 'connection', call: dialog.call, alive: false });
    return;
  }
  const target = flowTo(parseUri(dialog.remoteTarget));
  const elsewhere = target !== undefined && !sameAddress(target, dialog.flow);
  moveTo(state, dialog, unconnected(elsewhere ? target : dialog.flow));
}

export function moveTo(state: State, dialog: Dialog, flow: Flow): void {
  dialog.flow = flow;
  if (dialog.keys.size > 0) state.connected.dialogs.place(dialog, flow);
}

export function recordRoute(message: RequestIn | ResponseIn): string[] {
  return listValues(headersOf(message, 'Record-Route')) ?? [];
}

/** A request whose Contact names the private address that its Via names too came through a NAT. RFC 5626 §5.3, RFC 3581. */
export function isBehindNat(request: RequestIn, flow: Flow): boolean {
  const contact = listValues(headersOf(request, 'Contact'))?.[0];
  const host = contact === undefined ? undefined : parseAddress(contact)?.uri.host;
  if (host === undefined || !isIpLiteral(host)) return true;
  return host === request.via.host && flow.remoteIp !== request.via.host;
}

export function reasonHeader(reason: string | undefined): Header[] {
  return reason === undefined ? [] : [header('Reason', reason)];
}

export function sdpOf(message: RequestIn | ResponseIn): string | undefined {
  return message.body === '' ? undefined : descriptionIn(message);
}

/** The description, also when it is one part of several (RFC 5621): carriers send ISUP beside it. */
export function descriptionIn(message: {
  readonly headers: readonly Header[];
  readonly body: string;
}): string | undefined {
  const type = headerOf(message, 'Content-Type') ?? 'application/sdp';
  const kind = type.split(';')[0]!.trim().toLowerCase();
  if (kind === 'application/sdp') return message.body;
  if (!kind.startsWith('multipart/')) return undefined;
  const boundary = /;\s*boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type);
  const mark = boundary?.[1] ?? boundary?.[2];
  if (mark === undefined) return undefined;
  for (const part of message.body.split(`--${mark}`).slice(1, BODY_PARTS_MAX)) {
    const end = part.indexOf('\r\n\r\n');
    if (end !== -1 && /^content-type[ \t]*:[ \t]*application\/sdp/im.test(part.slice(0, end))) {
      return part.slice(end + 4);
    }
  }
  return undefined;
}

const BODY_PARTS_MAX = 8;
