import type { RTCSession } from 'jssip/lib/RTCSession';

/** How an agent has kept a talk from the citizen's ears. */
export interface Quiet {
  readonly held: boolean;
  readonly muted: boolean;
}

const KEY = 'minhu.quiet';

/** This tab's talk is so, and is to be so again when its leg is built anew: after a reload, a sleep, a lost network. */
export function keepQuiet(contact: string, { held, muted }: Quiet): void {
  if (held || muted) sessionStorage.setItem(KEY, JSON.stringify({ contact, held, muted }));
  else sessionStorage.removeItem(KEY);
}

export function keptQuiet(contact: string): Quiet {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Partial<Quiet & { contact: string }>;
    if (kept.contact === contact) return { held: kept.held === true, muted: kept.muted === true };
  } catch {
    // What cannot be read was not ours.
  }
  return { held: false, muted: false };
}

/** Before the microphone's track has anywhere to go: the description of the way comes after the track and before the way. */
export function muteFromTheStart(session: RTCSession): void {
  session.once('sdp', () => session.mute({ audio: true }));
}
