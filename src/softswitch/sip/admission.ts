import { networkOf } from '../../lib/network-of.ts';
import type { State } from './state.ts';

/** What is remembered about a source: an IPv4 address, or the network of an IPv6 subscriber, who has more addresses than could be guessed from. */
export interface Source {
  /** Token bucket for INVITE. */
  tokens: number;
  refilledAtMs: number;
  failures: number;
  failuresSinceMs: number;
  bannedUntilMs: number;
  bans: number;
}

export interface Admission {
  /** By `sourceKey`. */
  readonly sources: Map<string, Source>;
  /** Highest nc used with a nonce. Only nonces that were used well are here. */
  readonly nonces: Map<string, { readonly nc: number; readonly atMs: number }>;
}

export const SOURCES_MAX = 10_000;
export const NONCES_MAX = 10_000;
/** INVITEs a second, and how many at once. */
export const TRUNK_RATE = { perSecond: 50, burst: 100 };
export const OTHER_RATE = { perSecond: 1, burst: 5 };
export const FAILURES_MAX = 5;
export const FAILURE_WINDOW_MS = 60_000;
/** How long a source that guesses passwords is not heard; the last value repeats. */
const BAN_LADDER_MS = [10, 60, 6 * 60, 24 * 60].map((minutes) => minutes * 60_000);

export function emptyAdmission(): Admission {
  return { sources: new Map(), nonces: new Map() };
}

/** A trunk stands for itself: who guesses beside it in its network takes nothing from it. */
function sourceKey(state: State, ip: string): string {
  return state.options.trunkOf(ip) === undefined ? networkOf(ip) : ip;
}

function sourceOf(state: State, ip: string, nowMs: number): Source {
  const { sources } = state.admission;
  const key = sourceKey(state, ip);
  const known = sources.get(key);
  if (known !== undefined) return known;
  if (sources.size >= SOURCES_MAX) forgetOne(sources, nowMs);
  const made = {
    tokens: Number.NaN,
    refilledAtMs: nowMs,
    failures: 0,
    failuresSinceMs: nowMs,
    bannedUntilMs: 0,
    bans: 0,
  };
  sources.set(key, made);
  return made;
}

/** The one known longest goes, one that is not banned if the first few hold any. */
function forgetOne(sources: Map<string, Source>, nowMs: number): void {
  let seen = 0;
  for (const [key, source] of sources) {
    if (source.bannedUntilMs <= nowMs || ++seen > 16) {
      sources.delete(key);
      return;
    }
  }
}

/** May this source send one more INVITE now? */
export function takeToken(state: State, ip: string, rate: typeof TRUNK_RATE, nowMs: number): boolean {
  const source = sourceOf(state, ip, nowMs);
  const had = Number.isNaN(source.tokens) ? rate.burst : source.tokens;
  const gained = (Math.max(0, nowMs - source.refilledAtMs) / 1_000) * rate.perSecond;
  source.tokens = Math.min(rate.burst, had + gained);
  source.refilledAtMs = nowMs;
  if (source.tokens < 1) return false;
  source.tokens -= 1;
  return true;
}

export function isBanned(state: State, ip: string, nowMs: number): boolean {
  return (state.admission.sources.get(sourceKey(state, ip))?.bannedUntilMs ?? 0) > nowMs;
}

/** A wrong password. A trunk is never banned: that would cut the hotline off. */
export function countFailure(state: State, ip: string, nowMs: number): void {
  if (state.options.trunkOf(ip) !== undefined) return;
  const source = sourceOf(state, ip, nowMs);
  if (nowMs - source.failuresSinceMs > FAILURE_WINDOW_MS) {
    source.failures = 0;
    source.failuresSinceMs = nowMs;
  }
  source.failures += 1;
  if (source.failures < FAILURES_MAX) return;
  source.bannedUntilMs = nowMs + BAN_LADDER_MS[Math.min(source.bans, BAN_LADDER_MS.length - 1)]!;
  source.bans += 1;
  source.failures = 0;
}

/** False when this nc was used with this nonce before: a replay. */
export function useNonce(state: State, nonce: string, nc: number, nowMs: number): boolean {
  const { nonces } = state.admission;
  const used = nonces.get(nonce);
  if (used !== undefined && nc <= used.nc) return false;
  for (const [old, { atMs }] of nonces) {
    if (nowMs - atMs <= FAILURE_WINDOW_MS && nonces.size < NONCES_MAX) break;
    nonces.delete(old);
  }
  nonces.delete(nonce);
  nonces.set(nonce, { nc, atMs: nowMs });
  return true;
}
