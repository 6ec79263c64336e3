import type { Device, EndedLeg, SurveyedLeg } from '../../core/event.ts';
import { type CommandKey, type LegId, legId } from '../../core/ids.ts';
import { seatOfName } from '../../lib/page-login.ts';
import { decodeHeaders, parseJson } from './decode.ts';
import { callerOf, type Headers, isInbound, legOf, sequenceOf, uriOf, variable } from './headers.ts';
import { forget, LEGS_MAX, type Leg, newLeg } from './leg.ts';
import { lookForPages } from './lost-page.ts';
import { type Node, tell } from './node.ts';
import { noteRegistered } from './registrations.ts';
import { translate } from './translate.ts';
import { isSafeId, MUSIC } from './wire.ts';

interface Seen {
  readonly surveyed: SurveyedLeg;
  readonly sequence: number;
  readonly at: Leg['at'];
}

/**
 * Asks a node for all that it holds, tells it as one `surveyed`, and leaves `node.legs` in step with it.
 * False: the link broke meanwhile, nothing was told.
 */
export async function survey(node: Node): Promise<boolean> {
  const { connection, client } = node;
  const gone = (): boolean => node.connection !== connection || node.phase !== 'surveying';
  const [boot, channels, registrations] = await Promise.all([
    client.ask('api global_getvar core_uuid'),
    client.ask('api show channels as json'),
    client.ask('api show registrations as json'),
  ]);
  if (gone() || !boot.ok) return false;
  const listed = rows(channels.text).flatMap((row) => (isSafeId(row['uuid'] ?? '') ? [legId(row['uuid'] ?? '')] : []));
  const known = node.known();
  const asked = [...new Set([...listed, ...known.filter(isSafeId)])].slice(0, LEGS_MAX);
  const seen = new Map<LegId, Seen>();
  await Promise.all(asked.map((id) => dump(node, id, new Set(known), seen)));
  if (gone()) return false;
  const missing = known.filter((id) => !seen.has(id));
  const ended = await endsOf(node, missing);
  if (gone()) return false;
  takeOver(node, seen, missing);
  const legs = [...seen.values()].map((leg) => leg.surveyed);
  const devices = registeredPhones(node, rows(registrations.text));
  node.phase = 'ready';
  tell(node, { type: 'surveyed', survey: { bootId: boot.text, legs, devices, ended } });
  lookForPages(node);
  return true;
}

/**
 * FreeSWITCH lists a new leg some tenths of a second late: a caller who was parked just before the subscription is in no survey and in no
 * event. Asked for again a little later, such a one is told as having just arrived.
 */
export async function lookAgain(node: Node): Promise<void> {
  const { connection, client, legs } = node;
  if (node.phase !== 'ready') return;
  const channels = await client.ask('api show channels as json');
  for (const { uuid = '' } of rows(channels.text).slice(0, LEGS_MAX)) {
    const id = legId(uuid);
    if (!isSafeId(uuid) || legs.live.has(id) || legs.ended.has(id)) continue;
    const reply = await client.ask(`api uuid_dump ${id}`);
    if (node.connection !== connection || node.phase !== 'ready') return;
    const headers = decodeHeaders(reply.text);
    if (!reply.ok || legOf(headers) !== id || headers.get('Answer-State') === 'hangup') continue;
    if (isInbound(headers) && isOurs(headers)) arrived(node, headers);
  }
}

function arrived(node: Node, headers: Headers): void {
  translate(node, { name: 'CHANNEL_PARK', subclass: undefined, headers, body: undefined });
}

/** `show … as json`: `{"row_count": 0}` when there is nothing. */
function rows(text: string): ReadonlyArray<Readonly<Record<string, string>>> {
  const parsed = parseJson(text) as { rows?: unknown } | null | undefined;
  return Array.isArray(parsed?.rows) ? parsed.rows.filter((row) => typeof row === 'object' && row !== null) : [];
}

