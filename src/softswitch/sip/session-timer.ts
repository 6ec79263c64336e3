import { seconds } from './authenticate.ts';
import { startClient } from './client-transaction.ts';
import { clearTimer, type Dialog, dialogFlow, requestIn, setTimer } from './dialog.ts';
import { bye, over } from './hang-up.ts';
import { type Header, header, headerOf, type RequestIn, type ResponseIn, tokensOf } from './message.ts';
import { startOffer } from './offer.ts';
import type { State } from './state.ts';

/** RFC 4028. */
export const SESSION_S = 1_800;
export const SESSION_S_MIN = 90;
const SESSION_S_MAX = 86_400;
const RETRY_MS = 10_000;

export interface SessionTimer {
  readonly intervalMs: number;
  readonly weRefresh: boolean;
  readonly expiresAtMs: number;
  /** The least that the peer's 422 named; our next request asks for no less. */
  readonly leastS: number;
}

interface SessionExpires {
  readonly s: number;
  readonly refresher: string | undefined;
}

function readSessionExpires(message: RequestIn | ResponseIn): SessionExpires | undefined {
  const [text, ...parameters] = (headerOf(message, 'Session-Expires') ?? '').split(';');
  const s = seconds(text);
  if (s === undefined) return undefined;
  const refresher = parameters.map((part) => /^\s*refresher\s*=\s*(uac|uas)\s*$/i.exec(part)?.[1]).find(Boolean);
  return { s, refresher: refresher?.toLowerCase() };
}

/** What our INVITE, re-INVITE or UPDATE asks for. */
export function askHeaders(s: number, minS = SESSION_S_MIN): Header[] {
  return [header('Session-Expires', `${s};refresher=uac`), header('Min-SE', minS)];
}

/** The same within a call. */
export function askAgainHeaders(dialog: Dialog): Header[] {
  const leastS = dialog.timer?.leastS ?? SESSION_S_MIN;
  return askHeaders(Math.max((dialog.timer?.intervalMs ?? SESSION_S * 1_000) / 1_000, leastS), leastS);
}

/** Their 422 within a call: true when the next request asks for more than the last. */
export function raiseInterval(dialog: Dialog, response: ResponseIn): boolean {
  const leastS = seconds(headerOf(response, 'Min-SE'));
  const { timer } = dialog;
  if (timer === undefined || leastS === undefined || leastS <= timer.leastS || leastS > SESSION_S_MAX) return false;
  dialog.timer = { ...timer, leastS };
  return true;
}

/** §9: a peer that knows the timer and wants it too short is told the least. */
export function isTooShort(request: RequestIn): boolean {
  const asked = readSessionExpires(request);
  return asked !== undefined && asked.s < SESSION_S_MIN && tokensOf(request, 'Supported').includes('timer');
}

/** Starts the timer that this request of theirs asks for, and returns what our 2xx says of it. */
export function agreeAsServer(state: State, dialog: Dialog, request: RequestIn, nowMs: number): Header[] {
  const asked = readSessionExpires(request);
  const knows = tokensOf(request, 'Supported').includes('timer');
  const least = Math.min(seconds(headerOf(request, 'Min-SE')) ?? SESSION_S_MIN, SESSION_S_MAX);
  const s = Math.max(SESSION_S_MIN, least, Math.min(asked?.s ?? SESSION_S, SESSION_S));
  const refresher = !knows ? 'uas' : (asked?.refresher ?? (asked === undefined ? 'uas' : 'uac'));
  startTimer(state, dialog, s, refresher === 'uas', nowMs);
  return [
    header('Session-Expires', `${s};refresher=${refresher}`),
    ...(refresher === 'uac' ? [header('Require', 'timer')] : []),
  ];
}

/** After a 2xx to a request of ours. A peer without the timer is refreshed by us all the same: that is how its death is noticed. */
export function agreeAsClient(state: State, dialog: Dialog, response: ResponseIn, nowMs: number): void {
  const agreed = readSessionExpires(response);
  const s = Math.max(SESSION_S_MIN, Math.min(agreed?.s ?? SESSION_S, SESSION_S_MAX));
  startTimer(state, dialog, s, agreed?.refresher !== 'uas', nowMs);
}

function startTimer(state: State, dialog: Dialog, s: number, weRefresh: boolean, nowMs: number): void {
  const intervalMs = s * 1_000;
  const leastS = dialog.timer?.leastS ?? SESSION_S_MIN;
  dialog.timer = { intervalMs, weRefresh, expiresAtMs: nowMs + intervalMs, leastS };
  const wait = weRefresh ? intervalMs / 2 : intervalMs - Math.min(32_000, intervalMs / 3);
  setTimer(state, dialog, 'session', nowMs + wait, (firedMs) => fire(state, dialog, firedMs));
}

function fire(state: State, dialog: Dialog, nowMs: number): void {
  const { timer } = dialog;
  if (timer === undefined || dialog.stage !== 'confirmed') return;
  if (!timer.weRefresh || nowMs >= timer.expiresAtMs) return expire(state, dialog, nowMs);
  setTimer(state, dialog, 'session', Math.min(nowMs + RETRY_MS, timer.expiresAtMs), (firedMs) =>
    fire(state, dialog, firedMs),
  );
  if (dialog.ourOffer !== undefined || dialog.theirOffer !== undefined || dialog.unacknowledged !== undefined) return;
  if (dialog.peerTakesUpdate || dialog.localSdp === undefined) return update(state, dialog, timer, nowMs);
  startOffer(state, dialog, { sdp: dialog.localSdp, refresh: true }, nowMs);
}

function expire(state: State, dialog: Dialog, nowMs: number): void {
  bye(state, dialog, { by: 'timeout' }, undefined, nowMs);
}

function update(state: State, dialog: Dialog, timer: SessionTimer, nowMs: number): void {
  const headers = [header('Supported', 'timer'), ...askAgainHeaders(dialog)];
  clearTimer(state, dialog, 'session');
  const resume = (atMs: number) =>
    setTimer(state, dialog, 'session', Math.min(atMs + RETRY_MS, timer.expiresAtMs), (firedMs) =>
      fire(state, dialog, firedMs),
    );
  resume(nowMs + RETRY_MS * 3);
  startClient(
    state,
    requestIn(state, dialog, 'UPDATE', { headers }),
    dialogFlow(dialog),
    {
      response: (response, atMs) => {
        if (dialog.stage !== 'confirmed' || response.status < 200) return;
        if (response.status < 300) return agreeAsClient(state, dialog, response, atMs);
        if (response.status === 408 || response.status === 481) {
          return over(state, dialog, { by: 'peer', status: response.status }, atMs);
        }
        if (response.status === 422) raiseInterval(dialog, response);
        if (response.status === 405 || response.status === 501) dialog.peerTakesUpdate = false;
        resume(atMs);
      },
      failed: (status, atMs) => {
        if (dialog.stage === 'confirmed') bye(state, dialog, { by: 'timeout', status }, undefined, atMs);
      },
    },
    nowMs,
  );
}
