import JsSIP from 'jssip';
import type { RTCSession } from 'jssip/lib/RTCSession';
import type { IncomingRTCSessionEvent, OutgoingRTCSessionEvent, UA } from 'jssip/lib/UA';
import { reactive } from 'vue';
import { ask, Refused } from '../request.ts';
import { choices, microphoneWish } from './choices.ts';
import { willBeHeld, wishHold } from './hold-wish.ts';
import { keepWay } from './keep-way.ts';
import { keepQuiet, keptQuiet, muteFromTheStart, type Quiet } from './quiet.ts';
import { answersByItself, contactOf, isResumed, keptContact } from './same-call.ts';
import { askAfter } from './still-there.ts';

/** What `POST /api/v1/me/phone` gives: good for this seat, for an hour. Held in memory only. */
interface Login {
  readonly sipUser: string;
  /** What the telephone registers as: always the seat, or another name with each login. */
  readonly address: string;
  readonly realm: string;
  readonly username: string;
  readonly ha1: string;
  readonly expiresAtMs: number;
  readonly nowMs: number;
  readonly ws: { readonly port: number; readonly secure: boolean };
  readonly echoNumber: string;
}

export type Registration = 'off' | 'connecting' | 'registered' | 'lost' | 'refused' | 'elsewhere';

/** The telephone in the page, as it stands. */
export const phone = reactive({
  registration: 'off' as Registration,
  line: 'idle' as 'idle' | 'ringing' | 'dialling' | 'talking',
  /** The call is the echo number's, not a citizen's. */
  echo: false,
  held: false,
  muted: false,
  /** It was held before its leg was lost, and is to be once the two are joined again. */
  toHold: false,
  /** Our own part of the call began, by this computer's clock. */
  sinceMs: 0,
  /** Keys sent in this call. */
  keys: '',
  failure: '',
  /** The server knows nothing of the call here, and the switch has not said yet that it is there. */
  doubted: false,
  /** The talk that this page was in is coming back. */
  resuming: false,
  /** The contact that this seat's person has asked to hear, until its call is here or was given up. */
  expected: '',
  /** The contact that is heard by the call under way. */
  supervised: '',
  /** This page has asked for a call: the ring for it is answered by itself. */
  placing: false,
  /** Nobody is signed in any more; the talk under way is the last one. */
  leaving: false,
});

const RETRY_FIRST_MS = 1_000;
const RETRY_LAST_MS = 30_000;
const REGISTER_S = 120;
/** Longer than any offer lasts. */
const NO_ANSWER_S = 600;
/** RFC 4028 §5: the least that FreeSWITCH takes; JsSIP asks for 90 of itself and does not ask again. */
const SESSION_S = 120;

let agent: UA | undefined;
/** At the address of record before, until `agent` is registered and no call is under way: one that rings there is answered there. */
let formerAgent: UA | undefined;
/** What `agent` registers as. */
let address = '';
let session: RTCSession | undefined;
/** The contact that `session` is of, and whether it was muted before its leg was lost. */
let inContact = '';
let wasMuted = false;
let login: Login | undefined;
let renewal: ReturnType<typeof setTimeout> | undefined;
let attempts = 0;
/** Counts who sits here: what was asked for before the telephone was put away is not for whoever comes next. */
let sitting = 0;
const loudspeaker = new Audio();
loudspeaker.autoplay = true;

/** Registers the seat's telephone, and keeps it registered. */
export async function startPhone(): Promise<void> {
  if (phone.leaving) {
    phone.leaving = false;
    if (await renew()) agent?.register();
    return;
  }
  if (agent !== undefined || phone.registration === 'connecting') return;
  phone.registration = 'connecting';
  if (!(await renew())) return;
  agent = createAgent(login!);
  agent.start();
}

/** The session is over: a talk with a citizen goes on to its end, as the switch holds it, and the telephone is put away then. */
export function leavePhone(): void {
  if (phone.line !== 'talking' || phone.echo || phone.supervised !== '') return stopPhone();
  phone.leaving = true;
  sitting += 1;
  clearTimeout(renewal);
}

export function stopPhone(): void {
  sitting += 1;
  phone.leaving = false;
  clearTimeout(renewal);
  for (const each of [agent, formerAgent]) each?.stop();
  [agent, formerAgent, session, login] = [undefined, undefined, undefined, undefined];
  Object.assign(phone, {
    registration: 'off',
    line: 'idle',
    echo: false,
    doubted: false,
    expected: '',
    supervised: '',
    placing: false,
  });
}

