/**
 * How long something takes, as it varies from case to case. `exponential` is what the Erlang formulas assume; `lognormal` is what talk times
 * of call centres look like (Brown et al. 2005); `fixed` is always the mean. A mean of Infinity: for ever.
 */
export interface Duration {
  readonly meanMs: number;
  readonly shape: 'fixed' | 'exponential' | 'lognormal';
}

export const ALWAYS: Duration = { meanMs: Infinity, shape: 'fixed' };

export const fixed = (meanMs: number): Duration => ({ meanMs, shape: 'fixed' });
export const exponential = (meanMs: number): Duration => ({ meanMs, shape: 'exponential' });

/** Standard deviation of the logarithm: a standard deviation of about 0.8 of the mean. */
const SIGMA = 0.7;

/** The duration that the share `u` (0..1) of all cases stays below. Whole ms. */
export function durationMs({ meanMs, shape }: Duration, u: number): number {
  if (meanMs === Infinity) return Infinity;
  switch (shape) {
    case 'fixed':
      return Math.round(meanMs);
    case 'exponential':
      return Math.round(-meanMs * Math.log1p(-u));
    case 'lognormal':
      return Math.round(meanMs * Math.exp(SIGMA * normalQuantile(u) - (SIGMA * SIGMA) / 2));
  }
}

/** Acklam's rational approximation of the normal distribution's inverse; relative error below 1.2e-9. */
function normalQuantile(u: number): number {
  return u > 0.5 ? -lowerQuantile(1 - u) : lowerQuantile(u);
}

function lowerQuantile(u: number): number {
  if (u < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(u));
    return polynomial(TAIL_ABOVE, q) / polynomial(TAIL_BELOW, q);
  }
  const q = u - 0.5;
  return (q * polynomial(MIDDLE_ABOVE, q * q)) / polynomial(MIDDLE_BELOW, q * q);
}

const MIDDLE_ABOVE = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
];
const MIDDLE_BELOW = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1,
];
const TAIL_ABOVE = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const TAIL_BELOW = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1];

function polynomial(factors: readonly number[], x: number): number {
  let value = 0;
  for (const factor of factors) value = value * x + factor;
  return value;
}
