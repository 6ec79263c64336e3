import { Chance } from './chance.ts';
import { type Duration, durationMs } from './duration.ts';
import { playLine } from './line.ts';
import type { Caller, Callers, Phones, Pickup } from './people.ts';

const TALK = 'talk';
const PATIENCE = 'patience';

/** The calls of one day as somebody expects them. Shares of `choices` need not add up to one: they are weights, as are those of `profile`. */
export interface Demand {
  readonly startMs: number;
  readonly lengthMs: number;
  /** Exactly so many calls come. */
  readonly calls: number;
  /** Weights of equally long parts of the day. */
  readonly profile: readonly number[];
  readonly choices: readonly Choice[];
  readonly patience: Duration;
}

/** One kind of caller: the number dialled and the keys pressed. */
export interface Choice {
  readonly weight: number;
  readonly dialled: string;
  readonly keys: readonly string[];
  readonly talk: Duration;
  readonly wrapUp: Duration;
}

export interface PickupHabits {
  /** From the first ring to the answer. */
  readonly after: Duration;
  /** Shares of offers, 0..1. */
  readonly declined: number;
  readonly missed: number;
}

/**
 * The callers of one day. Their number is the one expected; their moments are those of a Poisson process with the profile's rate, given that
 * number. Talk, notes and patience are drawn evenly over their distributions, so that two seeds differ by the order of events alone.
 */
export function drawCallers(demand: Demand, seed: number): Callers {
  return new DrawnCallers(demand, seed);
}

/** What was drawn is kept as numbers; who calls is made of them when it is their turn. */
class DrawnCallers implements Callers {
  readonly #demand: Demand;
  readonly #bounds: readonly number[];
  readonly #moments: Float64Array;
  readonly #talk: Float64Array;
  readonly #wrapUp: Float64Array;
  readonly #patience: Float64Array;
  readonly #kind: Float64Array;
  readonly #ender: Float64Array;

  constructor(demand: Demand, seed: number) {
    const { calls, choices } = demand;
    this.#demand = demand;
    this.#bounds = cumulated(choices.map(({ weight }) => weight));
    this.#moments = drawMoments(demand, seed);
    this.#talk = new Chance(seed, TALK).spread(calls);
    this.#wrapUp = new Chance(seed, 'wrap-up').spread(calls);
    this.#patience = new Chance(seed, PATIENCE).spread(calls);
    this.#kind = new Chance(seed, 'choice').spread(calls);
    this.#ender = new Chance(seed, 'ender').units(calls);
  }

  get length(): number {
    return this.#demand.calls;
  }

  at(nth: number): Caller | undefined {
    const atMs = this.#moments[nth];
    if (atMs === undefined) return undefined;
    const { choices, patience } = this.#demand;
    const choice = choices[placeIn(this.#bounds, this.#kind[nth]!)]!;
    return {
      from: mobile(nth),
      dialled: choice.dialled,
      atMs,
      keys: choice.keys,
      keyAfterMs: 0,
      menuPatienceMs: Infinity,
      patienceMs: durationMs(patience, this.#patience[nth]!),
      talkMs: durationMs(choice.talk, this.#talk[nth]!),
      talkEndedBy: this.#ender[nth]! < 0.7 ? 'citizen' : 'agent',
      wrapUpMs: durationMs(choice.wrapUp, this.#wrapUp[nth]!),
    };
  }

  *[Symbol.iterator](): IterableIterator<Caller> {
    for (let nth = 0; nth < this.length; nth++) yield this.at(nth)!;
  }
}

/** 13800000000 and on. In two parts, since whole numbers are read out fast only up to 2³¹. */
function mobile(nth: number): string {
  return `138${(100_000_000 + nth).toString().slice(1)}`;
}

/** The share answered within 15 s, by seats that are all alike, of the callers that this seed draws; only the first choice counts. */
export function drawnServiceLevel(demand: Demand, seed: number, seats: number): number {
  const { talk } = demand.choices[0]!;
  const talks = new Chance(seed, TALK).spread(demand.calls);
  const patience = new Chance(seed, PATIENCE).spread(demand.calls);
  const { answeredWithin15 } = playLine(
    seats,
    drawMoments(demand, seed),
    (nth) => durationMs(talk, talks[nth]!),
    (nth) => durationMs(demand.patience, patience[nth]!),
  );
  return answeredWithin15 / demand.calls;
}

/** Drawn anew for each ring. */
export function drawPhones(habits: PickupHabits, seed: number): Phones {
  const chance = new Chance(seed, 'pickup');
  const { after, declined, missed } = habits;
  if (after.meanMs === 0 && declined === 0 && missed === 0) return () => AT_ONCE;
  return () => {
    const u = chance.unit();
    const afterMs = durationMs(after, chance.unit());
    if (u < declined) return { does: 'declines', afterMs };
    return u < declined + missed ? { does: 'nothing' } : { does: 'answers', afterMs };
  };
}

const AT_ONCE: Pickup = { does: 'answers', afterMs: 0 };

function drawMoments({ startMs, lengthMs, calls, profile }: Demand, seed: number): Float64Array {
  const chance = new Chance(seed, 'arrivals');
  const bounds = cumulated(profile);
  const partMs = lengthMs / profile.length;
  const moments = new Float64Array(calls);
  for (let nth = 0; nth < calls; nth++) {
    const part = placeIn(bounds, chance.unit());
    moments[nth] = startMs + Math.floor((part + chance.unit()) * partMs);
  }
  return moments.sort();
}

/** Shares of the whole up to and with each. */
function cumulated(weights: readonly number[]): number[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  return weights.map((weight) => {
    sum += weight;
    return sum / whole;
  });
}

function placeIn(bounds: readonly number[], u: number): number {
  let place = 0;
  while (place < bounds.length - 1 && u >= bounds[place]!) place += 1;
  return place;
}
