import { initialState, type State } from '../../core/state.ts';
import { decodeState, encodeState } from '../../core/state-codec.ts';
import { step } from '../../core/step.ts';
import type { Entry } from '../../runtime/entry.ts';
import { decodeFrame, encodeFrame } from '../../runtime/frame.ts';

/** Where a journal is kept while the core dies and comes back. */
export interface Store {
  append(entry: Entry): void;
  /** The state keeps a snapshot whenever the store wants one. */
  saved(state: State): void;
  /** What a new process knows. */
  restore(): State | Promise<State>;
}

export const JOURNAL = '0123456789abcdef';
const SNAPSHOT_EVERY = 200;

/** The journal's own bytes and snapshots, in memory. Restoring decides everything again and must come to the same. */
export class MemoryStore implements Store {
  readonly #frames: Buffer[] = [];
  #snapshot: { readonly text: string; readonly frames: number } | null = null;

  append(entry: Entry): void {
    this.#frames.push(encodeFrame([entry]));
  }

  saved(state: State): void {
    const frames = this.#frames.length;
    if (frames - (this.#snapshot?.frames ?? 0) >= SNAPSHOT_EVERY) this.#snapshot = { text: encodeState(state), frames };
  }

  restore(): State {
    const state = this.#snapshot === null ? initialState(JOURNAL) : decodeState(this.#snapshot.text);
    return this.#replay(state, this.#snapshot?.frames ?? 0);
  }

  /** From the first entry on, without a snapshot. */
  replayAll(): State {
    return this.#replay(initialState(JOURNAL), 0);
  }

  #replay(state: State, from: number): State {
    for (const frame of this.#frames.slice(from)) {
      const entry = decodeFrame(frame, 0)!.entries[0]!;
      const commands = step(state, entry.event, entry.seq);
      if (JSON.stringify(commands) !== JSON.stringify(entry.commands)) {
        throw new Error(`entry ${entry.seq} is decided otherwise when it is decided again`);
      }
    }
    return state;
  }
}
