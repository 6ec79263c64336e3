import { randomUUID } from 'node:crypto';
import { markAnswered, openPort, whenPort } from './answer.ts';
import { advance, order } from './applications.ts';
import { type Board, clearTimer, type Dial, setTimer } from './board.ts';
import { type DialTarget, readDialString, USAGE } from './dial-string.ts';
import { emit } from './event-headers.ts';
import { createLeg, type Leg, setVariable, setVariables } from './leg.ts';
import { connectMedia, localOffer, takeAnswer } from './negotiation.ts';
import type { Flow } from './sip/user-agent.ts';

const RING_MS = 60_000;
const RING_SECONDS_MAX = 600;
const HEADERS_MAX = 30;

/** `originate`: calls `finish` once with the api's answer, when a leg is answered or none can be any more. */
export function originate(board: Board, argument: string, finish: (reply: string) => void): void {
  const dialled = readDialString(argument);
  if (dialled === undefined) {
    finish(USAGE);
    return;
  }
  if (!board.applications.has(dialled.application.name)) {
    finish(`-ERR Invalid application [${dialled.application.name}]\n`);
    return;
  }
  const dial: Dial = {
    legs: new Set(),
    next: [],
    finish,
    program: [order(dialled.application.name, dialled.application.data)],
    lastCause: 'NORMAL_UNSPECIFIED',
    over: false,
  };
  for (const group of dialled.groups) dial.next.push(() => ringGroup(board, dial, group));
  tryNext(dial);
}

/** Rings the next group that has a leg to ring. */
function tryNext(dial: Dial): void {
  while (!dial.over && dial.legs.size === 0) {
    const group = dial.next.shift();
    if (group === undefined) {
      dial.over = true;
      dial.finish(`-ERR ${dial.lastCause}\n`);
    } else group();
  }
}

function ringGroup(board: Board, dial: Dial, group: readonly DialTarget[]): void {
  for (const { target, uri, user, flow } of group.flatMap((one) => resolve(board, dial, one))) {
    const leg = makeLeg(board, target, uri, user, flow);
    if (typeof leg === 'string') {
      dial.lastCause = leg;
      continue;
    }
    dial.legs.add(leg.id);
    board.dials.set(leg.id, dial);
    begin(board, leg, target, uri, flow);
  }
}

interface Resolved {
  readonly target: DialTarget;
  readonly uri: string;
  readonly user: string;
  readonly flow: Flow | undefined;
}

function resolve(board: Board, dial: Dial, target: DialTarget): Resolved[] {
  const { endpoint } = target;
  switch (endpoint.kind) {
    case 'impossible':
      dial.lastCause = endpoint.cause;
      return [];
    case 'sip': {
      const { uri, user } = endpoint;
      return [{ target, uri, user, flow: board.sip.registrationAt(uri)?.flow }];
    }
    case 'user': {
      const devices = board.sip.registrationsOf(endpoint.user);
      if (devices.length === 0) {
        dial.lastCause = board.directory.has(endpoint.user) ? 'USER_NOT_REGISTERED' : 'SUBSCRIBER_ABSENT';
      }
      return devices.map(({ contact, flow }) => ({ target, uri: contact, user: endpoint.user, flow }));
    }
  }
}

/** The leg, or the cause why there can be none. */
function makeLeg(board: Board, target: DialTarget, uri: string, user: string, flow: Flow | undefined): Leg | string {
  const wanted = target.variables.get('origination_uuid');
  const id = wanted === undefined || board.legs.has(wanted) ? randomUUID() : wanted;
  if (board.leaving) return 'SYSTEM_SHUTDOWN';
  if (board.legs.size >= board.options.callsMax) return 'SWITCH_CONGESTION';
  if (target.endpoint.kind === 'sip' && wanted !== undefined && id !== wanted) return 'DESTINATION_OUT_OF_ORDER';
  const peer = flow ?? flowOf(uri);
  if (peer === undefined) return 'INVALID_URL';
  board.counters.legs += 1;
  const caller = target.variables.get('origination_caller_id_number') ?? '0000000000';
  const leg = createLeg({
    id,
    direction: 'outbound',
    number: board.counters.legs,
    nowMs: Date.now(),
    localIp: board.sip.localAddress(peer).ip,
    signalling: { ip: peer.remoteIp, port: peer.remotePort, transport: peer.transport },
    secure: board.secureFor(peer),
    profile: {
      username: '',
      callerName: target.variables.get('origination_caller_id_name') ?? '',
      callerNumber: caller,
      dialled: user,
      source: 'src/switch_ivr_originate.c',
      context: 'default',
      channelName: `sofia/internal/${uri.replace(/^sips?:/i, '').split(';')[0]}`,
    },
  });
  board.legs.set(id, leg);
  board.counters.legsPeak = Math.max(board.counters.legsPeak, board.legs.size);
  return leg;
}

