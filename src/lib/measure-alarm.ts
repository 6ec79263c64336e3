import type { Counts } from './measure-counts.ts';
import { MEASURES } from './measures.ts';

/** How a city watches over its connect rate (domain guide S0-008). */
export interface ConnectLimits {
  /** Below it a quarter of an hour raises an alarm. Whole per cent, 1..100. */
  readonly alarmPercent: number;
  /** What the city has promised itself: shown beside the figures. Whole per cent, 1..100. */
  readonly targetPercent: number;
  /** Fewer calls than this in a quarter of an hour say nothing about it. 1 or more. */
  readonly callsMin: number;
}

/** GB/T 33358-2016 asks for 95 %; Zhengzhou lives at 98 %. */
export const CONNECT_LIMITS: ConnectLimits = { alarmPercent: 95, targetPercent: 98, callsMin: 20 };

export interface ConnectFigure {
  readonly numerator: number;
  readonly denominator: number;
}

/** The figure that is too low, or undefined when it is not. Compared in whole numbers, before any rounding: 94.999 % is below 95 %. */
export function tooFewConnected(counts: Counts, limits: ConnectLimits): ConnectFigure | undefined {
  const [numerator, denominator] = MEASURES.connectRate.of(counts);
  if (denominator < limits.callsMin) return undefined;
  return numerator * 100 < denominator * limits.alarmPercent ? { numerator, denominator } : undefined;
}
