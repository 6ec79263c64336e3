import { isDeepStrictEqual } from 'node:util';
import { initialState, type State } from '../core/state.ts';
import type { Explained } from '../core/step.ts';
import { decide } from '../core/step.ts';
import { breather } from '../lib/breather.ts';
import { openDeaths } from './deaths.ts';
import type { Entry } from './entry.ts';
import { readJournalId } from './identity.ts';
import { listSegments, readEntries } from './segment.ts';
import { readSnapshot } from './snapshot.ts';

/** One entry as it was written, and as it is decided today. */
export interface Replayed {
  readonly entry: Entry;
  readonly decision: Explained;
}

export interface Span {
  /** The first entry that matters: earlier ones are decided again only when no snapshot spares it. */
  readonly fromSeq?: number;
  /** Pass the loop's `durableSeq` while it runs. */
  readonly untilSeq?: number;
}

export interface ReplayResult {
  readonly state: State;
  readonly entries: number;
  readonly differences: readonly Difference[];
}

/** Where today's rules decide otherwise than was decided then. */
export interface Difference {
  readonly seq: number;
  readonly written: Entry['commands'];
  readonly now: Entry['commands'];
}

const DIFFERENCES_MAX = 100;
const HOLD_MS = 5;

/**
 * Every entry of the journal, decided again from the oldest state that is left: the first entry, or the oldest snapshot when earlier
 * segments are removed. Reads only; safe beside a running hotline (what is being written is left out).
 */
export async function* replayed(folder: string, why = false, span: Span = {}): AsyncGenerator<Replayed> {
  const state = await stateBefore(folder, span.fromSeq);
  const { leftOut } = openDeaths(folder);
  const breathe = breather(HOLD_MS);
  for await (const entry of readEntries(folder, state.seq + 1, span.untilSeq)) {
    if (leftOut.has(entry.seq)) continue;
    yield { entry, decision: decide(state, entry.event, entry.seq, why) };
    await breathe();
  }
}

/** The state that the replay need not decide again: the newest snapshot before `fromSeq`. */
async function stateBefore(folder: string, fromSeq: number | undefined): Promise<State> {
  const near = fromSeq === undefined ? undefined : await readSnapshot(folder, () => {}, 'newest', fromSeq);
  return near ?? (await oldestState(folder));
}

export async function replayFolder(folder: string, progress: (entries: number) => void): Promise<ReplayResult> {
  let state: State | undefined;
  let entries = 0;
  const differences: Difference[] = [];
  for await (const { entry, decision } of replayed(folder)) {
    state = decision.state;
    entries += 1;
    if (!sameCommands(entry.commands, decision.commands) && differences.length < DIFFERENCES_MAX) {
      differences.push({ seq: entry.seq, written: entry.commands, now: decision.commands });
    }
    if (entries % 10_000 === 0) progress(entries);
  }
  return { state: state ?? (await oldestState(folder)), entries, differences };
}

export function sameCommands(a: Entry['commands'], b: Entry['commands']): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
}

async function oldestState(folder: string): Promise<State> {
  const first = (await listSegments(folder))[0];
  if (first === undefined || first.firstSeq <= 1) return initialState(await readJournalId(folder));
  const snapshot = await readSnapshot(folder, () => {}, 'oldest');
  return snapshot ?? initialState(await readJournalId(folder));
}
