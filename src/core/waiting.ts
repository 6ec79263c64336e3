import type { Foreseen, Offer, Stage, Wait } from './state.ts';

type Queue = Extract<Stage, { in: 'queue' }>;

/** The stage of who waits. Made here alone, with all that it may hold, so that it is one kind of record whatever is said meanwhile. */
export function waiting(
  wait: Wait,
  offer: Offer | null,
  announceAtMs: number,
  placeAtMs?: number,
  toldAtMs?: number,
): Queue {
  return { in: 'queue', wait, announceAtMs, placeAtMs, toldAtMs, offer };
}

export function withWait({ offer, announceAtMs, placeAtMs, toldAtMs }: Queue, wait: Wait): Queue {
  return waiting(wait, offer, announceAtMs, placeAtMs, toldAtMs);
}

export function withOffer({ wait, announceAtMs, placeAtMs, toldAtMs }: Queue, offer: Offer | null): Queue {
  return waiting(wait, offer, announceAtMs, placeAtMs, toldAtMs);
}

/** The same wait, further on in its plan or with another outlook. */
export function waitsOn(wait: Wait, step: number, headStartMs: number, foreseen: Foreseen | undefined): Wait {
  return {
    queue: wait.queue,
    enqueuedAtMs: wait.enqueuedAtMs,
    headStartMs,
    waitedBeforeMs: wait.waitedBeforeMs,
    plan: wait.plan,
    ungraded: wait.ungraded,
    messages: wait.messages,
    step,
    lastAgent: wait.lastAgent,
    returnTo: wait.returnTo,
    foreseen,
  };
}
