import { WEB_CALLER } from '../lib/web-caller.ts';
import { openPort } from './answer.ts';
import { advance, order } from './applications.ts';
import { type Board, setTimer } from './board.ts';
import { ECHO_NUMBER } from './echo.ts';
import { emit } from './event-headers.ts';
import { createLeg, type Leg, setVariable, setVariables } from './leg.ts';
import { takeOffer } from './negotiation.ts';
import type { SipHappening } from './sip/user-agent.ts';
import { WEB_CONTEXT } from './web-callers.ts';

type Incoming = Extract<SipHappening, { kind: 'incoming' }>;

/** A call that nobody adopted for this long hears the apology and ends. */
const UNADOPTED_MS = 60_000;

/** The dial plan: a trunk's or a page's call is parked, unanswered; a seat may hear itself; anything else is refused. */
export function callArrived(board: Board, arrived: Incoming): void {
  const [kind = '', name = ''] = arrived.source.split(/:(.*)/s);
  const isTest = kind === 'seat' && arrived.dialled === ECHO_NUMBER;
  if (kind === 'seat' && !isTest) {
    board.sip.reject(arrived.call, 403, `A seat may call ${ECHO_NUMBER} only`);
    return;
  }
  const refusal = kind === 'web' ? board.webCallers.refusalOf(board, name, arrived.flow, Date.now()) : undefined;
  if (refusal !== undefined) {
    board.log.warn({ why: refusal[1], from: arrived.flow.remoteIp }, 'call from a page refused');
    board.sip.reject(arrived.call, ...refusal);
    return;
  }
  // A ticket is nobody's name, and a page may write any beside it.
  const call = kind === 'web' ? { ...arrived, from: WEB_CALLER, fromName: '', diversion: undefined } : arrived;
  if (board.leaving || board.legs.size >= board.options.callsMax) {
    board.sip.reject(call.call, 503, 'Service Unavailable');
    return;
  }
  const leg = inboundLeg(board, call);
  if (call.sdp !== undefined && !takeOffer(leg, call.sdp)) {
    board.sip.reject(call.call, 488, 'Not Acceptable Here');
    return;
  }
  board.legs.set(leg.id, leg);
  board.counters.legsPeak = Math.max(board.counters.legsPeak, board.legs.size);
  setInboundVariables(board, leg, call, name);
  openPort(board, leg);
  emit(board, leg, 'CHANNEL_CREATE');
  leg.callState = 'RINGING';
  leg.channelState = 'CS_EXECUTE';
  if (isTest) leg.program.push(order('answer', ''), order('echo', ''));
  else {
    leg.program.push(order('park', ''));
    setTimer(leg, 'adopt', board.options.unadoptedMs ?? UNADOPTED_MS, () => apologise(board, leg));
  }
  advance(board, leg);
}

function inboundLeg(board: Board, call: Incoming): Leg {
  board.counters.legs += 1;
  return createLeg({
    id: call.call,
    direction: 'inbound',
    number: board.counters.legs,
    nowMs: Date.now(),
    localIp: board.sip.localAddress(call.flow).ip,
    signalling: { ip: call.flow.remoteIp, port: call.flow.remotePort, transport: call.flow.transport },
    secure: board.secureFor(call.flow),
    profile: {
      username: call.from,
      callerName: call.fromName,
      callerNumber: call.from,
      dialled: call.dialled,
      source: 'mod_sofia',
      context: call.source.startsWith('web:') ? WEB_CONTEXT : 'public',
      channelName: `sofia/external/${call.from}@${call.flow.remoteIp}`,
    },
  });
}

function setInboundVariables(board: Board, leg: Leg, call: Incoming, trunk: string): void {
  const local = board.sip.localAddress(call.flow);
  setVariables(leg, {
    direction: 'inbound',
    uuid: leg.id,
    call_uuid: leg.id,
    session_id: leg.number,
    sip_from_user: call.from,
    sip_from_uri: `${call.from}@${call.flow.remoteIp}`,
    sip_from_host: call.flow.remoteIp,
    sip_from_display: call.fromName,
    channel_name: leg.profile.channelName,
    sip_call_id: call.callId,
    sip_local_network_addr: local.ip,
    sip_network_ip: call.flow.remoteIp,
    sip_network_port: call.flow.remotePort,
    sip_received_ip: call.flow.remoteIp,
    sip_received_port: call.flow.remotePort,
    sip_via_protocol: call.flow.transport,
    sip_req_user: call.dialled,
    sip_req_uri: `${call.dialled}@${local.ip}:${local.port}`,
    sip_req_host: local.ip,
    sip_to_user: call.dialled,
    sip_user_agent: call.userAgent,
    sip_invite_stamp: leg.createdAtMs * 1000,
    sofia_profile_name: 'external',
    switch_r_sdp: call.sdp,
    endpoint_disposition: 'RECEIVED',
  });
  if (call.source.startsWith('trunk:')) setVariables(leg, { minhu_trunk: trunk, sip_gateway: trunk });
  else if (call.source.startsWith('web:')) setVariables(leg, { minhu_trunk: WEB_CONTEXT, minhu_ticket: trunk });
  else setVariable(leg, 'sip_auth_username', trunk);
  if (call.diversion !== undefined) {
    setVariables(leg, {
      sip_h_Diversion: `<sip:${call.diversion}@${call.flow.remoteIp}>`,
      minhu_diversion: call.diversion,
    });
  }
}

/** Nobody controls this switch, or whoever does never saw the call: better an apology than ringing for ever. */
function apologise(board: Board, leg: Leg): void {
  if (leg.adopted || leg.running !== undefined) return;
  leg.waiting.push(
    order('answer', ''),
    order('playback', board.options.apologyFile),
    order('hangup', 'NORMAL_CLEARING'),
  );
  advance(board, leg);
}
