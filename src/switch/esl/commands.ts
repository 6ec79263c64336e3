import type { SwitchCommand } from '../../core/command.ts';
import { unreachable } from '../../lib/assert.ts';
import type { Reply } from './client.ts';
import { LEGS_MAX, type Leg, markCut, newLeg, noteRunning, type Running } from './leg.ts';
import { pageOf } from './lost-page.ts';
import { kill, type Node, tell } from './node.ts';
import { endLeg, tellDropped } from './translate.ts';
import * as wire from './wire.ts';

/** Carries out one command on a node. Failures come back as events, later, never from inside this call. */
export function carryOut(node: Node, command: SwitchCommand): void {
  const refusal = node.phase === 'ready' ? unsafePart(command) : 'link down';
  if (refusal !== undefined) return queueMicrotask(() => refuse(node, command, refusal));
  switch (command.do) {
    case 'answer':
      return answer(node, command);
    case 'play':
      return run(node, command, 'play', 'playback', wire.playlist(command.files));
    case 'collect':
      return run(node, command, 'collect', 'play_and_get_digits', wire.playAndGetDigits(command.files, command.waitMs));
    case 'music':
      return run(node, command, 'music', 'playback', wire.playlist([...command.files, wire.MUSIC]));
    case 'ring':
      return ring(node, command);
    case 'dial':
      return dial(node, command);
    case 'bridge':
      return bridge(node, command);
    case 'supervise':
      return supervise(node, command);
    case 'record':
      return record(node, command);
    case 'stopRecord':
      return stopRecord(node, command);
    case 'hangUp':
      return hangUp(node, command);
    default:
      return unreachable(command);
  }
}

type Of<Wish extends SwitchCommand['do']> = Extract<SwitchCommand, { do: Wish }>;

/** The first part of a command that must not reach a switch as text. */
function unsafePart(command: SwitchCommand): string | undefined {
  if (!wire.isSafeId(command.leg)) return 'leg id not allowed';
  if (!wire.isSafeId(command.key)) return 'key not allowed';
  if ('files' in command && !command.files.every(wire.isSafePath)) return 'file name not allowed';
  if (command.do === 'play' && command.files.length === 0) return 'nothing to play';
  if ('file' in command && !wire.isSafePath(command.file)) return 'file name not allowed';
  if ('other' in command && !wire.isSafeId(command.other)) return 'leg id not allowed';
  if ('of' in command && !wire.isSafeId(command.of)) return 'leg id not allowed';
  if ('cause' in command && !wire.isSafeId(command.cause)) return 'cause not allowed';
  if (command.do === 'ring' && !wire.isSafeUri(command.device)) return 'device not allowed';
  if (command.do === 'dial' && !wire.isDiallable(command.number)) return 'number not allowed';
  if ((command.do === 'ring' || command.do === 'dial') && !wire.isSafeId(command.contact)) return 'contact not allowed';
  return undefined;
}

function refuse(node: Node, command: SwitchCommand, reason: string): void {
  if (command.do !== 'ring' && command.do !== 'dial')
    return tell(node, { type: 'commandFailed', key: command.key, leg: command.leg, reason });
  const cause = reason === 'link down' ? 'NETWORK_OUT_OF_ORDER' : 'INVALID_URL';
  node.logger.warn({ node: node.id, leg: command.leg, reason }, 'phone not rung');
  tell(node, { type: 'legEnded', leg: command.leg, cause });
}

/** Sends one command. What the switch refuses is told; what the link swallows is for the survey to find out. */
function send(node: Node, command: SwitchCommand, text: string): void {
  const sent = node.client.send(text, (reply) => refused(node, command, reply));
  if (!sent) queueMicrotask(() => refuse(node, command, 'link down'));
}

function refused(node: Node, command: SwitchCommand, reply: Reply): void {
  if (reply.ok || reply.lost === true) return;
  node.legs.live.get(command.leg)?.running.delete(command.key);
  refuse(node, command, reply.text.replace(/^-(ERR|USAGE:?)\s*/, '').slice(0, 200));
}

/** A leg variable that fails to be set does no harm of its own: the command that follows fails as well. */
function sendQuietly(node: Node, text: string): void {
  node.client.send(text, () => {});
}

function answer(node: Node, command: Of<'answer'>): void {
  sendQuietly(
    node,
    wire.setVariables(command.leg, {
      minhu_key: command.key,
      minhu_role: 'citizen',
      playback_terminators: 'none',
      park_after_bridge: 'true',
      hangup_after_bridge: 'false',
    }),
  );
  send(node, command, wire.execute(command.leg, command.key, 'answer'));
}

