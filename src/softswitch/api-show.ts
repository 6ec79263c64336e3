import type { Board } from './board.ts';
import type { CommandAnswer } from './esl/switch-commands.ts';
import type { Leg } from './leg.ts';

type Row = Readonly<Record<string, string>>;

/** `show channels|calls|registrations as json`, `show … count`. */
export function show(board: Board, argument: string): CommandAnswer {
  const [what = '', ...rest] = argument.toLowerCase().split(/\s+/);
  const rows = rowsOf(board, what);
  if (rows === undefined) return { reply: `-USAGE: show channels|calls|registrations as json\n` };
  if (rest.join(' ') === 'count') return { reply: `\n${rows.length} total.\n` };
  if (rest.join(' ') !== 'as json') return { reply: `-ERR only as json\n` };
  if (rows.length === 0) return { reply: '{"row_count": 0}\n' };
  return { reply: JSON.stringify({ row_count: rows.length, rows }) };
}

function rowsOf(board: Board, what: string): Row[] | undefined {
  const live = [...board.legs.values()].filter((leg) => leg.ending === undefined);
  if (what === 'channels') return live.map(channelRow);
  if (what === 'calls') return live.filter((leg) => leg.bridge === undefined || leg.bridge.first).map(channelRow);
  return what === 'registrations' ? registrationRows(board) : undefined;
}

function channelRow(leg: Leg): Row {
  const { profile } = leg;
  const application = leg.running?.order ?? { name: leg.park === undefined ? '' : 'park', data: '' };
  return {
    uuid: leg.id,
    direction: leg.direction,
    created: stamp(leg.createdAtMs),
    created_epoch: String(Math.floor(leg.createdAtMs / 1000)),
    name: profile.channelName,
    state: leg.channelState,
    cid_name: profile.callerName,
    cid_num: profile.callerNumber,
    ip_addr: leg.signalling.ip,
    dest: profile.dialled,
    application: application.name,
    application_data: application.data,
    dialplan: leg.direction === 'inbound' ? 'XML' : '',
    context: profile.context,
    read_codec: leg.remote?.codec ?? '',
    read_rate: leg.remote === undefined ? '' : '8000',
    write_codec: leg.remote?.codec ?? '',
    write_rate: leg.remote === undefined ? '' : '8000',
    hostname: 'minhu',
    presence_id: leg.variables.get('presence_id') ?? '',
    callstate: leg.callState,
    callee_name: leg.other?.profile.callerName ?? '',
    callee_num: leg.other?.profile.callerNumber ?? '',
    call_uuid: leg.bridge !== undefined && !leg.bridge.first ? leg.bridge.other : leg.id,
    initial_cid_name: profile.callerName,
    initial_cid_num: profile.callerNumber,
    initial_ip_addr: leg.signalling.ip,
    initial_dest: profile.dialled,
  };
}

export function stamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

function registrationRows(board: Board): Row[] {
  return board.sip.registrations().map((registration) => ({
    reg_user: registration.user,
    realm: board.options.realm,
    token: registration.callId,
    url: `sofia/internal/${registration.contact}`,
    expires: String(Math.floor(registration.expiresAtMs / 1000)),
    network_ip: registration.flow.remoteIp,
    network_port: String(registration.flow.remotePort),
    network_proto: registration.flow.transport,
    hostname: 'minhu',
    metadata: '',
  }));
}

const VERSION = '1.10.12-minhu';

export function version(): CommandAnswer {
  return { reply: `FreeSWITCH Version ${VERSION} (minhu embedded switch)\n` };
}

export function status(board: Board): CommandAnswer {
  const live = [...board.legs.values()].filter((leg) => leg.ending === undefined).length;
  const lines = [
    `UP ${upTime(Date.now() - board.startedAtMs)}`,
    `FreeSWITCH (Version ${VERSION}) is ready`,
    `${board.counters.legs} session(s) since startup`,
    `${live} session(s) - peak ${board.counters.legsPeak}, last 5min ${board.counters.legsPeak} `,
    `${board.options.callsMax} session(s) max`,
  ];
  return { reply: `${lines.join('\n')}\n` };
}

export function upTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const part = (value: number, name: string): string => `${value} ${name}${value === 1 ? '' : 's'}`;
  return [
    '0 years',
    part(Math.floor(seconds / 86_400), 'day'),
    part(Math.floor(seconds / 3600) % 24, 'hour'),
    part(Math.floor(seconds / 60) % 60, 'minute'),
    part(seconds % 60, 'second'),
    part(ms % 1000, 'millisecond'),
    '0 microseconds',
  ].join(', ');
}
