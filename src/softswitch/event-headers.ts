import type { Board } from './board.ts';
import { type Leg, type Profile, STATE_NUMBERS } from './leg.ts';

type Header = readonly [string, string];

/** Says that something happened to a leg, with all that is known of it at this moment. */
export function emit(board: Board, leg: Leg, name: string, more: EmitMore = {}): void {
  if (!board.events.wants(name, more.subclass)) {
    board.events.stamp(name, more.subclass);
    return;
  }
  const { before = [], after = [], subclass } = more;
  const variables = more.variables === false ? [] : variableHeaders(leg);
  const headers = [...before, ...legHeaders(leg), ...variables, ...after];
  board.events.publish(name, headers, { lane: leg.id, ...(subclass === undefined ? {} : { subclass }) });
}

export interface EmitMore {
  readonly before?: readonly Header[];
  readonly after?: readonly Header[];
  readonly subclass?: string;
  /** False: without the channel variables, as DTMF and conference events come. */
  readonly variables?: boolean;
}

export function legHeaders(leg: Leg): Header[] {
  return [...stateHeaders(leg), ...codecHeaders(leg), ...callerHeaders(leg), ...otherHeaders(leg)];
}

function stateHeaders(leg: Leg): Header[] {
  const headers: Header[] = [
    ['Channel-State', leg.channelState],
    ['Channel-Call-State', leg.callState],
    ['Channel-State-Number', String(STATE_NUMBERS[leg.channelState])],
    ['Channel-Name', leg.profile.channelName],
    ['Unique-ID', leg.id],
    ['Call-Direction', leg.direction],
    ['Presence-Call-Direction', leg.direction],
    ['Channel-HIT-Dialplan', String(leg.direction === 'inbound')],
  ];
  const presence = leg.variables.get('presence_id');
  if (presence !== undefined) headers.push(['Channel-Presence-ID', presence]);
  headers.push(['Channel-Call-UUID', leg.variables.get('call_uuid') ?? leg.id], ['Answer-State', answerState(leg)]);
  if (leg.ending !== undefined) headers.push(['Hangup-Cause', leg.ending]);
  return headers;
}

function answerState(leg: Leg): string {
  if (leg.ending !== undefined) return 'hangup';
  return { no: 'ringing', early: 'early', yes: 'answered' }[leg.answered];
}

function codecHeaders(leg: Leg): Header[] {
  if (leg.remote === undefined) return [];
  return ['Read', 'Write'].flatMap((way): Header[] => [
    [`Channel-${way}-Codec-Name`, leg.remote?.codec ?? ''],
    [`Channel-${way}-Codec-Rate`, '8000'],
    [`Channel-${way}-Codec-Bit-Rate`, '64000'],
  ]);
}

function callerHeaders(leg: Leg): Header[] {
  const headers = profileHeaders('Caller', leg.profile, leg);
  headers.splice(headers.length - 3, 0, ...timeHeaders('Caller', leg));
  return headers;
}

function otherHeaders(leg: Leg): Header[] {
  const { other } = leg;
  if (other === undefined) return [];
  const headers = profileHeaders('Other-Leg', other.profile, other);
  headers.splice(headers.length - 3, 0, ...timeHeaders('Other-Leg', other));
  return [['Other-Type', other.direction === 'inbound' ? 'originator' : 'originatee'], ...headers];
}

/** The last three are the privacy headers: the times stand before them. */
function profileHeaders(prefix: string, profile: Profile, leg: Leg): Header[] {
  const inbound = leg.direction === 'inbound';
  const short = prefix === 'Caller' ? 'Caller-Caller' : prefix;
  const headers: Array<readonly [string, string | undefined]> = [
    [`${prefix}-Direction`, leg.direction],
    [`${prefix}-Logical-Direction`, leg.direction],
    [`${prefix}-Username`, inbound ? profile.username : undefined],
    [`${prefix}-Dialplan`, inbound ? 'XML' : undefined],
    [`${short}-ID-Name`, profile.callerName],
    [`${short}-ID-Number`, profile.callerNumber],
    [`${prefix}-Orig-Caller-ID-Name`, profile.callerName],
    [`${prefix}-Orig-Caller-ID-Number`, profile.callerNumber],
    [`${prefix}-Callee-ID-Name`, inbound ? undefined : 'Outbound Call'],
    [`${prefix}-Callee-ID-Number`, inbound ? undefined : profile.dialled],
    [`${prefix}-Network-Addr`, leg.signalling.ip],
    [`${prefix}-ANI`, profile.callerNumber],
    [`${prefix}-Destination-Number`, profile.dialled],
    [`${prefix}-Unique-ID`, leg.id],
    [`${prefix}-Source`, profile.source],
    [`${prefix}-Context`, profile.context],
    [`${prefix}-Channel-Name`, profile.channelName],
    [`${prefix}-Screen-Bit`, 'true'],
    [`${prefix}-Privacy-Hide-Name`, 'false'],
    [`${prefix}-Privacy-Hide-Number`, 'false'],
  ];
  return headers.filter((header): header is Header => header[1] !== undefined && header[1] !== '');
}

function timeHeaders(prefix: string, leg: Leg): Header[] {
  const times: ReadonlyArray<readonly [string, number]> = [
    ['Profile-Created', leg.createdAtMs],
    ['Channel-Created', leg.createdAtMs],
    ['Channel-Answered', leg.answeredAtMs],
    ['Channel-Progress', leg.progressAtMs],
    ['Channel-Progress-Media', leg.progressMediaAtMs],
    ['Channel-Hangup', leg.hangupAtMs],
    ['Channel-Transfer', 0],
    ['Channel-Resurrect', 0],
    ['Channel-Bridged', leg.bridgedAtMs],
  ];
  return [
    ...(prefix === 'Caller' ? [[`${prefix}-Profile-Index`, '1'] as const] : []),
    ...times.map(([name, ms]): Header => [`${prefix}-${name}-Time`, microseconds(ms)]),
    [`${prefix}-Channel-Last-Hold`, '0'],
    [`${prefix}-Channel-Hold-Accum`, '0'],
  ];
}

export function microseconds(ms: number): string {
  return ms === 0 ? '0' : `${ms}000`;
}

export function variableHeaders(leg: Leg): Header[] {
  return [...leg.variables].map(([name, value]) => [`variable_${name}`, value]);
}
