import type { RTCSession } from 'jssip/lib/RTCSession';
import type { UA } from 'jssip/lib/UA';
import type { CallWords } from '../language/call-zh.ts';
import { keepWay } from '../phone/keep-way.ts';

export type Problem = keyof CallWords['problem'];

/** The one call of this page, as it stands. */
export interface Telephone {
  state: 'idle' | 'asking' | 'connecting' | 'talking' | 'ended';
  problem: Problem | undefined;
  /** With `throttled`. */
  retryAfterS: number;
  /** The talk began, by this computer's clock. */
  sinceMs: number;
  muted: boolean;
  /** Keys sent. */
  keys: string;
}

/** What `POST /api/v1/web-calls` gives: good for one call. */
interface Ticket {
  readonly number: string;
  readonly realm: string;
  readonly username: string;
  readonly ha1: string;
  readonly ws: { readonly port: number; readonly secure: boolean };
}

type Library = typeof import('jssip');

const CONNECT_MS_MAX = 15_000;
const KEYS_SHOWN = 24;

export const telephone: Telephone = {
  ...{ state: 'idle', problem: undefined, retryAfterS: 0, sinceMs: 0, muted: false, keys: '' },
};

let changed: () => void = () => undefined;
/** Calls begun, those given up among them. */
let attempts = 0;
let sip: Library | undefined;
let agent: UA | undefined;
let session: RTCSession | undefined;
let microphone: MediaStream | undefined;
const loudspeaker = new Audio();
loudspeaker.autoplay = true;

export function onChange(listener: () => void): void {
  changed = listener;
}

function set(news: Partial<Telephone>): void {
  Object.assign(telephone, news);
  changed();
}

function isStill(state: Telephone['state']): boolean {
  return telephone.state === state;
}

/** Asks for the microphone, then for a ticket, then calls. `number`: another line of the hotline than the main one; `beside`: token of a chat. */
export async function call(number: string | undefined, beside?: string): Promise<void> {
  if (telephone.state !== 'idle' && telephone.state !== 'ended') return;
  set({ state: 'asking', problem: undefined, muted: false, keys: '' });
  const mine = ++attempts;
  const opened = await openMicrophone();
  // Given up meanwhile.
  if (mine !== attempts || !isStill('asking')) return stop(opened);
  if (typeof opened === 'string') return over(opened);
  microphone = opened;
  set({ state: 'connecting' });
  try {
    const [ticket, { default: library }] = await Promise.all([drawTicket(number, beside), import('jssip')]);
    if (ticket !== undefined && microphone === opened) dial(ticket, library);
  } catch {
    if (microphone === opened) over('away');
  }
}

function stop(opened: MediaStream | Problem | undefined): void {
  if (opened instanceof MediaStream) for (const track of opened.getTracks()) track.stop();
}

async function openMicrophone(): Promise<MediaStream | Problem> {
  if (navigator.mediaDevices === undefined) return 'insecure';
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    const { name } = error as DOMException;
    if (name === 'NotAllowedError' || name === 'SecurityError') return 'microphoneRefused';
    return name === 'NotFoundError' ? 'microphoneMissing' : 'microphoneBusy';
  }
}

/** @returns undefined when there is none; the page says why. */
async function drawTicket(number: string | undefined, beside: string | undefined): Promise<Ticket | undefined> {
  const answer = await fetch('/api/v1/web-calls', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(beside === undefined ? {} : { authorization: `Bearer ${beside}` }),
    },
    body: JSON.stringify(number === undefined ? {} : { number }),
  });
  if (answer.ok) return (await answer.json()) as Ticket;
  // The conversation is over: a call like any other.
  if (answer.status === 401 && beside !== undefined) return drawTicket(number, undefined);
  const { code = '' } = (await answer.json().catch(() => ({}))) as { code?: string };
  const problems: Readonly<Record<string, Problem>> = {
    WEB_CALL_THROTTLED: 'throttled',
    WEB_CALLS_FULL: 'full',
    NOT_FOUND: 'closed',
  };
  over(problems[code] ?? 'away', Number(answer.headers.get('retry-after') ?? 0));
  return undefined;
}

function dial({ number, realm, username, ha1, ws }: Ticket, JsSIP: Library): void {
  sip = JsSIP;
  const socket = new JsSIP.WebSocketInterface(`${ws.secure ? 'wss' : 'ws'}://${location.hostname}:${ws.port}`);
  const made: UA = new JsSIP.UA({
    sockets: [socket],
    uri: `sip:${username}@${realm}`,
    ...{ authorization_user: username, realm, ha1, register: false, session_timers: true, user_agent: 'Minhu page' },
    ...{ connection_recovery_min_interval: 1, connection_recovery_max_interval: 5 },
  });
  agent = made;
  // A call that was given up does not end the one after it.
  const tooLate = setTimeout(() => agent === made && over('away'), CONNECT_MS_MAX);
  made.on('connected', () => {
    if (session !== undefined || agent !== made || microphone === undefined) return;
    session = made.call(`sip:${number}@${realm}`, { mediaStream: microphone, pcConfig: { iceServers: [] } });
    follow(session, () => clearTimeout(tooLate));
  });
  made.start();
}

function follow(made: RTCSession, answered: () => void): void {
  made.on('accepted', () => {
    answered();
    set({ state: 'talking', sinceMs: Date.now() });
  });
  made.on('ended', ({ originator, cause }) => {
    over(originator !== 'local' && cause !== 'Terminated' ? 'lost' : undefined);
  });
  made.on('failed', ({ message, cause }) => {
    answered();
    const status = (message as { status_code?: number } | null)?.status_code;
    over(status === 503 ? 'full' : cause === 'Canceled' ? undefined : 'away');
  });
  if (made.connection) keepWay(made, made.connection, () => session === made && agent?.isConnected() === true);
  made.on('muted', () => set({ muted: true }));
  made.on('unmuted', () => set({ muted: false }));
  made.connection?.addEventListener('track', ({ streams, track }) => {
    loudspeaker.srcObject = streams[0] ?? new MediaStream([track]);
    void loudspeaker.play().catch(() => undefined);
  });
}

/** Whatever was opened is closed; a second time changes nothing. */
function over(problem: Problem | undefined, retryAfterS = 0): void {
  if (telephone.state === 'ended' || telephone.state === 'idle') return;
  const [formerAgent, formerSession] = [agent, session];
  [agent, session] = [undefined, undefined];
  if (formerSession !== undefined && !formerSession.isEnded()) formerSession.terminate();
  formerAgent?.stop();
  stop(microphone);
  microphone = undefined;
  loudspeaker.srcObject = null;
  set({ state: 'ended', problem, retryAfterS });
}

export function hangUp(): void {
  over(undefined);
}

export function toggleMute(): void {
  if (session === undefined || telephone.state !== 'talking') return;
  if (telephone.muted) session.unmute({ audio: true });
  else session.mute({ audio: true });
}

/** A key, as telephone-event (RFC 4733). */
export function press(key: string): void {
  if (sip === undefined || session === undefined || telephone.state !== 'talking' || !/^[0-9*#]$/.test(key)) return;
  session.sendDTMF(key, { transportType: sip.C.DTMF_TRANSPORT.RFC2833, duration: 160, interToneGap: 80 });
  set({ keys: (telephone.keys + key).slice(-KEYS_SHOWN) });
}
