import { randomUUID } from 'node:crypto';
import { show, status, version } from './api-show.ts';
import { advance, order, stopRunning, transfer } from './applications.ts';
import { type Board, liveLeg, setTimer } from './board.ts';
import { bridge, release, unbridge } from './bridging.ts';
import { isCause } from './causes.ts';
import { setMember } from './conference.ts';
import { writeHeaders } from './esl/event.ts';
import type { ApiAnswer, CommandAnswer } from './esl/switch-commands.ts';
import { legHeaders, variableHeaders } from './event-headers.ts';
import { holdLeg, unholdLeg } from './hold.ts';
import { type ApplicationOrder, type Leg, setVariable } from './leg.ts';
import { originate } from './originate.ts';
import { startRecording, stopRecording } from './recording.ts';

type Api = (board: Board, argument: string) => ApiAnswer;

const OK: CommandAnswer = { reply: '+OK\n' };
const NO_LEG: CommandAnswer = { reply: '-ERR No such channel!\n' };

/** Every `api` command that this switch knows. */
const COMMANDS: ReadonlyMap<string, Api> = new Map<string, Api>([
  ['status', status],
  ['version', version],
  ['uptime', (board) => ({ reply: `${Math.floor((Date.now() - board.startedAtMs) / 1000)}\n` })],
  ['create_uuid', () => ({ reply: randomUUID() })],
  ['show', show],
  ['global_getvar', globalVariable],
  ['originate', (board, argument) => ({ start: (done) => originate(board, argument, done) })],
  ['uuid_exists', (board, argument) => ({ reply: String(liveLeg(board, argument) !== undefined) })],
  ['uuid_dump', dump],
  ['uuid_kill', kill],
  ['uuid_bridge', bridgeTwo],
  ['uuid_getvar', readVariable],
  ['uuid_setvar', writeVariable],
  ['uuid_setvar_multi', writeVariables],
  ['uuid_break', breakOff],
  ['uuid_record', record],
  ['uuid_hold', hold],
  ['uuid_transfer', transferTo],
  ['uuid_broadcast', broadcast],
  ['sched_hangup', hangUpLater],
  ['hupall', hangUpAll],
  ['conference', conferenceCommand],
]);

export function runApi(board: Board, name: string, argument: string): ApiAnswer {
  const command = COMMANDS.get(name.toLowerCase());
  if (command === undefined) return { reply: `-ERR ${name} Command not found!\n` };
  return command(board, argument);
}

function words(argument: string): string[] {
  return argument.split(/\s+/).filter((word) => word !== '');
}

/** The leg of the first word, counted as adopted from now on. */
function legOf(board: Board, argument: string): Leg | undefined {
  const leg = liveLeg(board, words(argument)[0] ?? '');
  if (leg !== undefined) leg.adopted = true;
  return leg;
}

function globalVariable(board: Board, argument: string): CommandAnswer {
  const values: Readonly<Record<string, string>> = {
    core_uuid: board.bootId,
    domain: board.options.realm,
    hostname: 'minhu',
    local_ip_v4: board.sip.localAddress({ transport: 'udp', remoteIp: '127.0.0.1', remotePort: 5060 }).ip,
  };
  return { reply: values[argument] ?? '' };
}

function dump(board: Board, argument: string): CommandAnswer {
  const leg = legOf(board, argument);
  if (leg === undefined) return NO_LEG;
  const headers = [...board.events.stamp('CHANNEL_DATA'), ...legHeaders(leg), ...variableHeaders(leg)];
  const format = words(argument)[1]?.toLowerCase() ?? 'txt';
  if (format === 'json') return { reply: JSON.stringify(Object.fromEntries(headers)) };
  return format === 'txt' || format === 'plain'
    ? { reply: writeHeaders(headers) }
    : { reply: '-ERR only txt or json\n' };
}

function kill(board: Board, argument: string): CommandAnswer {
  const leg = legOf(board, argument);
  const cause = words(argument)[1] ?? 'NORMAL_CLEARING';
  if (leg === undefined) return NO_LEG;
  if (!isCause(cause)) return { reply: `-ERR Invalid cause [${cause}]\n` };
  return { ...OK, effect: () => board.hangUp(leg, cause) };
}

