const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
const TIME_MS_MAX = 3_600_000;

/** `500ms`, `10s`, `1.5m`; a bare number is seconds. At most an hour. */
export function readTimeMs(text: string): number | undefined {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m)?$/.exec(text);
  if (match === null) return undefined;
  const ms = Math.round(Number(match[1]) * UNIT_MS[match[2] ?? 's']!);
  return ms <= TIME_MS_MAX ? ms : undefined;
}

export interface Press {
  readonly keys: string;
  /** From the answer on. */
  readonly atMs: number;
}

/** `1@2s`, `12#@500ms`. */
export function readPress(text: string): Press | undefined {
  const match = /^([0-9*#A-D]{1,32})@(.+)$/.exec(text);
  const atMs = match === null ? undefined : readTimeMs(match[2]!);
  return match === null || atMs === undefined ? undefined : { keys: match[1]!, atMs };
}