/** Looks at one leg. A known leg that cannot be looked at is asked for once more before it counts as gone. */
async function dump(node: Node, id: LegId, known: ReadonlySet<LegId>, seen: Map<LegId, Seen>): Promise<void> {
  let reply = await node.client.ask(`api uuid_dump ${id}`);
  if (!reply.ok && known.has(id) && (await node.client.ask(`api uuid_exists ${id}`)).text === 'true') {
    reply = await node.client.ask(`api uuid_dump ${id}`);
  }
  if (!reply.ok) return;
  const headers = decodeHeaders(reply.text);
  if (legOf(headers) !== id || headers.get('Answer-State') === 'hangup') return;
  if (!known.has(id) && !isOurs(headers)) return;
  seen.set(id, { surveyed: surveyedLeg(id, headers), sequence: sequenceOf(headers), at: rungAt(headers) });
}

function rungAt(headers: Headers): Leg['at'] {
  const [seat, page] = [variable(headers, 'minhu_seat'), variable(headers, 'minhu_page')];
  return seat === undefined || page === undefined ? undefined : { seat, page };
}

/** A node may carry other traffic: ours is what the dial plan parked and what bears our mark. */
function isOurs(headers: Headers): boolean {
  if (variable(headers, 'minhu_key') !== undefined || variable(headers, 'minhu_role') !== undefined) return true;
  return isInbound(headers) && variable(headers, 'current_application') === 'park';
}

export function surveyedLeg(leg: LegId, headers: Headers): SurveyedLeg {
  const inbound = isInbound(headers);
  const caller = callerOf(headers);
  const bridgedTo = partner(headers);
  const key = variable(headers, 'minhu_key');
  const { doing, digits } =
    bridgedTo === undefined ? activity(headers) : { doing: 'nothing' as const, digits: undefined };
  const recording = variable(headers, 'minhu_recording');
  return {
    leg,
    direction: inbound ? 'inbound' : 'outbound',
    state: isAnswered(headers, inbound) ? 'answered' : 'ringing',
    from: caller.from,
    ...(caller.fromName === undefined ? {} : { fromName: caller.fromName }),
    dialled: caller.dialled,
    ...(caller.diversion === undefined ? {} : { diversion: caller.diversion }),
    ...(bridgedTo === undefined ? {} : { bridgedTo: legId(bridgedTo) }),
    ...(key === undefined ? {} : { key: key as CommandKey }),
    doing,
    ...(digits === undefined ? {} : { digits }),
    ...(headers.get('Channel-Call-State') === 'HELD' ? { held: true } : { held: false }),
    ...(recording === undefined ? {} : { recording }),
  };
}

const BRIDGED_STATES = ['CS_SOFT_EXECUTE', 'CS_EXCHANGE_MEDIA', 'CS_HIBERNATE', 'CS_RESET'];

/** `signal_bond` outlives the bridge on a leg that was parked when its partner ended: the state tells. */
function partner(headers: Headers): string | undefined {
  return BRIDGED_STATES.includes(headers.get('Channel-State') ?? '') ? variable(headers, 'signal_bond') : undefined;
}

/** A leg we rang that its originate still owns (`CS_CONSUME_MEDIA`, not bridged) counts as ringing until it is parked. */
function isAnswered(headers: Headers, inbound: boolean): boolean {
  if (headers.get('Answer-State') !== 'answered') return false;
  const owned = headers.get('Channel-State') === 'CS_CONSUME_MEDIA' && variable(headers, 'signal_bond') === undefined;
  return inbound || !owned;
}

/** What the last application is doing. It clears its response when it begins, and we clear the digit's result before it does. */
function activity(headers: Headers): Pick<SurveyedLeg, 'doing' | 'digits'> {
  const over = variable(headers, 'current_application_response') !== undefined;
  switch (variable(headers, 'current_application')) {
    case 'eavesdrop':
      return { doing: over ? 'nothing' : 'supervising' };
    case 'play_and_get_digits': {
      if (variable(headers, 'read_result') === undefined) return { doing: 'collecting' };
      return { doing: 'nothing', digits: variable(headers, 'minhu_digits') ?? '' };
    }
    case 'playback': {
      if (over) return { doing: 'nothing' };
      return { doing: variable(headers, 'current_application_data')?.endsWith(MUSIC) === true ? 'music' : 'playing' };
    }
    default:
      return { doing: 'nothing' };
  }
}