function bridgeTwo(board: Board, argument: string): CommandAnswer {
  const [first, second] = words(argument).map((id) => legOf(board, id));
  if (first === undefined || second === undefined || first === second) return { reply: '-ERR Invalid uuid\n' };
  return { reply: `+OK ${second.id}\n`, effect: () => bridge(board, first, second) };
}

function readVariable(board: Board, argument: string): CommandAnswer {
  const leg = legOf(board, argument);
  return leg === undefined ? NO_LEG : { reply: leg.variables.get(words(argument)[1] ?? '') ?? '_undef_' };
}

function writeVariable(board: Board, argument: string): CommandAnswer {
  const leg = legOf(board, argument);
  if (leg === undefined) return NO_LEG;
  const [, name, value = ''] = /^\S+\s+(\S+)(?:\s+(.*))?$/s.exec(argument) ?? [];
  if (name === undefined) return { reply: '-USAGE: <uuid> <var> [value]\n' };
  return setVariable(leg, name, value) ? OK : { reply: '-ERR too many or too long\n' };
}

function writeVariables(board: Board, argument: string): CommandAnswer {
  const leg = legOf(board, argument);
  if (leg === undefined) return NO_LEG;
  const pairs = (/^\S+\s+(.*)$/s.exec(argument)?.[1] ?? '').split(';').filter((pair) => pair.includes('='));
  if (pairs.length === 0) return { reply: '-USAGE: <uuid> <var>=<value>;<var>=<value>...\n' };
  const set = pairs.map((pair) => {
    const equals = pair.indexOf('=');
    return setVariable(leg, pair.slice(0, equals).trim(), pair.slice(equals + 1));
  });
  return set.every(Boolean) ? OK : { reply: '-ERR too many or too long\n' };
}

function breakOff(board: Board, argument: string): CommandAnswer {
  const leg = legOf(board, argument);
  if (leg === undefined) return NO_LEG;
  const all = words(argument)[1]?.toLowerCase() === 'all';
  return {
    ...OK,
    effect: () => {
      if (all) leg.waiting.length = 0;
      stopRunning(board, leg, 'break');
      advance(board, leg);
    },
  };
}

function record(board: Board, argument: string): CommandAnswer {
  const leg = legOf(board, argument);
  if (leg === undefined) return { reply: '-ERR Cannot locate session!\n' };
  const [, action = '', path = ''] = /^\S+\s+(\S+)\s+(.*)$/s.exec(argument) ?? [];
  const file = path.replace(/^'(.*)'$/s, '$1');
  if (action === 'start') return recordAnswer(startRecording(board, leg, file));
  if (action === 'stop') {
    const files = file === 'all' ? [...leg.recordings.keys()] : [file];
    return recordAnswer(files.filter((one) => stopRecording(board, leg, one)).length > 0);
  }
  return { reply: '-USAGE: <uuid> [start|stop] <path>\n' };
}

function recordAnswer(done: boolean): CommandAnswer {
  return { reply: done ? '+OK Success\n' : '-ERR Operation failed\n' };
}

function hold(board: Board, argument: string): CommandAnswer {
  const off = words(argument)[0]?.toLowerCase() === 'off';
  const leg = legOf(board, off ? (words(argument)[1] ?? '') : argument);
  if (leg === undefined) return { reply: '-ERR Operation failed\n' };
  const done = off ? unholdLeg(board, leg) : holdLeg(board, leg);
  return { reply: done ? '+OK Success\n' : '-ERR Operation failed\n' };
}

/** `UUID [-both|-bleg] APP:ARG[,APP:ARG…] inline`. Dial plan extensions are not among what this switch knows. */
function transferTo(board: Board, argument: string): CommandAnswer {
  const leg = legOf(board, argument);
  if (leg === undefined) return NO_LEG;
  const match = /^\S+\s+(?:(-both|-bleg)\s+)?(.+?)\s+inline$/is.exec(argument);
  const program = match?.[2] === undefined ? undefined : readProgram(board, match[2]);
  if (program === undefined) return { reply: '-ERR only inline applications that exist\n' };
  const other = leg.bridge === undefined ? undefined : liveLeg(board, leg.bridge.other);
  const moved = match?.[1] === '-bleg' ? [other] : match?.[1] === '-both' ? [leg, other] : [leg];
  return {
    ...OK,
    effect: () => {
      // Together, so that neither is the survivor of the other.
      if (moved.length === 2) unbridge(board, leg);
      for (const one of moved) {
        if (one === undefined || one.ending !== undefined) continue;
        release(board, one);
        transfer(
          board,
          one,
          program.map(({ name, data }) => order(name, data)),
        );
      }
    },
  };
}

