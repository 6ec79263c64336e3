/**
 * When things reach the wire. Smooth: at once. Rough: after a seeded delay, in order within a lane and in any order between lanes;
 * that is all that FreeSWITCH promises too.
 */
export interface Pace {
  /** Runs `work`, never before earlier work of the same lane. */
  run(lane: string, work: () => void): void;
  /** How long a timer of this length really takes: FreeSWITCH's whole-second timers fire up to 1 s early. */
  timerMs(ms: number): number;
  /** Lets everything out now, in order. */
  flush(): void;
}

export function createSmoothPace(): Pace {
  return { run: (_lane, work) => work(), timerMs: (ms) => ms, flush: () => {} };
}

const DELAY_MS_MAX = 60;
const EARLY_MS_MAX = 1000;

interface Lane {
  readonly waiting: Array<() => void>;
  timer: NodeJS.Timeout;
}

export function createRoughPace(seed: number): Pace {
  const draw = createDraw(seed);
  const lanes = new Map<string, Lane>();
  const delay = (): number => Math.floor(draw() * (DELAY_MS_MAX + 1));

  function release(name: string): void {
    const lane = lanes.get(name);
    const work = lane?.waiting.shift();
    if (lane === undefined || work === undefined) return;
    if (lane.waiting.length === 0) lanes.delete(name);
    else lane.timer = setTimeout(() => release(name), Math.floor(delay() / 4));
    work();
  }

  return {
    run(name, work) {
      const lane = lanes.get(name);
      if (lane !== undefined) lane.waiting.push(work);
      else lanes.set(name, { waiting: [work], timer: setTimeout(() => release(name), delay()) });
    },
    timerMs: (ms) => (ms < EARLY_MS_MAX ? ms : Math.max(EARLY_MS_MAX / 2, ms - Math.floor(draw() * EARLY_MS_MAX))),
    flush() {
      for (const [name, lane] of [...lanes]) {
        clearTimeout(lane.timer);
        lanes.delete(name);
        for (const work of lane.waiting) work();
      }
    },
  };
}

/** Mulberry32: small, seeded, good enough to shake an order. 0 ≤ draw < 1. */
export function createDraw(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
