import { randomUUID } from 'node:crypto';
import { answerLeg } from './answer.ts';
import { type Application, type Board, liveLeg, type Member, ROOMS_MAX, type Room } from './board.ts';
import { emit } from './event-headers.ts';
import { type Leg, setVariables } from './leg.ts';

const SUBCLASS = 'conference::maintenance';

/** `NAME[@PROFILE][+flags{mute|deaf}]`. Lasts until the leg is taken out; a lone member hears music. */
export const conference: Application = (board, leg, order, run) => {
  const match = /^([^@+{}\s]{1,100})(?:@([^+{}\s]{1,50}))?(?:\+flags\{([a-z|-]{0,100})\})?$/.exec(order.data);
  const [, name, profile = 'default', flags = ''] = match ?? [];
  const room = name === undefined ? undefined : (board.rooms.get(name) ?? openRoom(board, name, profile));
  if (room === undefined) {
    run.done('-ERR INVALID CONFERENCE');
    return;
  }
  run.onStop(() => {
    leaveRoom(board, leg);
    return '_none_';
  });
  answerLeg(board, leg, () => join(board, leg, room, flags.split('|')));
};

function openRoom(board: Board, name: string, profile: string): Room | undefined {
  if (board.rooms.size >= ROOMS_MAX) return undefined;
  const room: Room = { name, profile, id: randomUUID(), members: new Map(), lastMember: 0 };
  board.rooms.set(name, room);
  roomEvent(board, room, 'conference-create');
  return room;
}

function join(board: Board, leg: Leg, room: Room, flags: readonly string[]): void {
  room.lastMember += 1;
  const member: Member = { number: room.lastMember, hears: !flags.includes('deaf'), speaks: !flags.includes('mute') };
  room.members.set(leg.id, member);
  leg.conference = room.name;
  setVariables(leg, { conference_name: room.name, conference_member_id: member.number, conference_uuid: room.id });
  mix(board, leg, room, member);
  memberEvent(board, leg, room, member, 'add-member');
}

function mix(board: Board, leg: Leg, room: Room, member: Member): void {
  board.media({ wish: 'mix', leg: leg.id, room: room.name, hears: member.hears, speaks: member.speaks });
}

/** Takes a leg out of its conference, if it is in one; the last one out ends it. */
export function leaveRoom(board: Board, leg: Leg): void {
  const room = leg.conference === undefined ? undefined : board.rooms.get(leg.conference);
  leg.conference = undefined;
  const member = room?.members.get(leg.id);
  if (room === undefined || member === undefined) return;
  room.members.delete(leg.id);
  if (leg.ending === undefined) board.media({ wish: 'part', leg: leg.id });
  memberEvent(board, leg, room, member, 'del-member');
  if (room.members.size > 0) return;
  board.rooms.delete(room.name);
  roomEvent(board, room, 'conference-destroy');
}

/** Changes who hears whom. */
export function setMember(
  board: Board,
  room: Room,
  legId: string,
  change: { readonly hears?: boolean; readonly speaks?: boolean },
  action: string,
): void {
  const member = room.members.get(legId);
  const leg = liveLeg(board, legId);
  if (member === undefined || leg === undefined) return;
  member.hears = change.hears ?? member.hears;
  member.speaks = change.speaks ?? member.speaks;
  mix(board, leg, room, member);
  memberEvent(board, leg, room, member, action);
}

function roomHeaders(board: Board, room: Room): ReadonlyArray<readonly [string, string]> {
  return [
    ['Conference-Name', room.name],
    ['Conference-Domain', board.options.realm],
    ['Conference-Size', String(room.members.size)],
    ['Conference-Ghosts', '0'],
    ['Conference-Profile-Name', room.profile],
    ['Conference-Unique-ID', room.id],
  ];
}

function roomEvent(board: Board, room: Room, action: string): void {
  const headers = [...roomHeaders(board, room), ['Action', action] as const];
  board.events.publish('CUSTOM', headers, { lane: `room ${room.name}`, subclass: SUBCLASS });
}

function memberEvent(board: Board, leg: Leg, room: Room, member: Member, action: string): void {
  emit(board, leg, 'CUSTOM', {
    subclass: SUBCLASS,
    variables: false,
    before: roomHeaders(board, room),
    after: [
      ['Hear', String(member.hears)],
      ['Speak', String(member.speaks)],
      ['Member-ID', String(member.number)],
      ['Member-Type', 'member'],
      ['Action', action],
    ],
  });
}