function readProgram(board: Board, text: string): ApplicationOrder[] | undefined {
  const program = text
    .replaceAll("'", '')
    .split(/,(?=[a-z_]+(?::|$))/i)
    .map((part) => {
      const colon = part.indexOf(':');
      return colon === -1 ? order(part.trim(), '') : order(part.slice(0, colon).trim(), part.slice(colon + 1));
    });
  return program.every(({ name }) => board.applications.has(name)) ? program : undefined;
}

function broadcast(board: Board, argument: string): CommandAnswer {
  const leg = legOf(board, argument);
  const [, path, where = 'aleg'] = /^\S+\s+(\S+)(?:\s+(\S+))?$/.exec(argument) ?? [];
  if (leg === undefined || path === undefined) return { reply: '-ERR Invalid uuid\n' };
  const other = leg.bridge === undefined ? undefined : liveLeg(board, leg.bridge.other);
  const heard = where === 'both' ? [other, leg] : where === 'bleg' ? [other] : [leg];
  return {
    reply: '+OK Message sent\n',
    effect: () => {
      for (const one of heard) {
        if (one === undefined || one.ending !== undefined) continue;
        one.waiting.push(order('playback', path));
        advance(board, one);
      }
    },
  };
}

function hangUpLater(board: Board, argument: string): CommandAnswer {
  const [time = '', id = '', cause = 'ALLOTTED_TIMEOUT'] = words(argument);
  const leg = legOf(board, id);
  if (leg === undefined || !/^\+\d{1,6}$/.test(time)) return { reply: '-ERR Invalid arguments\n' };
  setTimer(leg, 'allotted', board.pace.timerMs(Number(time.slice(1)) * 1000), () => board.hangUp(leg, cause));
  return OK;
}

function hangUpAll(board: Board, argument: string): CommandAnswer {
  const cause = words(argument)[0] ?? 'MANAGER_REQUEST';
  if (!isCause(cause)) return { reply: `-ERR Invalid cause [${cause}]\n` };
  const effect = (): void => {
    for (const leg of [...board.legs.values()]) board.hangUp(leg, cause);
  };
  return { reply: `+OK hangup all channels with cause ${cause}\n`, effect };
}

function conferenceCommand(board: Board, argument: string): CommandAnswer {
  const [name = '', action = '', number = ''] = words(argument);
  const room = board.rooms.get(name);
  if (room === undefined) return { reply: `-ERR Conference ${name} not found\n` };
  if (action === 'list') {
    const lines = [...room.members].reverse().map(([id, member]) => {
      const { profile } = board.legs.get(id) ?? {};
      const flags = [member.hears ? 'hear' : '', member.speaks ? 'speak' : ''].filter((flag) => flag !== '').join('|');
      const caller = `${profile?.callerName ?? ''};${profile?.callerNumber ?? ''}`;
      return `${member.number};${profile?.channelName ?? ''};${id};${caller};${flags};0;0;100\n`;
    });
    return { reply: lines.join('') };
  }
  const [id] = [...room.members].find(([, member]) => String(member.number) === number) ?? [];
  if (id === undefined) return { reply: `-ERR Non-Existant ID ${number}\n` };
  const changes: Readonly<Record<string, { readonly hears?: boolean; readonly speaks?: boolean }>> = {
    mute: { speaks: false },
    unmute: { speaks: true },
    deaf: { hears: false },
    undeaf: { hears: true },
  };
  const change = changes[action];
  const reply = `+OK ${action} ${number}\n`;
  if (change !== undefined) return { reply, effect: () => setMember(board, room, id, change, `${action}-member`) };
  const leg = liveLeg(board, id);
  if ((action !== 'kick' && action !== 'hup') || leg === undefined) return { reply: `-ERR ${action} not found\n` };
  return { reply, effect: () => stopRunningAndGoOn(board, leg) };
}

function stopRunningAndGoOn(board: Board, leg: Leg): void {
  stopRunning(board, leg, 'transfer');
  advance(board, leg);
}
