import { initialState, type State } from '../core/state.ts';
import { stepLending } from '../core/step.ts';
import type { Deaths } from './deaths.ts';
import type { Entry } from './entry.ts';
import { JournalError } from './entry.ts';
import type { LoopLog } from './loop.ts';
import { readEntries } from './segment.ts';
import { readSnapshot } from './snapshot.ts';

/** The newest snapshot and every entry after it: what the process knew when the last entry was written. */
export async function restoreState(folder: string, journalId: string, deaths: Deaths, log: LoopLog): Promise<State> {
  for (;;) {
    const state = (await readSnapshot(folder, (text) => log.warn(text))) ?? initialState(journalId);
    if (state.journalId !== journalId) {
      throw new JournalError('corrupt', `${folder}: the snapshot belongs to another journal (${state.journalId}).`);
    }
    if (await replayOnto(state, folder, deaths, log)) return state;
  }
}

/** @returns false when an entry was set aside: the state it left is of no use. */
async function replayOnto(state: State, folder: string, deaths: Deaths, log: LoopLog): Promise<boolean> {
  let differing = 0;
  for await (const entry of readEntries(folder, state.seq + 1)) {
    if (deaths.leftOut.has(entry.seq)) continue;
    try {
      if (stepLending(state, entry.event, entry.seq).length !== entry.commands.length) differing += 1;
    } catch (error) {
      setEntryAside(entry, error, deaths, log);
      return false;
    }
  }
  if (differing > 0) {
    log.warn(
      `${differing} entries are decided otherwise by this version than when they were written; the switches' surveys will tell what holds.`,
    );
  }
  return true;
}

/** @throws what the step threw, until the entry has killed its share of starts. */
function setEntryAside(entry: Entry, error: unknown, deaths: Deaths, log: LoopLog): void {
  const name = `entry ${entry.seq}`;
  if (!deaths.count(name)) throw error;
  const file = deaths.setAside(name, entry, error);
  deaths.leaveOut(entry.seq);
  log.error(
    `Entry ${entry.seq} of the journal has killed several starts and is set aside in ${file}. Report it; the hotline goes on without it.`,
  );
}