/** A URI with an address in it; names are not resolved. */
function flowOf(uri: string): Flow | undefined {
  const match = /^sip:(?:[^@]*@)?(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?(;.*)?$/i.exec(uri);
  if (match?.[1] === undefined) return undefined;
  const transport = /;transport=tcp/i.test(match[3] ?? '') ? 'tcp' : 'udp';
  return { transport, remoteIp: match[1], remotePort: match[2] === undefined ? 5060 : Number(match[2]) };
}

function begin(board: Board, leg: Leg, target: DialTarget, uri: string, flow: Flow | undefined): void {
  // First, so that the port is there by the time that all has been said.
  openPort(board, leg);
  setOutboundVariables(board, leg, target, uri);
  emit(board, leg, 'CHANNEL_OUTGOING', { variables: false });
  leg.channelState = 'CS_INIT';
  emit(board, leg, 'CHANNEL_CREATE');
  emit(board, leg, 'CHANNEL_ORIGINATE');
  leg.channelState = 'CS_CONSUME_MEDIA';
  whenPort(board, leg, () => {
    board.sip.invite({
      call: leg.id,
      target: uri,
      flow,
      fromUser: leg.profile.callerNumber,
      fromName: leg.profile.callerName,
      sdp: localOffer(leg),
      headers: ownHeaders(target),
    });
  });
  const seconds = Number(target.variables.get('originate_timeout') ?? RING_MS / 1000);
  const ms = Number.isInteger(seconds) && seconds > 0 ? Math.min(seconds, RING_SECONDS_MAX) * 1000 : RING_MS;
  setTimer(leg, 'ring', board.pace.timerMs(ms), () => board.hangUp(leg, 'NO_ANSWER'));
}

function setOutboundVariables(board: Board, leg: Leg, target: DialTarget, uri: string): void {
  setVariables(leg, {
    direction: 'outbound',
    is_outbound: 'true',
    uuid: leg.id,
    call_uuid: leg.id,
    session_id: leg.number,
    sip_profile_name: 'internal',
    sip_from_user: leg.profile.callerNumber,
    channel_name: leg.profile.channelName,
    sip_destination_url: uri,
  });
  for (const [name, value] of target.variables) setVariable(leg, name, value);
  if (target.endpoint.kind === 'user') {
    setVariables(leg, {
      dialed_user: target.endpoint.user,
      dialed_domain: board.options.realm,
      presence_id: `${target.endpoint.user}@${board.options.realm}`,
    });
  }
  setVariables(leg, {
    originate_early_media: 'false',
    originate_endpoint: target.endpoint.kind === 'user' ? 'user' : 'sofia',
    sip_req_uri: uri.replace(/^sips?:/i, ''),
    sip_network_ip: leg.signalling.ip,
    sip_network_port: leg.signalling.port,
    sofia_profile_name: 'internal',
  });
}

/** `sip_h_NAME=VALUE` becomes a header of the INVITE. */
function ownHeaders(target: DialTarget): ReadonlyArray<readonly [string, string]> {
  return [...target.variables]
    .filter(([name, value]) => /^sip_h_[A-Za-z0-9-]{1,64}$/.test(name) && !/[\r\n\0]/.test(value))
    .slice(0, HEADERS_MAX)
    .map(([name, value]) => [name.slice('sip_h_'.length), value]);
}

/** 180 or 183 from the phone. */
export function phoneRings(board: Board, leg: Leg, status: number, sdp: string | undefined): void {
  if (leg.answered === 'yes') return;
  const nowMs = Date.now();
  if (sdp !== undefined && leg.answered === 'no' && takeAnswer(leg, sdp)) {
    leg.answered = 'early';
    leg.progressMediaAtMs = nowMs;
    connectMedia(board, leg);
    emit(board, leg, 'CHANNEL_PROGRESS_MEDIA');
    leg.callState = 'EARLY';
  } else if (status >= 180 && leg.progressAtMs === 0) {
    leg.progressAtMs = nowMs;
    emit(board, leg, 'CHANNEL_PROGRESS');
    leg.callState = 'RINGING';
  }
}

/** 200 from the phone: this leg wins, the others of its group lose the race. */
export function phoneAnswers(board: Board, leg: Leg, sdp: string | undefined): void {
  if (leg.answered === 'yes') return;
  if (sdp === undefined || !takeAnswer(leg, sdp)) {
    board.hangUp(leg, 'INCOMPATIBLE_DESTINATION');
    return;
  }
  clearTimer(leg, 'ring');
  connectMedia(board, leg);
  markAnswered(board, leg);
  const dial = board.dials.get(leg.id);
  if (dial === undefined) return;
  dial.over = true;
  forget(board, dial, leg);
  for (const loser of [...dial.legs]) {
    const other = board.legs.get(loser);
    if (other !== undefined) board.hangUp(other, 'LOSE_RACE');
  }
  if (leg.variables.get('originate_endpoint') === 'user') emit(board, leg, 'CHANNEL_OUTGOING', { variables: false });
  dial.finish(`+OK ${leg.id}\n`);
  leg.channelState = 'CS_EXECUTE';
  leg.program.push(...dial.program);
  advance(board, leg);
}

/** A leg of an originate is over, unanswered or not: the last one without an answer tells the job. */
export function legOfDialEnded(board: Board, leg: Leg, cause: string): void {
  const dial = board.dials.get(leg.id);
  if (dial === undefined) return;
  forget(board, dial, leg);
  dial.lastCause = cause;
  if (cause === 'ORIGINATOR_CANCEL' || board.leaving) dial.next.length = 0;
  tryNext(dial);
}

function forget(board: Board, dial: Dial, leg: Leg): void {
  dial.legs.delete(leg.id);
  board.dials.delete(leg.id);
}