function createAgent({ realm, username, ha1, ws, ...login }: Login): UA {
  address = login.address;
  const host = location.hostname;
  const socket = new JsSIP.WebSocketInterface(`${ws.secure ? 'wss' : 'ws'}://${host}:${ws.port}`);
  const made: UA = new JsSIP.UA({
    sockets: [socket],
    uri: `sip:${address}@${realm}`,
    ...{ authorization_user: username, realm, ha1, register: true, register_expires: REGISTER_S },
    ...{ session_timers: true, no_answer_timeout: NO_ANSWER_S, user_agent: 'Minhu desk' },
    ...{ connection_recovery_min_interval: 1, connection_recovery_max_interval: 5 },
  });
  made.on('registered', () => {
    attempts = 0;
    phone.registration = 'registered';
    if (agent !== made) return;
    leaveFormer();
    void lookAfterCall();
  });
  made.on('disconnected', () => {
    if (agent === made) phone.registration = 'lost';
  });
  made.on('registrationFailed', ({ cause }) => {
    if (agent !== made) return;
    phone.registration = cause === JsSIP.C.causes.AUTHENTICATION_ERROR ? 'refused' : 'lost';
    again(() => renew().then((renewed) => void (renewed && agent === made && made.register())));
  });
  made.on('newRTCSession', adopt);
  return made;
}

/** Draws a login, for the first time or in time before the last one is over. @returns false: later, or never. */
async function renew(): Promise<boolean> {
  clearTimeout(renewal);
  const asked = sitting;
  try {
    const drawn = await ask<Login>('/me/phone', { method: 'POST' });
    if (asked !== sitting) return false;
    login = drawn;
  } catch (error) {
    if (asked !== sitting) return false;
    const elsewhere = error instanceof Refused && (error.code === 'PHONE_ELSEWHERE' || error.code === 'NO_SEAT');
    const later = !(error instanceof Refused) || error.status === 429 || error.status >= 500;
    if (elsewhere) phone.registration = 'elsewhere';
    else if (later) again(() => (agent === undefined ? restart() : renew()));
    return false;
  }
  if (login.address === address) {
    agent?.set('authorization_user', login.username);
    agent?.set('ha1', login.ha1);
  } else move();
  renewal = setTimeout(() => void renew(), (login.expiresAtMs - login.nowMs) / 2);
  return true;
}

/** To a new address of record, between two calls. One that never got there gives way, and the one before it stays until one does. */
function move(): void {
  if (agent === undefined || login === undefined || session !== undefined || login.address === address) return;
  if (formerAgent === undefined) formerAgent = agent;
  else agent.stop();
  agent = createAgent(login);
  agent.start();
}

/** To stop a telephone is to end its call. */
function leaveFormer(): void {
  if (session !== undefined || agent?.isRegistered() !== true) return;
  formerAgent?.stop();
  formerAgent = undefined;
}

async function restart(): Promise<void> {
  phone.registration = 'off';
  await startPhone();
}

/** Each time after a random part of a growing pause. */
function again(work: () => Promise<unknown>): void {
  clearTimeout(renewal);
  const pauseMs = Math.random() * Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** attempts);
  attempts += 1;
  renewal = setTimeout(() => void work(), pauseMs);
}

function adopt(event: IncomingRTCSessionEvent | OutgoingRTCSessionEvent): void {
  if (event.originator !== 'remote') return take(event.session, '', 'outgoing');
  const { session: arrived, request } = event;
  const contact = contactOf(request);
  if (isResumed(request, keptContact())) return take(arrived, contact, 'resumed');
  if (phone.leaving) return arrived.terminate({ status_code: 486 });
  const placed = phone.placing && answersByItself(request);
  const how = phone.expected !== '' && contact === phone.expected ? 'expected' : placed ? 'placed' : 'offered';
  if (session === undefined) take(arrived, contact, how);
  else void takeAfter(session, arrived, () => take(arrived, contact, how));
}

/** One call at a time. The switch offers a second one to a seat only when the first has ended, and this page, which slept, has not heard so. */
async function takeAfter(former: RTCSession, arrived: RTCSession, then: () => void): Promise<void> {
  const over = former.isEnded() || (await askAfter(former)) === 'gone';
  if (arrived.isEnded()) return;
  if (over && session === former && !former.isEnded()) former.terminate();
  if (session !== undefined) return arrived.terminate({ status_code: 486 });
  then();
}

/** The call's end may have been said while the way here was lost. Of one that rings the next call asks: not every switch knows it by its answer yet. */
async function lookAfterCall(): Promise<void> {
  const asked = session;
  if (asked === undefined || phone.line !== 'talking' || agent?.isConnected() !== true) return;
  const found = await askAfter(asked);
  if (session !== asked) return;
  if (found === 'gone' && !asked.isEnded()) asked.terminate();
  // Whom nobody could ask is asked again once registered.
  else if (found === 'there' || agent?.isConnected() === true) phone.doubted = false;
}

/** Whether the server knows of a call here; the switch has the word. */
export function doubtCall(doubted: boolean): void {
  phone.doubted = doubted && session !== undefined;
  if (doubted) void lookAfterCall();
}

