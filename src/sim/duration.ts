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
  return u < 0.02425 ? tailQuantile(Math.sqrt(-2 * Math.log(u))) : middleQuantile(u - 0.5);
}

function middleQuantile(q: number): number {
  const r = q * q;
  const above =
    ((((-3.969683028665376e1 * r + 2.209460984245205e2) * r - 2.759285104469687e2) * r + 1.38357751867269e2) * r -
      3.066479806614716e1) *
      r +
    2.506628277459239;
  const below =
    ((((-5.447609879822406e1 * r + 1.615858368580409e2) * r - 1.556989798598866e2) * r + 6.680131188771972e1) * r -
      1.328068155288572e1) *
      r +
    1;
  return (q * above) / below;
}

function tailQuantile(q: number): number {
  const above =
    ((((-7.784894002430293e-3 * q - 3.223964580411365e-1) * q - 2.400758277161838) * q - 2.549732539343734) * q +
      4.374664141464968) *
      q +
    2.938163982698783;
  const below =
    (((7.784695709041462e-3 * q + 3.224671290700398e-1) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1;
  return above / below;
}
