import { enterPark, leavePark, stopRunning } from './applications.ts';
import { type Board, liveLeg } from './board.ts';
import { leaveRoom } from './conference.ts';
import { emit } from './event-headers.ts';
import { type Leg, setVariable, setVariables } from './leg.ts';

/** Joins two legs. Whatever either did ends; an old partner is parked or hung up as its variables say. */
export function bridge(board: Board, first: Leg, second: Leg): void {
  if (first.ending !== undefined || second.ending !== undefined) return;
  if (first.bridge?.other === second.id) return;
  for (const leg of [first, second]) release(board, leg);
  if (first.ending !== undefined || second.ending !== undefined) return;
  join(first, second);
  join(second, first);
  for (const leg of [second, first]) {
    stopRunning(board, leg, 'bridge');
    leavePark(board, leg);
  }
  const nowMs = Date.now();
  for (const [leg, other] of [
    [first, second],
    [second, first],
  ] as const) {
    leg.channelState = leg === first ? 'CS_SOFT_EXECUTE' : 'CS_EXCHANGE_MEDIA';
    leg.bridgedAtMs = nowMs;
    emit(board, leg, 'CHANNEL_EXECUTE', {
      after: [
        ['Application', 'uuid_bridge'],
        ['Application-Data', other.id],
      ],
    });
  }
  first.bridge = { other: second.id, first: true };
  second.bridge = { other: first.id, first: false };
  emit(board, first, 'CHANNEL_BRIDGE', { before: bridgeHeaders(first.id, second.id) });
  for (const leg of [first, second]) setVariable(leg, 'bridge_to', leg.bridge?.other ?? '');
  board.media({ wish: 'relay', leg: first.id, other: second.id });
}

function join(leg: Leg, other: Leg): void {
  leg.program.length = 0;
  leg.waiting.length = 0;
  leg.other = other;
  setVariables(leg, {
    bridge_channel: other.profile.channelName,
    bridge_uuid: other.id,
    signal_bond: other.id,
    last_bridge_to: other.id,
  });
}

function bridgeHeaders(first: string, second: string): ReadonlyArray<readonly [string, string]> {
  return [
    ['Bridge-A-Unique-ID', first],
    ['Bridge-B-Unique-ID', second],
  ];
}

/** Takes a leg out of whatever media it shares, for something new. */
export function release(board: Board, leg: Leg): void {
  leaveRoom(board, leg);
  const partner = unbridge(board, leg);
  if (partner !== undefined) settleSurvivor(board, partner.leg, partner.wasFirst);
}

/** Ends the bridge of a leg, if any: one UNBRIDGE, on the first leg. Answers the partner that is left. */
export function unbridge(board: Board, leg: Leg): { readonly leg: Leg; readonly wasFirst: boolean } | undefined {
  const pair = leg.bridge;
  if (pair === undefined) return undefined;
  const other = board.legs.get(pair.other);
  leg.bridge = undefined;
  if (other !== undefined) other.bridge = undefined;
  for (const one of [leg, other]) {
    if (one === undefined) continue;
    stopRunning(board, one, one === leg ? 'bridge' : 'break');
    for (const name of ['bridge_to', 'signal_bond']) one.variables.delete(name);
    if (one.ending === undefined) board.media({ wish: 'part', leg: one.id });
  }
  const first = pair.first ? leg : other;
  const second = pair.first ? pair.other : leg.id;
  if (first !== undefined) emit(board, first, 'CHANNEL_UNBRIDGE', { before: bridgeHeaders(first.id, second) });
  return other === undefined ? undefined : { leg: other, wasFirst: !pair.first };
}

/** `park_after_bridge`, or on the first leg `hangup_after_bridge=false`, keeps a leg whose partner went. */
export function settleSurvivor(board: Board, leg: Leg, wasFirst: boolean): void {
  if (leg.ending !== undefined) return;
  const stays =
    leg.variables.get('park_after_bridge') === 'true' ||
    (wasFirst && leg.variables.get('hangup_after_bridge') === 'false');
  if (!stays) {
    board.hangUp(leg, 'NORMAL_CLEARING');
    return;
  }
  leg.channelState = 'CS_PARK';
  enterPark(board, leg, undefined);
}

/** After something was played over a bridge: the partners hear each other again. */
export function resumeMedia(board: Board, leg: Leg): void {
  const other = leg.bridge === undefined ? undefined : liveLeg(board, leg.bridge.other);
  if (other !== undefined) board.media({ wish: 'relay', leg: leg.id, other: other.id });
}
