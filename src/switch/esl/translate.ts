import { type CommandKey, type LegId, legId } from '../../core/ids.ts';
import type { EslEvent } from './event.ts';
import { callerOf, deviceOf, type Headers, isInbound, legOf, sequenceOf, sipStatusOf, variable } from './headers.ts';
import { forget, LEGS_MAX, type Leg, newLeg, type Running } from './leg.ts';
import { pageAway, pageOf, pageRegistered } from './lost-page.ts';
import { kill, type Node, tell } from './node.ts';
import { noteRegistered, takeUnregistered } from './registrations.ts';

/** All that is asked for. Everything else (STATE, CALLSTATE, EXECUTE, PLAYBACK_…) triples the bytes and says nothing more. */
export const SUBSCRIPTION = [
  'event plain',
  'CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_PARK CHANNEL_BRIDGE CHANNEL_UNBRIDGE',
  'CHANNEL_HOLD CHANNEL_UNHOLD CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP_COMPLETE CHANNEL_DESTROY',
  'DTMF RECORD_START RECORD_STOP BACKGROUND_JOB HEARTBEAT',
  'CUSTOM sofia::register sofia::unregister sofia::expire',
].join(' ');

/** Samples per second in which the switch counts the length of a key press. */
const DIGIT_SAMPLES_PER_MS = 8;

/** One event of the switch, told to the core as far as it is news. */
export function translate(node: Node, event: EslEvent): void {
  if (event.name === 'BACKGROUND_JOB') return jobOver(node, event);
  if (event.name === 'CUSTOM') return registration(node, event);
  const id = legOf(event.headers);
  if (id === undefined) return;
  const leg = node.legs.live.get(id);
  if (leg === undefined) return strangeLeg(node, id, event);
  const about = Math.max(0, sequenceOf(event.headers));
  if (about !== 0 && about <= leg.surveyedTo && event.name !== 'RECORD_STOP') return;
  legEvent(node, leg, event);
}

function legEvent(node: Node, leg: Leg, event: EslEvent): void {
  switch (event.name) {
    case 'CHANNEL_CREATE':
      return created(node, leg);
    case 'CHANNEL_PROGRESS':
    case 'CHANNEL_PROGRESS_MEDIA':
      return ringing(node, leg);
    case 'CHANNEL_ANSWER':
      return leg.direction === 'inbound' ? answered(node, leg) : undefined;
    case 'CHANNEL_PARK':
      return parked(node, leg);
    case 'CHANNEL_BRIDGE':
      return bridged(node, event.headers);
    case 'CHANNEL_UNBRIDGE':
      return unbridged(node, leg);
    case 'CHANNEL_HOLD':
      leg.held = true;
      return tell(node, { type: 'legHeld', leg: leg.id });
    case 'CHANNEL_UNHOLD':
      leg.held = false;
      return tell(node, { type: 'legResumed', leg: leg.id });
    case 'CHANNEL_EXECUTE_COMPLETE':
      return applicationOver(node, leg, event.headers);
    case 'DTMF':
      return digitPressed(node, leg, event.headers);
    case 'RECORD_START':
      return recordingStarted(node, leg, event.headers);
    case 'RECORD_STOP':
      return recordingEnded(node, leg, event.headers);
    case 'CHANNEL_HANGUP_COMPLETE':
      return endLeg(
        node,
        leg.id,
        event.headers.get('Hangup-Cause') ?? 'NORMAL_UNSPECIFIED',
        sipStatusOf(event.headers),
      );
    default:
      return;
  }
}

/** A leg that the core has not been told of, or that it has been told is over. */
function strangeLeg(node: Node, id: LegId, event: EslEvent): void {
  if (node.legs.ended.has(id)) return killGhost(node, id, event);
  if (event.name !== 'CHANNEL_PARK' || !isInbound(event.headers)) return;
  if (node.legs.live.size >= LEGS_MAX) {
    node.logger.error({ node: node.id, leg: id }, 'too many legs: a call is turned away');
    kill(node, id, 'SWITCH_CONGESTION');
    return;
  }
  const answeredAlready = event.headers.get('Answer-State') === 'answered';
  node.legs.live.set(id, newLeg(id, 'inbound', { answered: answeredAlready }));
  tell(node, { type: 'callArrived', leg: id, ...callerOf(event.headers) });
  if (answeredAlready) tell(node, { type: 'legAnswered', leg: id });
}

