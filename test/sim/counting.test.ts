import { expect, test } from 'vitest';
import type { Command, RecordFact } from '../../src/core/command.ts';
import { initialState } from '../../src/core/state.ts';
import { step, stepCounting } from '../../src/core/step.ts';
import type { Entry } from '../../src/runtime/entry.ts';
import { drawScenario } from '../../src/sim/rough/draw-scenario.ts';
import { JOURNAL, MemoryStore } from '../../src/sim/rough/store.ts';
import { live } from '../../src/sim/rough/world.ts';

class KeptEntries extends MemoryStore {
  readonly entries: Entry[] = [];

  override append(entry: Entry): void {
    this.entries.push(structuredClone(entry));
    super.append(entry);
  }
}

const LEFT_OUT: readonly string[] = ['digits', 'legAnswered', 'legClosed', 'legOpened', 'offerEnded', 'offerMade'];

function isLeftOut(command: Command): boolean {
  return command.do === 'record-fact' && LEFT_OUT.includes(command.fact);
}

test('[E1] who only counts a day is told the same of it, ids included, but for legs, keys and offers', async () => {
  for (const seed of [1, 2, 3, 5, 8, 13, 21, 34]) {
    const store = new KeptEntries();
    await live(drawScenario(seed), store);
    const [whole, counted] = [initialState(JOURNAL), initialState(JOURNAL)];
    const seen = new Set<string>();
    for (const { event, seq } of store.entries) {
      const commands = step(whole, event, seq);
      for (const command of commands) if (isLeftOut(command)) seen.add((command as RecordFact).fact);
      expect(stepCounting(counted, event, seq)).toEqual(commands.filter((command) => !isLeftOut(command)));
    }
    expect([...seen].sort()).toEqual(LEFT_OUT);
  }
}, 60_000);
