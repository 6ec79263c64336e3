import { fewest } from './fewest.ts';

/**
 * Formulas of the waiting line, for comparison beside a simulation. All are stable for thousands of seats: no factorial, no power, sums of
 * exponentials only relative to their largest.
 *
 * Erlang C (M/M/c): A. K. Erlang 1917. Erlang A (M/M/c+M): C. Palm 1957; the distribution of the wait after Baccelli and Hebuterne 1981, in
 * the form of Mandelbaum and Zeltyn, "Service engineering in action: the Palm/Erlang-A queue", 2007.
 */
export interface Load {
  /** Calls per ms. */
  readonly rate: number;
  /** Mean time that a call keeps an agent. */
  readonly ahtMs: number;
  readonly seats: number;
}

export interface Waiting {
  /** Share of all callers that an agent answers within the limit. */
  readonly serviceLevel: number;
  /** Mean wait of those who are answered; null when the line grows without end, or nobody is served. */
  readonly asaMs: number | null;
  /** Share that leaves before an agent answers. */
  readonly abandoned: number;
}

/** Offered traffic in erlang. */
export function erlangs({ rate, ahtMs }: Load): number {
  return rate * ahtMs;
}

/** Share of calls that find every seat taken, when none waits. */
export function erlangB(seats: number, traffic: number): number {
  let blocked = 1;
  for (let seat = 1; seat <= seats; seat++) blocked = (traffic * blocked) / (seat + traffic * blocked);
  return blocked;
}

/** Nobody leaves: with as much traffic as seats, or more, the line grows without end. */
export function erlangC(load: Load, withinMs: number): Waiting {
  const traffic = erlangs(load);
  const { seats, ahtMs } = load;
  if (traffic >= seats) return { serviceLevel: 0, asaMs: null, abandoned: 0 };
  const blocked = erlangB(seats, traffic);
  const waits = (seats * blocked) / (seats - traffic * (1 - blocked));
  const drainMs = ahtMs / (seats - traffic);
  return { serviceLevel: 1 - waits * Math.exp(-withinMs / drainMs), asaMs: waits * drainMs, abandoned: 0 };
}

const STEPS = 2_000;
/** e^-40 of the largest is nothing. */
const NEGLIGIBLE = 40;

/** Everybody leaves after an exponential time with this mean. */
export function erlangA(load: Load, patienceMs: number, withinMs: number): Waiting {
  if (patienceMs === Infinity) return erlangC(load, withinMs);
  const { rate, ahtMs, seats } = load;
  const drain = seats / ahtMs;
  // Logarithm of the density of the wait that a caller of endless patience would have, but for its scale.
  const log = (x: number): number => rate * patienceMs * -Math.expm1(-x / patienceMs) - drain * x;
  const peakMs = rate > drain ? patienceMs * Math.log(rate / drain) : 0;
  const peak = log(peakMs);
  let endMs = peakMs + 1 / drain;
  while (log(endMs) > peak - NEGLIGIBLE) endMs = peakMs + (endMs - peakMs) * 2;
  const density = (x: number): number => Math.exp(log(x) - peak);
  const stays = (x: number): number => Math.exp(-x / patienceMs);
  const all = integral(density, endMs);
  // Weight of finding a seat free, on the scale of the density: 1 / B(c-1) against rate times the integral.
  const free = Math.exp(-peak) / erlangB(seats - 1, erlangs(load)) / rate;
  if (free === Infinity) return { serviceLevel: 1, asaMs: 0, abandoned: 0 };
  const whole = free + all;
  const served = (free + integral((x) => density(x) * stays(x), endMs)) / whole;
  const inTime = (free + integral((x) => density(x) * stays(x), Math.min(withinMs, endMs))) / whole;
  const waited = integral((x) => x * density(x) * stays(x), endMs) / whole;
  return { serviceLevel: inTime, asaMs: served > 0 ? waited / served : null, abandoned: 1 - served };
}

/** From zero, by Simpson's rule. */
function integral(of: (x: number) => number, to: number): number {
  const width = to / STEPS;
  let sum = of(0) + of(to);
  for (let at = 1; at < STEPS; at++) sum += of(at * width) * (at % 2 === 0 ? 2 : 4);
  return (sum * width) / 3;
}

/** The fewest seats that reach the share in time; null when more than `SEATS_MAX` would not. */
export function seatsByErlang(
  load: Omit<Load, 'seats'>,
  patienceMs: number,
  withinMs: number,
  share: number,
): number | null {
  return fewest(
    load.rate * load.ahtMs,
    (seats) => erlangA({ ...load, seats }, patienceMs, withinMs).serviceLevel >= share,
  );
}