/** An originate that was on its way when the link broke may make its leg after the core gave it up. */
function killGhost(node: Node, id: LegId, event: EslEvent): void {
  if (event.name !== 'CHANNEL_CREATE' && event.name !== 'CHANNEL_PARK') return;
  if (isInbound(event.headers)) return;
  kill(node, id, 'NORMAL_CLEARING');
}

function created(node: Node, leg: Leg): void {
  leg.created = true;
  if (leg.killWith !== undefined) kill(node, leg.id, leg.killWith);
}

function ringing(node: Node, leg: Leg): void {
  leg.created = true;
  if (leg.ringing || leg.answered || leg.direction === 'inbound') return;
  leg.ringing = true;
  tell(node, { type: 'legRinging', leg: leg.id });
}

function answered(node: Node, leg: Leg): void {
  if (leg.answered) return;
  leg.answered = true;
  tell(node, { type: 'legAnswered', leg: leg.id });
}

/** A leg we rang counts as answered once it is parked: before, the originate still owns it and would undo a bridge. */
function parked(node: Node, leg: Leg): void {
  leg.created = true;
  if (leg.direction === 'inbound') return;
  if (leg.killWith !== undefined) created(node, leg);
  else answered(node, leg);
}

function bridged(node: Node, headers: Headers): void {
  const first = legId(headers.get('Bridge-A-Unique-ID') ?? headers.get('Unique-ID') ?? '');
  const second = legId(headers.get('Bridge-B-Unique-ID') ?? headers.get('Other-Leg-Unique-ID') ?? '');
  const [a, b] = [node.legs.live.get(first), node.legs.live.get(second)];
  if (a === undefined || b === undefined) return;
  if (a.bridge !== undefined && a.bridge === b.bridge) return;
  unbridged(node, a);
  unbridged(node, b);
  a.bridge = { first, second };
  b.bridge = a.bridge;
  tell(node, { type: 'bridged', leg: first, other: second });
}

function unbridged(node: Node, leg: Leg): void {
  const { bridge } = leg;
  if (bridge === undefined) return;
  for (const id of [bridge.first, bridge.second]) {
    const member = node.legs.live.get(id);
    if (member?.bridge === bridge) member.bridge = undefined;
  }
  tell(node, { type: 'unbridged', leg: bridge.first, other: bridge.second });
}

function applicationOver(node: Node, leg: Leg, headers: Headers): void {
  if (headers.get('Application') === 'eavesdrop') return superviseOver(node, leg, headers);
  const key = (headers.get('Application-UUID') ?? '') as CommandKey;
  const running = leg.running.get(key);
  if (running === undefined) return;
  leg.running.delete(key);
  switch (running.kind) {
    case 'play':
      return tell(node, { type: 'playEnded', leg: leg.id, key, outcome: playOutcome(running, headers) });
    case 'collect':
      return collected(node, leg, key, headers);
    case 'music':
    case 'supervise':
      return;
  }
}

/** A caller who hangs up in the menu has not chosen to press nothing: only the end of the leg is told. */
function collected(node: Node, leg: Leg, key: CommandKey, headers: Headers): void {
  if (headers.has('Hangup-Cause') || headers.get('Answer-State') === 'hangup') return;
  tell(node, { type: 'digitsCollected', leg: leg.id, key, digits: variable(headers, 'minhu_digits') ?? '' });
}

/** Found by what it is: after a survey its key may be that of a later change. A leg that ends tells of that itself. */
function superviseOver(node: Node, leg: Leg, headers: Headers): void {
  for (const [key, { kind, cut }] of [...leg.running]) {
    if (kind !== 'supervise') continue;
    leg.running.delete(key);
    if (!cut && !headers.has('Hangup-Cause')) tell(node, { type: 'superviseEnded', leg: leg.id });
  }
}

/** Whatever was cut and is still not reported over was dropped before it began: over all the same. */
export function tellDropped(node: Node, leg: Leg): void {
  if (node.legs.live.get(leg.id) !== leg || node.phase !== 'ready') return;
  for (const [key, { kind, cut }] of [...leg.running]) {
    if (!cut) continue;
    leg.running.delete(key);
    if (kind === 'play') tell(node, { type: 'playEnded', leg: leg.id, key, outcome: 'broken' });
    if (kind === 'collect') tell(node, { type: 'digitsCollected', leg: leg.id, key, digits: '' });
  }
}