/** A break also drops what was sent but not begun, of which the switch says nothing. What was running is reported well before. */
const DROPPED_AFTER_MS = 500;

/** Applications nest in FreeSWITCH, so what plays is cut before the next one is queued. */
function run(node: Node, command: SwitchCommand, kind: Running['kind'], application: string, argument: string): void {
  const leg = node.legs.live.get(command.leg);
  if (leg !== undefined && leg.running.size > 0) {
    markCut(leg);
    sendQuietly(node, `api uuid_break ${command.leg} all`);
    setTimeout(() => tellDropped(node, leg), DROPPED_AFTER_MS).unref();
  }
  if (leg !== undefined) noteRunning(leg, command.key, kind);
  const fresh = kind === 'collect' ? { minhu_digits: '', read_result: '' } : {};
  sendQuietly(node, wire.setVariables(command.leg, { minhu_key: command.key, ...fresh }));
  send(node, command, wire.execute(command.leg, command.key, application, argument));
}

/** A ring released again after a restart finds its leg alive: one phone, one ring. */
function ring(node: Node, command: wire.Ring): void {
  const page = pageOf(command.device);
  const at = page === undefined ? undefined : { seat: command.sipUser, page };
  originate(node, command, wire.originate(command, at), at);
}

/** A citizen's phone, through the trunk. */
function dial(node: Node, command: wire.Dial): void {
  if (node.trunk === undefined) {
    const ended = { type: 'legEnded', leg: command.leg, cause: 'NO_ROUTE_DESTINATION' } as const;
    return queueMicrotask(() => tell(node, ended));
  }
  originate(node, command, wire.dialOut(command, node.trunk));
}

function originate(node: Node, command: wire.Ring | wire.Dial, text: string, at?: Leg['at']): void {
  if (node.legs.live.has(command.leg) || node.legs.ended.has(command.leg)) return;
  if (node.legs.live.size >= LEGS_MAX) return queueMicrotask(() => refuse(node, command, 'too many legs'));
  const leg = newLeg(command.leg, 'outbound', { originating: true, created: false, at });
  node.legs.live.set(command.leg, leg);
  const sent = node.client.send(text, (reply) => {
    if (!reply.ok && reply.lost !== true) endLeg(node, command.leg, 'SWITCH_CONGESTION');
  });
  if (!sent) queueMicrotask(() => endLeg(node, command.leg, 'NETWORK_OUT_OF_ORDER'));
}

function bridge(node: Node, command: Of<'bridge'>): void {
  for (const id of [command.leg, command.other]) {
    markCut(node.legs.live.get(id));
    const variables = { minhu_key: command.key, park_after_bridge: 'true', hangup_after_bridge: 'false' };
    sendQuietly(node, wire.setVariables(id, variables));
  }
  send(node, command, `api uuid_bridge ${command.leg} ${command.other}`);
}

/** A change is told to what runs already: nobody hears a gap. The variable comes last, so that a survey never claims what was not sent. */
function supervise(node: Node, command: Of<'supervise'>): void {
  const leg = node.legs.live.get(command.leg);
  const running = [...(leg?.running.values() ?? [])].some(({ kind, cut }) => kind === 'supervise' && !cut);
  if (running) {
    sendQuietly(node, wire.changeHearers(command.leg, command.mode));
    sendQuietly(node, wire.setVariables(command.leg, { minhu_key: command.key }));
    return;
  }
  if (leg !== undefined) noteRunning(leg, command.key, 'supervise');
  sendQuietly(node, wire.setVariables(command.leg, { minhu_key: command.key, ...wire.hearers(command.mode) }));
  send(node, command, wire.execute(command.leg, command.key, 'eavesdrop', command.of));
}

function record(node: Node, command: Of<'record'>): void {
  sendQuietly(node, wire.setVariables(command.leg, { RECORD_STEREO: 'true', minhu_recording: command.file }));
  send(node, command, `api uuid_record ${command.leg} start ${wire.quoted(command.file)}`);
}

function stopRecord(node: Node, command: Of<'stopRecord'>): void {
  sendQuietly(node, wire.setVariables(command.leg, { minhu_recording: '' }));
  send(node, command, `api uuid_record ${command.leg} stop ${wire.quoted(command.file)}`);
}

/** A leg that is gone is no failure. One that the switch is about to make is killed when it appears. */
function hangUp(node: Node, command: Of<'hangUp'>): void {
  const leg = node.legs.live.get(command.leg);
  markCut(leg);
  if (leg?.originating === true && !leg.created) leg.killWith = command.cause;
  kill(node, command.leg, command.cause);
}