/** `outgoing`: to the echo number. All but what is offered is answered by itself. */
function take(
  arrived: RTCSession,
  contact: string,
  how: 'outgoing' | 'resumed' | 'expected' | 'placed' | 'offered',
): void {
  const former = session;
  session = arrived;
  inContact = contact;
  if (former !== undefined && !former.isEnded()) former.terminate();
  const outgoing = how === 'outgoing';
  Object.assign(phone, {
    ...{ line: outgoing ? 'dialling' : 'ringing', echo: outgoing, held: false, muted: false, toHold: false },
    ...{
      doubted: false,
      keys: '',
      failure: '',
      sinceMs: Date.now(),
      resuming: !outgoing && how !== 'offered',
      placing: false,
    },
    ...(how === 'expected' ? { supervised: phone.expected, expected: '' } : {}),
  });
  if (how === 'resumed') quietAgain(arrived, keptQuiet(contact));
  else keepQuiet(contact, { held: false, muted: false });
  follow(arrived);
  if (phone.resuming) answer();
}

/** As it was before its leg was lost. Who was kept from hearing is so from the first moment: muted until the music plays. */
function quietAgain(arrived: RTCSession, { held, muted }: Quiet): void {
  wasMuted = muted;
  phone.toHold = held;
  if (held || muted) muteFromTheStart(arrived);
}

/** The two are joined again: only now the switch gives the other side music. */
export function holdAgain(): void {
  const resumed = session;
  if (resumed === undefined || !phone.toHold || phone.line !== 'talking') return;
  wishHold(resumed, true, () => {
    if (!wasMuted) resumed.unmute({ audio: true });
  });
}

function follow(arrived: RTCSession): void {
  arrived.on('accepted', () => {
    Object.assign(phone, { line: 'talking', sinceMs: Date.now(), resuming: false });
  });
  // Held from here; the switch holds the seat, too, and says so by the live socket.
  const became = (now: Partial<Quiet & { toHold: boolean }>): void => {
    if (session !== arrived) return;
    Object.assign(phone, now);
    if (inContact !== '') keepQuiet(inContact, { held: phone.held || phone.toHold, muted: phone.muted });
  };
  arrived.on('hold', ({ originator }) => void (originator === 'local' && became({ held: true, toHold: false })));
  arrived.on('unhold', ({ originator }) => void (originator === 'local' && became({ held: false })));
  arrived.on('muted', () => became({ muted: true }));
  arrived.on('unmuted', () => became({ muted: false }));
  const over = ({ cause }: { cause?: string }): void => {
    if (session !== arrived) return;
    session = undefined;
    loudspeaker.srcObject = null;
    const failed = cause === JsSIP.C.causes.USER_DENIED_MEDIA_ACCESS || cause === JsSIP.C.causes.WEBRTC_ERROR;
    Object.assign(phone, { line: 'idle', echo: false, doubted: false, held: false, muted: false, toHold: false });
    phone.failure = failed ? cause : '';
    phone.supervised = '';
    if (phone.leaving) return stopPhone();
    leaveFormer();
    move();
  };
  arrived.on('ended', over);
  arrived.on('failed', over);
  if (arrived.connection) hear(arrived, arrived.connection);
  else arrived.on('peerconnection', ({ peerconnection }) => hear(arrived, peerconnection));
}

function hear(arrived: RTCSession, connection: RTCPeerConnection): void {
  keepWay(arrived, connection, () => session === arrived && agent?.isConnected() === true);
  connection.addEventListener('track', ({ streams, track }) => {
    loudspeaker.srcObject = streams[0] ?? new MediaStream([track]);
    if (choices.speaker !== '') void loudspeaker.setSinkId?.(choices.speaker).catch(() => undefined);
    void loudspeaker.play().catch(() => undefined);
  });
}

const media = () => ({ mediaConstraints: { audio: microphoneWish(), video: false }, pcConfig: { iceServers: [] } });

export function answer(): void {
  // Once: the line rings on until the microphone is open.
  if (session === undefined || phone.line !== 'ringing' || !session.isInProgress()) return;
  session.answer(media());
}

/** Ends the call, or declines it. */
export function hangUp(): void {
  if (session === undefined || session.isEnded() || phone.doubted) return;
  session.terminate(phone.line === 'ringing' ? { status_code: 486 } : {});
}

/** The last wish counts, however soon it comes after another. */
export function toggleHold(): void {
  if (session === undefined || phone.line !== 'talking' || phone.doubted) return;
  if (phone.toHold) return holdAgain();
  wishHold(session, !willBeHeld(session));
}

export function toggleMute(): void {
  if (session === undefined || phone.line !== 'talking') return;
  if (phone.muted) session.unmute({ audio: true });
  else session.mute({ audio: true });
}

/** A key, as telephone-event (RFC 4733). */
export function press(key: string): void {
  if (session === undefined || phone.line !== 'talking' || phone.doubted || !/^[0-9*#]$/.test(key)) return;
  session.sendDTMF(key, { transportType: JsSIP.C.DTMF_TRANSPORT.RFC2833, duration: 120, interToneGap: 80 });
  phone.keys = (phone.keys + key).slice(-24);
}

export function callEcho(): void {
  if (agent === undefined || login === undefined || session !== undefined) return;
  agent.call(`sip:${login.echoNumber}@${login.realm}`, { ...media(), sessionTimersExpires: SESSION_S });
}