/** `PLAYBACK ERROR` is what a playback says that a bridge or a hang-up has cut: no failure of the file. */
function playOutcome(running: Running, headers: Headers): 'done' | 'broken' | 'failed' {
  const response = headers.get('Application-Response') ?? '';
  if (response === 'FILE NOT FOUND') return 'failed';
  if (running.cut || headers.has('Hangup-Cause') || response === 'PLAYBACK ERROR') return 'broken';
  return 'done';
}

function digitPressed(node: Node, leg: Leg, headers: Headers): void {
  const digit = headers.get('DTMF-Digit') ?? '';
  if (!/^[0-9A-D*#]$/.test(digit)) return;
  const samples = Number(headers.get('DTMF-Duration')) || 0;
  tell(node, { type: 'digitPressed', leg: leg.id, digit, durationMs: Math.round(samples / DIGIT_SAMPLES_PER_MS) });
}

function recordingStarted(node: Node, leg: Leg, headers: Headers): void {
  const file = headers.get('Record-File-Path');
  if (file !== undefined) tell(node, { type: 'recordingStarted', leg: leg.id, file });
}

function recordingEnded(node: Node, leg: Leg, headers: Headers): void {
  const file = headers.get('Record-File-Path');
  if (file === undefined) return;
  const durationMs = Number(variable(headers, 'record_ms')) || 0;
  const bytes = Number(variable(headers, 'record_file_size'));
  tell(node, { type: 'recordingEnded', leg: leg.id, file, durationMs, ...(bytes > 0 ? { bytes } : {}) });
}

/** How long an originate that failed may owe us the end of its leg, which tells the SIP status. */
const OWED_MS_MAX = 1_000;
/** The same when no leg has been heard of: events of the job and of its leg may overtake each other, but most such jobs never made one. */
const OWED_UNSEEN_MS_MAX = 250;

/** The job of an originate; its id is the leg. */
function jobOver(node: Node, event: EslEvent): void {
  const leg = node.legs.live.get(legId(event.headers.get('Job-UUID') ?? ''));
  if (leg === undefined || !leg.originating) return;
  leg.originating = false;
  const failed = /^-(?:ERR|USAGE)\s*([A-Z0-9_]*)/.exec(event.body ?? '');
  if (failed === null) return;
  const cause = failed[1] || 'NORMAL_TEMPORARY_FAILURE';
  const { connection } = node;
  const giveUp = (): void => {
    if (node.connection === connection && node.phase === 'ready') endLeg(node, leg.id, cause);
  };
  setTimeout(giveUp, leg.created ? OWED_MS_MAX : OWED_UNSEEN_MS_MAX).unref();
}

/** Tells the end of a leg, once. A bridge that it was in is over first, whatever the order in which the switch says so. */
export function endLeg(node: Node, id: LegId, cause: string, sipStatus?: number): void {
  const leg = node.legs.live.get(id);
  if (leg === undefined) return;
  unbridged(node, leg);
  forget(node.legs, id);
  tell(node, { type: 'legEnded', leg: id, cause, ...(sipStatus === undefined ? {} : { sipStatus }) });
}

function registration(node: Node, event: EslEvent): void {
  switch (event.subclass) {
    case 'sofia::register': {
      const device = deviceOf(event.headers);
      if (device === undefined) return;
      noteRegistered(node.registrations, event.headers.get('call-id') ?? '', device);
      tell(node, { type: 'deviceRegistered', device });
      return pageRegistered(node, device);
    }
    case 'sofia::unregister':
    case 'sofia::expire': {
      const gone = takeUnregistered(node.registrations, event.headers);
      if (gone === undefined) return;
      tell(node, { type: 'deviceGone', ...gone });
      // A page that says itself that it goes ends its talk first.
      if (isLost(event)) pageAway(node, gone.sipUser, pageOf(gone.device));
      return;
    }
    default:
      return;
  }
}

function isLost({ subclass, headers }: EslEvent): boolean {
  return subclass === 'sofia::expire' || headers.get('reason') === 'socket-disconnection';
}
