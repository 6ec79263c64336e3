import type { ContactDetail, ExplainedEntry } from './contacts.ts';

/** What the time line may be narrowed to. `step` is what the switch was told: of each such wish a record follows. */
export const TOPICS = [
  'contact',
  'menu',
  'wait',
  'offer',
  'leg',
  'talk',
  'hold',
  'recording',
  'rating',
  'supervision',
  'agent',
  'step',
] as const;
export type Topic = (typeof TOPICS)[number];
/** Enough for whoever wants to know what happened, and why. */
const MAIN: ReadonlySet<string> = new Set(TOPICS.filter((topic) => topic !== 'step' && topic !== 'agent'));

/** The entries that say something of what is wanted. */
export function narrowed(entries: readonly ExplainedEntry[], whole: boolean): readonly ExplainedEntry[] {
  if (whole) return entries;
  return entries
    .map((entry) => ({ ...entry, decisions: entry.decisions.filter(({ topic }) => MAIN.has(topic)) }))
    .filter(({ decisions, offers }) => decisions.length > 0 || offers.length > 0);
}

export interface Waited {
  readonly queue: string;
  readonly fromMs: number;
  /** Undefined: it goes on. */
  readonly ms: number | undefined;
}

/** Each wait by itself: one that began after a talk that was cut off does not count the talk, though its place in the queue does. */
export function waitsOf({ waits }: Pick<ContactDetail, 'waits'>): readonly Waited[] {
  return waits.map(({ queue, startedAtMs, endedAtMs }) => ({
    queue,
    fromMs: startedAtMs,
    ms: endedAtMs === null ? undefined : endedAtMs - startedAtMs,
  }));
}

export interface Phase {
  readonly name: 'menu' | 'wait' | 'ring' | 'talk' | 'hold' | 'after';
  readonly fromMs: number;
  readonly ms: number;
  /** Of the whole, per cent. */
  readonly share: number;
}

/** What the contact's time went into, in order. */
export function phasesOf(detail: ContactDetail, nowMs: number): readonly Phase[] {
  const endMs = detail.closedAtMs ?? nowMs;
  const spans: { readonly name: Phase['name']; readonly fromMs: number; readonly toMs: number }[] = [];
  for (const { startedAtMs, endedAtMs } of detail.talks)
    spans.push({ name: 'talk', fromMs: startedAtMs, toMs: endedAtMs ?? endMs });
  for (const { madeAtMs, endedAtMs, result } of detail.offers) {
    // From the answer to the first word nobody waits in the queue any more.
    const talk = result === 'accepted' ? detail.talks.find(({ startedAtMs }) => startedAtMs >= madeAtMs) : undefined;
    spans.push({ name: 'ring', fromMs: madeAtMs, toMs: talk?.startedAtMs ?? endedAtMs ?? endMs });
  }
  for (const { startedAtMs, endedAtMs } of detail.waits)
    spans.push({ name: 'wait', fromMs: startedAtMs, toMs: endedAtMs ?? endMs });
  const cuts = [...new Set([detail.openedAtMs, endMs, ...spans.flatMap(({ fromMs, toMs }) => [fromMs, toMs])])]
    .filter((atMs) => atMs >= detail.openedAtMs && atMs <= endMs)
    .sort((a, b) => a - b);
  const phases: { name: Phase['name']; fromMs: number; ms: number }[] = [];
  for (const [at, fromMs] of cuts.slice(0, -1).entries()) {
    const name = nameAt(spans, fromMs, detail.queuedAtMs);
    const ms = cuts[at + 1]! - fromMs;
    const last = phases.at(-1);
    if (last?.name === name) last.ms += ms;
    else phases.push({ name, fromMs, ms });
  }
  const wholeMs = Math.max(1, endMs - detail.openedAtMs);
  return phases.map((phase) => ({ ...phase, share: (100 * phase.ms) / wholeMs }));
}

function nameAt(
  spans: readonly { readonly name: Phase['name']; readonly fromMs: number; readonly toMs: number }[],
  atMs: number,
  queuedAtMs: number | null,
): Phase['name'] {
  const found = spans.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
  if (found !== undefined) return found.name;
  return queuedAtMs === null || atMs < queuedAtMs ? 'menu' : 'after';
}