/** From an event that waits behind the survey, else from the switch's own log, else now and approximate. */
export async function endsOf(node: Node, missing: readonly LegId[]): Promise<readonly EndedLeg[]> {
  if (missing.length === 0) return [];
  const logged = await node.endsLogged(new Set<string>(missing));
  return missing.map((leg) => {
    const heard = node.buffered.find(
      (event) => event.name === 'CHANNEL_HANGUP_COMPLETE' && legOf(event.headers) === leg,
    );
    const end = logged.get(leg);
    if (heard !== undefined) {
      const cause = heard.headers.get('Hangup-Cause') ?? 'NORMAL_UNSPECIFIED';
      return { leg, cause, endedAtMs: node.now(), approximate: false };
    }
    if (end !== undefined) return { leg, cause: end.cause, endedAtMs: end.endedAtMs, approximate: false };
    return { leg, cause: 'NORMAL_UNSPECIFIED', endedAtMs: node.now(), approximate: true };
  });
}

/** From here on the legs are those of the survey. */
function takeOver(node: Node, seen: ReadonlyMap<LegId, Seen>, missing: readonly LegId[]): void {
  const { legs } = node;
  for (const id of [...legs.live.keys(), ...missing]) if (!seen.has(id)) forget(legs, id);
  legs.live.clear();
  for (const [id, leg] of seen) {
    legs.ended.delete(id);
    legs.live.set(id, takenOver(leg));
  }
  for (const { surveyed } of seen.values()) rejoin(legs.live, surveyed);
}

const KINDS = { playing: 'play', collecting: 'collect', music: 'music', supervising: 'supervise' } as const;

function takenOver({ surveyed, sequence, at }: Seen): Leg {
  const { leg, direction, state, key, doing, held = false } = surveyed;
  const made = newLeg(leg, direction, {
    ringing: true,
    answered: state === 'answered',
    originating: direction === 'outbound' && state === 'ringing',
    surveyedTo: sequence,
    ...{ held, at },
  });
  if (key !== undefined && doing !== 'nothing') {
    made.running.set(key, { kind: KINDS[doing], cut: false });
  }
  return made;
}

/** Which leg a bridge named first is not remembered by the switch: the inbound one, as every bridge of ours begins with the caller. */
function rejoin(live: ReadonlyMap<LegId, Leg>, surveyed: SurveyedLeg): void {
  const [leg, other] = [live.get(surveyed.leg), live.get(surveyed.bridgedTo ?? surveyed.leg)];
  if (leg === undefined || other === undefined || leg === other || leg.bridge !== undefined) return;
  const inboundFirst = leg.direction === 'inbound' || other.direction === 'outbound';
  leg.bridge = inboundFirst ? { first: leg.id, second: other.id } : { first: other.id, second: leg.id };
  other.bridge = leg.bridge;
}

function registeredPhones(node: Node, listed: ReturnType<typeof rows>): readonly Device[] {
  node.registrations.clear();
  return listed.flatMap((row) => {
    const devices = deviceOfRow(row);
    for (const device of devices) noteRegistered(node.registrations, row['token'] ?? '', device);
    return devices;
  });
}

function deviceOfRow(row: Readonly<Record<string, string>>): Device[] {
  const uri = uriOf((row['url'] ?? '').replace(/^sofia\/[^/]*\//, ''));
  const sipUser = seatOfName(row['reg_user'] ?? '');
  const expires = Number(row['expires']);
  if (sipUser === '' || uri === '' || !Number.isFinite(expires)) return [];
  return [{ sipUser, uri, expiresAtMs: expires * 1000 }];
}
