import { Chance } from '../chance.ts';
import type { Caller, Dial, Outside } from '../people.ts';
import { LINE } from './rules.ts';
import type { Scenario } from './scenario.ts';

const RING_MS_MAX = 20_000;

/** Citizens who are called back: whoever called from the number, or asked to be called there. */
export function outsideOf({ seed, callers }: Pick<Scenario, 'seed' | 'callers'>): Outside {
  const dialled = new Map<string, number>();
  return {
    citizen({ number }: Dial) {
      const nth = (dialled.get(number) ?? 0) + 1;
      dialled.set(number, nth);
      const asked = callers.find(({ from, callBackKeys }) => from === number || callBackKeys?.[2] === number);
      if (asked === undefined) return undefined;
      const chance = new Chance(seed, `${number} ${nth}`);
      const afterMs = chance.below(RING_MS_MAX);
      const does = (['answers', 'answers', 'answers', 'nothing', 'isBusy', 'declines'] as const)[chance.below(6)]!;
      return { caller: { ...asked, dialled: LINE }, pickup: does === 'nothing' ? { does } : { does, afterMs } };
    },
    keys: ({ callBackKeys }: Caller, files) => {
      const offered = files.at(-1)?.match(/CBK-0([123])\.wav$/)?.[1];
      if (callBackKeys === undefined || offered === undefined) return '';
      const [offer, confirm, number] = callBackKeys;
      return offered === '1' ? offer : offered === '2' ? confirm : `${number}#`;
    },
  };
}
